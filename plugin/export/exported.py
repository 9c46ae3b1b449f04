"""What an export holds, as its result and its manifest say it.

Numbers of images and labels, and what was left out of them.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from ..engine.display import Displayed
from ..wording import counted, cut

WHOLE = "all"
"""What stands for the name of a split where there are none."""


@dataclass(frozen=True, repr=False)
class Exported(Displayed):
    """A finished export.

    Attributes:
        path: The folder or the .zip file.
        format: Name of the format.
        images: Split, "all" where there are none → number of images.
        labels: Split, "all" where there are none → class → number of labels.
        classes: Class names in the order of their ids, also those without images.
        left_out: Reason → number of images that were not exported.
        missing_labels: Reason → number of labels that are missing from images that were exported.
        kept_splits: Number of images that stayed in the split of their tag.
        folders: Class → name of its folder; empty for formats that have none.
    """

    path: Path
    format: str
    images: dict[str, int]
    labels: dict[str, dict[str, int]]
    classes: list[str]
    left_out: dict[str, int]
    missing_labels: dict[str, int]
    kept_splits: int
    folders: dict[str, str]

    def _lines(self) -> list[str]:
        left = "".join(f", {count:,} left out {reason}" for reason, count in self.left_out.items() if count)
        splits = ", ".join(f"{split} {count:,}" for split, count in self.images.items() if split != WHOLE)
        lines = [f"{counted(self.n_images, 'image')} exported as {self.format}{left}", f"In {self.path}"]
        return [*lines, *([f"Splits: {splits}"] if splits else []), *self.notes]

    @property
    def n_images(self) -> int:
        """Number of images in all splits."""
        return sum(self.images.values())

    @property
    def notes(self) -> list[str]:
        """What a reader should know of the export, in sentences."""
        notes = []
        for reason, count in self.missing_labels.items():
            lacking = f"Images that were exported lack {counted(count, 'label')} {reason}"
            notes.append(lacking + ("." if self.folders else ": a detector learns them as background."))
        for split, counts in self.labels.items():
            if empty := [cut(name) for name, count in counts.items() if not count]:
                more = f" and {len(empty) - 3} more" if len(empty) > 3 else ""
                where = "" if split == WHOLE else f" in {split}"
                notes.append(f"No labels{where} of {', '.join(empty[:3])}{more}.")
        if self.kept_splits:
            notes.append(f"{counted(self.kept_splits, 'image')} kept the split of their tags.")
        return notes

    def facts(self) -> dict:
        """The same in values that go through JSON, without the path."""
        facts = asdict(self)
        del facts["path"]
        return facts
