"""Where the images of a run are embedded: on this machine, or on a Ray cluster.

All else is done here, over all images, so that the labels are the same with either engine.
"""

from dataclasses import replace

from ..encoders.on_ray import joined
from ..encoders.registry import choose_encoder
from ..engine.errors import InputError
from .inputs import Inputs

ENGINES = ("local", "ray")


def check_engine(engine: str, address: str | None) -> None:
    """Check that there is such an engine, and that an address goes with it.

    Raises:
        InputError: There is not, or it does not.
    """
    if engine not in ENGINES:
        raise InputError(f"There is no engine {engine!r}: give local or ray.")
    if engine == "local" and address is not None:
        raise InputError("An address is for the engine ray: leave it out, or give the engine ray.")


def on_engine(inputs: Inputs, engine: str, address: str | None) -> Inputs:
    """Inputs whose images are embedded by an engine.

    Args:
        inputs: What a run works from.
        engine: "local" or "ray".
        address: Address of the Ray cluster; None for the one that was joined before, that of RAY_ADDRESS, or
            this machine.

    Raises:
        InputError: There is no such engine, it has nothing to embed, or its cluster cannot be joined.
    """
    check_engine(engine, address)
    if engine == "local":
        return inputs
    if inputs.embeddings is not None:
        raise InputError(
            "The engine ray embeds images, and their vectors are given: leave out the engine, or give files "
            "of vectors to label_shards."
        )
    if not isinstance(inputs.encoder, str):
        raise InputError("Ray workers load an encoder by its name: give a name, not an encoder object.")
    if inputs.second_encoder is not None:
        raise InputError(
            "The engine ray embeds with one encoder: leave out the second encoder, or give second embeddings."
        )
    spec = f"ray:{inputs.encoder.removeprefix('ray:')}"
    choose_encoder(spec)
    joined(address)
    return replace(inputs, encoder=spec)
