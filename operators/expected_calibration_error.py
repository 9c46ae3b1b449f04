"""The metric of how well confidence fits accuracy, for FiftyOne's evaluations."""

from ..plugin.engine.metrics import expected_calibration_error
from .base import ConfidenceMetric


class ExpectedCalibrationError(ConfidenceMetric):
    """Expected calibration error, in [0, 1]; lower is better."""

    uri_name = "expected_calibration_error"
    title = "Expected calibration error"
    description = "Use in an evaluation to see how far confidence is from the share of right labels"
    measure = expected_calibration_error
