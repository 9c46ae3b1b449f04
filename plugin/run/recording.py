"""What the record of a run says of its inputs.

Values that go through JSON, from which the inputs of a later run are read.
"""

from .embedding import Towers
from .inputs import CustomClusters, Inputs


def recorded(inputs: Inputs, towers: Towers, margin: float | None = None) -> dict[str, object]:
    """What a record says of the inputs of a run, in values that go through JSON.

    Args:
        inputs: The inputs.
        towers: The encoders that were loaded for them.
        margin: What was shown around every object; None for whole images.
    """
    names, text_encoder = inputs.recorded(), towers.text_encoder
    if text_encoder is None:
        names.pop("encoder", None)
    elif isinstance(inputs.encoder, str):
        names["encoder"] = text_encoder.name  # "auto" may choose another one next time
    second = towers.second
    return {
        "classes": inputs.class_names,
        "descriptions": [list(one.descriptions) for one in inputs.classes],
        "prompt_templates": list(inputs.templates(towers.encoder)),
        "encoder": towers.encoder.name,
        "encoder_version": towers.encoder.version,
        "second_encoder": second.name if second else None,
        "second_encoder_version": second.version if second else None,
        "clusters": None if inputs.clusters is None else _cluster_name(inputs.clusters),
        "inputs": names,
        "margin": margin,
    }


def _cluster_name(clusters: CustomClusters) -> str:
    """What a record calls custom clusters: the field, the function, or "array"."""
    if callable(clusters):
        return getattr(clusters, "__name__", repr(clusters))
    return clusters if isinstance(clusters, str) else "array"
