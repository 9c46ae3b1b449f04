"""Examples: classes that a person gave to a few samples, or objects, before there was a run.

A run keeps them as reviewed labels, so later runs have them too, whatever becomes of the field.
"""

from collections.abc import Sequence

import fiftyone as fo

from ..engine.errors import InputError
from ..wording import listed
from .fields import AUTHOR
from .internals import Samples, dataset_of
from .patches import Objects, object_text_attributes
from .reading import Images, classification_fields

TAGS = "tags"
NO_EXAMPLES = ("id", "filepath")


def example_fields(samples: Samples, objects: str | None = None) -> list[str]:
    """What may hold examples: tags, classifications and texts; of objects, their tags and attributes.

    Args:
        samples: Dataset or view.
        objects: Field whose objects are labelled, None for whole images.
    """
    if objects:
        return [TAGS, "label", *object_text_attributes(samples, objects)]
    dataset = dataset_of(samples)
    texts = [name for name in dataset.get_field_schema(ftype=fo.StringField) if name not in NO_EXAMPLES]
    ours = {
        name
        for name, field in dataset.get_field_schema().items()
        if (field.info or {}).get("author") == AUTHOR
    }
    return [name for name in (TAGS, *classification_fields(dataset), *texts) if name not in ours]


def read_examples(items: Images | Objects, field: str, class_names: Sequence[str]) -> dict[str, str]:
    """The examples among what is labelled.

    Args:
        items: Images or objects.
        field: One of `example_fields`.
        class_names: Classes of the run; the field may have them in any case of letters.

    Returns:
        Id → class.

    Raises:
        InputError: There is no such field, it has no example, or classes that are not listed.
    """
    objects = items.field if isinstance(items, Objects) else None
    known = example_fields(items.samples, objects)
    if field not in known:
        raise InputError(f"There is no field {field!r} with examples: choose one of {', '.join(known)}.")
    is_label = not objects and field in classification_fields(dataset_of(items.samples))
    given = dict(zip(items.ids, items.values(f"{field}.label" if is_label else field), strict=True))
    classes = {name.casefold(): name for name in class_names}
    if field == TAGS:  # others say something else
        given = {one: [tag for tag in tags or () if tag.casefold() in classes] for one, tags in given.items()}
        if any(len({classes[tag.casefold()] for tag in tags}) > 1 for tags in given.values()):
            raise InputError("Some examples have tags of two classes: leave one tag on each.")
        given = {one: tags[0] for one, tags in given.items() if tags}
    given = {one: name for one, name in given.items() if name}
    if not given:
        raise InputError(f"{field!r} has no example of a class here: give some images the name of a class.")
    others = list(dict.fromkeys(name for name in given.values() if name.casefold() not in classes))
    if others:
        raise InputError(
            f"{field!r} has examples of classes that are not listed: {listed(others)}. Add them, or choose "
            "another field."
        )
    return {one: classes[name.casefold()] for one, name in given.items()}
