"""FiftyOne operators, one file each: inputs, progress and outcome.

They hold no mathematics; the work is told in `plugin.pipeline`.
"""

from .auto_label import AutoLabel
from .export_labels import ExportLabels

OPERATORS = (AutoLabel, ExportLabels)
