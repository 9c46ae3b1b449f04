"""Where the App lists the fields of runs: those that nobody reads image by image have a group in the sidebar.

Set once, when the fields are new; what somebody rearranges later stays as it is.
"""

from collections.abc import Iterable

import fiftyone as fo

GROUP = "auto-label"


def tuck_away(dataset: fo.Dataset, grouped: Iterable[str], hidden: Iterable[str]) -> None:
    """Move fields into the group, and leave fields out of what the grid shows on every picture.

    Args:
        dataset: Dataset of the fields.
        grouped: Fields to move; those that the dataset lacks are passed over.
        hidden: Fields not to show until somebody selects them, such as labels that repeat other labels.
    """
    config = dataset.app_config
    groups = config.sidebar_groups or fo.DatasetAppConfig.default_sidebar_groups(dataset)
    _show_usual_fields(dataset, [path for group in groups for path in group.paths])
    _hide(config.active_fields, hidden)
    moved = [path for path in grouped if dataset.has_sample_field(path)]
    for group in groups:
        group.paths = [path for path in group.paths if path not in moved]
    ours = next((group for group in groups if group.name == GROUP), None)
    if ours is None:
        ours = fo.SidebarGroupDocument(name=GROUP, expanded=False)
        groups.append(ours)
    ours.paths += moved
    config.sidebar_groups = groups
    dataset.save()


def drop_empty_group(dataset: fo.Dataset) -> None:
    """Take the group away if no field is left in it.

    Args:
        dataset: Dataset whose fields were deleted.
    """
    groups = dataset.app_config.sidebar_groups or []
    left = [group for group in groups if group.name != GROUP or group.paths]
    if len(left) < len(groups):
        dataset.app_config.sidebar_groups = left
        dataset.save()


def _show_usual_fields(dataset: fo.Dataset, listed: list[str]) -> None:
    """Spell out what the App shows by itself: with a list of what to show, later labels would not show."""
    if dataset.app_config.active_fields is None:
        usual = fo.DatasetAppConfig.default_active_fields(dataset).paths
        others = [path for path in listed if path not in usual]
        dataset.app_config.active_fields = fo.ActiveFields(exclude=True, paths=others)


def _hide(active: fo.ActiveFields, hidden: Iterable[str]) -> None:
    if active.exclude:
        active.paths += [path for path in hidden if path not in active.paths]
    else:
        active.paths = [path for path in active.paths if path not in hidden]
