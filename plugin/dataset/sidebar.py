"""Where the App lists the fields of runs: those that nobody reads image by image have a group in the sidebar.

Set once, when the fields are new; what somebody rearranges later stays as it is.
"""

import fiftyone as fo

GROUP = "auto-label"


def tuck_away(dataset: fo.Dataset, paths: list[str], hidden: str) -> None:
    """Move fields into the group, closed at first, and leave one of them out of the pictures of the grid.

    Args:
        dataset: Dataset of the fields.
        paths: Fields to move; those that the dataset lacks are passed over.
        hidden: Label field that repeats another one, and would be a second tag on every picture.
    """
    config = dataset.app_config
    groups = config.sidebar_groups or fo.DatasetAppConfig.default_sidebar_groups(dataset)
    moved = [path for path in paths if dataset.has_sample_field(path)]
    for group in groups:
        group.paths = [path for path in group.paths if path not in moved]
    ours = next((group for group in groups if group.name == GROUP), None)
    if ours is None:
        ours = fo.SidebarGroupDocument(name=GROUP, expanded=False)
        groups.append(ours)
    ours.paths += moved
    config.sidebar_groups = groups
    _hide(dataset, hidden)
    dataset.save()


def _hide(dataset: fo.Dataset, path: str) -> None:
    config = dataset.app_config
    if config.active_fields is None:
        usual = fo.DatasetAppConfig.default_active_fields(dataset).paths
        unusual = [name for name in dataset.get_field_schema(embedded_doc_type=fo.Label) if name not in usual]
        config.active_fields = fo.ActiveFields(exclude=True, paths=unusual)
    if config.active_fields.exclude and path not in config.active_fields.paths:
        config.active_fields.paths.append(path)
    elif not config.active_fields.exclude and path in config.active_fields.paths:
        config.active_fields.paths.remove(path)
