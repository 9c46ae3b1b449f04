"""The metric of how well confidence ranks labels, for FiftyOne's evaluations."""

from ..plugin.engine.metrics import area_under_risk_coverage
from .base import ConfidenceMetric


class AreaUnderRiskCoverage(ConfidenceMetric):
    """Area under the risk-coverage curve, in [0, 1]; lower is better."""

    uri_name = "area_under_risk_coverage"
    title = "Area under the risk-coverage curve"
    description = "Use in an evaluation to see how well confidence ranks right labels before wrong ones"
    measure = area_under_risk_coverage
