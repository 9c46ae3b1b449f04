"""What is written about the 1,000 ImageNet classes, in the order of a classifier's outputs.

The bridge of the offline encoder learns from these texts, and they are the words for what nobody named.
"""

from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).with_name("imagenet.tsv")


@dataclass(frozen=True)
class ImageNetTexts:
    """One name and one definition of each class.

    Attributes:
        names: 1,000 English names, e.g. "crane (bird)"; two are each shared by two classes.
        definitions: What WordNet says of each, e.g. "large long-necked wading bird of marshes …".
    """

    names: list[str]
    definitions: list[str]


def imagenet_texts() -> ImageNetTexts:
    """Read the names and the definitions of all classes."""
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return ImageNetTexts(names=[name for name, _ in rows], definitions=[definition for _, definition in rows])
