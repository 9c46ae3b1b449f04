"""What the operators for embeddings and for clusters share: the choice of an encoder, and the outcome.

What they do is told in `plugin.preparation`.
"""

from collections.abc import Iterator
from functools import partial

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.reading import why_not_labelable
from ..plugin.encoders.registry import ENCODER_NAMES, choose_encoder
from ..plugin.preparation import Computed
from .background import message_output
from .forms import refuse, sentence_of, suggesting
from .reviewing import images

SPANS = {"embed": (0.0, 0.8), "cluster": (0.8, 0.9), "write": (0.9, 1.0)}


def add_problem(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """Say what is wrong with the samples, if anything is."""
    problem = why_not_labelable(ctx.target_view(require_flat=True))
    if problem:
        refuse(inputs.view("problem", types.Error(label=problem)), problem)


def add_encoder(inputs: types.Object, ctx: foo.ExecutionContext) -> None:
    """The encoder, one of the known or a model of one's own choice."""
    names = (
        "auto",
        *(name for name in ENCODER_NAMES if name not in ("auto", "zoo")),
        "zoo:dinov2-vits14-torch",
    )
    encoder = inputs.str(
        "encoder",
        default="auto",
        label="Encoder",
        description='Or a model of your choice, e.g. "openclip:ViT-L-14/openai"',
        view=suggesting(names),
    )
    chosen = ctx.params.get("encoder") or "auto"
    # "auto" may ask the network, which a form must not wait for.
    if chosen != "auto":
        refuse(encoder, sentence_of(partial(choose_encoder, chosen)))


def summary(computed: Computed, lines: list[str]) -> dict:
    """What was written, in values that go through JSON."""
    if computed.failures:
        first = next(iter(computed.failures.values()))
        lines.append(f"{images(len(computed.failures))} could not be used. The first: {first}")
    return {
        "field": computed.field,
        "encoder": computed.encoder,
        "n_written": computed.n_written,
        "n_failed": len(computed.failures),
        "n_clusters": computed.n_clusters,
        "n_unclustered": computed.n_unclustered,
        "message": "\n\n".join(lines),
    }


def show(ctx: foo.ExecutionContext, title: str, result: dict) -> Iterator:
    """Tell the App what was written."""
    yield ctx.ops.reload_dataset()
    variant = "warning" if result["n_failed"] else "success"
    yield ctx.ops.notify(f"{images(result['n_written'])} written to {result['field']}", variant=variant)
    yield ctx.ops.show_output(message_output(title).to_json(), result)
