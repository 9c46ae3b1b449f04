"""Everything that a run works from, checked before any work starts.

Python, the form and the command line each make one `Inputs`, and the record of a run gives it back.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..encoders.base import Encoder, ImageTower
from ..encoders.crops import MARGIN
from ..encoders.descriptions import ClassDescription, read_classes
from ..encoders.precomputed import Vectors
from ..encoders.prompts import check_templates
from ..engine.config import Settings
from ..engine.errors import InputError
from ..engine.label_sets import check_class_names
from .balance import ClassBalance, balance_text, class_frequencies

if TYPE_CHECKING:
    from ..dataset import FieldNames, RunRecord

Clusters = np.ndarray | Callable[[np.ndarray], np.ndarray]
"""(n,) whole numbers, negative for none, or a function from (m, d) vectors to (m,) such numbers."""

CustomClusters = str | Clusters
"""The same, or the name of a field that holds such numbers or texts."""

RECORDED = (
    "encoder",
    "embeddings",
    "text_embeddings",
    "second_encoder",
    "second_embeddings",
    "clusters",
)
"""Inputs of which a record keeps a name, under which a later run finds them again."""


ONE_LABEL_AN_OBJECT = (
    "An object has one label, and only whole images can have several: leave out one of the two."
)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a run works from; k classes, n images or objects.

    Attributes:
        classes: (k,) classes with their descriptions, as `read_classes` returns them.
        prompt_templates: Texts with one `{}` for the name; those of the encoder if None.
        encoder: Name of an encoder, or an encoder.
        embeddings: (n, d) vectors of the images in place of the encoder's image tower.
        text_embeddings: (k, d) vectors of the classes in place of the encoder's text tower.
        second_encoder: Name of a second encoder, of the images alone, or the encoder; None for none.
        second_embeddings: (n, v) vectors in place of the second encoder.
        clusters: Custom micro-clusters: a field, (n,) whole numbers, or a function of the vectors; computed
            if None.
        class_balance: A rough idea of the class frequencies, see `class_frequencies`; None for none.
        examples: Field with the class of a few images, see `read_examples`; None for none. No record names
            it, because the run keeps the examples as reviewed labels.
        objects: Field of the objects that are labelled; None for whole images.
        margin: What is shown around an object, as a share of its width and height, in [0, 1].
        multilabel: Whether an image may have several labels.
        settings: How to cluster and refine.
        fields: Names of the fields to write; the usual ones if None.
        run_key: Key of the run; the next free one if None.
    """

    classes: Sequence[ClassDescription]
    prompt_templates: Sequence[str] | None = None
    encoder: str | Encoder = "auto"
    embeddings: Vectors | None = None
    text_embeddings: Vectors | None = None
    second_encoder: str | ImageTower | None = None
    second_embeddings: Vectors | None = None
    clusters: CustomClusters | None = None
    class_balance: ClassBalance | None = None
    examples: str | None = None
    objects: str | None = None
    margin: float = MARGIN
    multilabel: bool = False
    settings: Settings = field(default_factory=Settings)
    fields: "FieldNames | None" = None
    run_key: str | None = None

    def __post_init__(self) -> None:
        """Check the templates, and that the inputs go together.

        Raises:
            InputError: They are unusable, or two inputs exclude each other.
        """
        if self.prompt_templates is not None:
            check_templates(self.prompt_templates)
        is_prompted = self.prompt_templates is not None or any(one.descriptions for one in self.classes)
        if self.text_embeddings is not None and is_prompted:
            raise InputError(
                "Class text embeddings replace all prompts: leave out either them, or the prompt templates "
                "and the descriptions of classes."
            )
        if self.text_embeddings is not None and self.embeddings is None:
            raise InputError(
                "Class text embeddings need image embeddings from the same model: give embeddings too."
            )
        if self.second_encoder is not None and self.second_embeddings is not None:
            raise InputError("Give second_encoder or second_embeddings, not both.")
        class_frequencies(self.class_balance, self.class_names)
        if self.multilabel:
            check_multilabel(self.class_names, self.objects, self.examples)

    @property
    def class_names(self) -> list[str]:
        """(k,) labels."""
        return [one.name for one in self.classes]

    def templates(self, encoder: Encoder) -> Sequence[str]:
        """The prompt templates, those of the encoder where none were given."""
        return self.prompt_templates or encoder.prompt_templates

    def with_classes(self, further: Sequence[ClassDescription]) -> "Inputs":
        """The same with further classes behind those that are there.

        Raises:
            InputError: One of them is unusable or there already, or the classes came as vectors.
        """
        return replace(self, classes=read_classes([*self.classes, *further]))

    def recorded(self) -> dict[str, str]:
        """Input → the name, field, brain key or file that was given, "" for an array or another object."""
        values = {name: getattr(self, name) for name in RECORDED}
        names = {name: recorded_name(value) for name, value in values.items() if value is not None}
        said = {} if self.class_balance is None else {"class_balance": balance_text(self.class_balance)}
        return names | said

    @classmethod
    def of_run(cls, run: "RunRecord", given: Mapping[str, object]) -> "Inputs":
        """The inputs of an earlier run.

        Args:
            run: Its record.
            given: Input → value in place of that of the run; None to take that of the run.

        Raises:
            InputError: The run got arrays or functions, which no record keeps, and they are not given.
        """
        pairs = zip(run.classes, run.descriptions, strict=True)
        values: dict[str, Any] = {
            "classes": [ClassDescription(*pair) for pair in pairs],
            "settings": _known_settings(run.settings),
            "fields": run.label_fields,
            "objects": run.label_fields.objects,
            "margin": MARGIN if run.margin is None else run.margin,
            "multilabel": run.label_fields.multilabel,
        }
        values |= run.inputs | {name: value for name, value in given.items() if value is not None}
        unknown = sorted(values.keys() - set(_names_of(cls)))
        if unknown:
            raise InputError(f"There is no input {unknown[0]!r}: choose from {', '.join(_names_of(cls))}.")
        lost = [name for name in RECORDED if isinstance(values.get(name), str) and not values[name]]
        if lost:
            raise InputError(
                f"The last run got {' and '.join(lost)} as Python objects, which its record does not keep: "
                "call add_classes or refine_with_corrections from Python, with the same ones."
            )
        if "text_embeddings" not in values:
            values.setdefault("prompt_templates", list(run.prompt_templates))
        return cls(**values)


def check_multilabel(class_names: Sequence[str], objects: str | None, examples: str | None) -> None:
    """Check that images may have several of some classes.

    Raises:
        InputError: There is but one class, a name cannot be one of several, or other inputs want one label.
    """
    if objects is not None:
        raise InputError(ONE_LABEL_AN_OBJECT)
    if examples is not None:
        raise InputError(
            "Examples have one class each, and images may have several labels here: leave out one of the "
            "two, label, and correct some images instead."
        )
    if len(class_names) < 2:
        raise InputError("Several labels an image need at least two classes: name more.")
    check_class_names(class_names)


def recorded_name(value: object) -> str:
    """A name, field, brain key or file as a record keeps it; "" for arrays and other objects."""
    if not isinstance(value, str | os.PathLike):
        return ""
    name = os.fspath(value)
    # A run may be made again from another folder.
    return str(Path(name).resolve()) if name.endswith(".npy") else name


def read_settings(given: Settings | Mapping[str, Any] | None) -> Settings:
    """Settings as they are given: `Settings`, a mapping of setting → value, or None for the defaults.

    Raises:
        InputError: There is no such setting, or its value is out of range.
    """
    if isinstance(given, Settings):
        return given
    if not isinstance(given, Mapping | None):
        raise InputError(f"Give settings as `Settings` or by name, as in {{'iterations': 2}}, not {given!r}.")
    return Settings(**{str(name): value for name, value in (given or {}).items()})


def _known_settings(recorded: Mapping[str, Any]) -> Settings:
    """The settings of a record, without those that this version does not have."""
    return read_settings({name: recorded[name] for name in _names_of(Settings) if name in recorded})


def _names_of(kind: type) -> list[str]:
    return [each.name for each in fields(kind)]
