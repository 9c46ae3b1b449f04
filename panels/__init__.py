"""FiftyOne panels: what they show, what was chosen in them, and what a click leads to.

They hold no mathematics; figures are those of `plugin.report`.
"""

from .auto_label_panel import AutoLabelPanel

PANELS = (AutoLabelPanel,)
