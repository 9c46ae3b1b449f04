"""What an export holds, as its result and its manifest say it.

Numbers of images and labels, and what was left out of them.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

WHOLE = "all"
"""What stands for the name of a split where there are none."""


@dataclass(frozen=True)
class Exported:
    """A finished export.

    Attributes:
        path: The folder or the .zip file.
        format: Name of the format.
        images: Split, "all" where there are none → number of images.
        labels: Split, "all" where there are none → class → number of labels.
        left_out: Reason → number of samples, or patches, that were not exported.
        folders: Class → name of its folder; empty for formats that have none.
    """

    path: Path
    format: str
    images: dict[str, int]
    labels: dict[str, dict[str, int]]
    left_out: dict[str, int]
    folders: dict[str, str]

    @property
    def n_images(self) -> int:
        """Number of images in all splits."""
        return sum(self.images.values())

    def facts(self) -> dict:
        """The same in values that go through JSON, without the path."""
        facts = asdict(self)
        del facts["path"]
        return facts
