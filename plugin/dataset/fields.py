"""Names of the fields that a run writes, and the check that they are free to be written.

A field that somebody else wrote is never overwritten.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldNames:
    """Sample fields that a run writes.

    Attributes:
        label: Classification with label and confidence.
        confidence: Float in [0, 1], equal to the confidence of `label`, so that the grid can sort by it.
        micro_cluster: Whole number, -1 where the image is in no micro-cluster.
        meta_cluster: Whole number, -1 where the image is in no meta-cluster.
        error: Text on the samples that could not be labelled.
    """

    label: str = "auto_label"
    confidence: str = "confidence"
    micro_cluster: str = "micro_cluster"
    meta_cluster: str = "meta_cluster"
    error: str = "auto_label_error"
