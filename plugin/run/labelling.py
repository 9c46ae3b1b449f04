"""The core that every way in shares: embed, cluster, refine, name, and sum up.

What is labelled, where its labels go and who watches is told by the callers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..encoders.known_names import reliability_with_warnings
from ..encoders.opening import ImageLike, file_of
from ..engine.display import Displayed
from ..engine.label_sets import membership
from ..engine.multilabel import LabelSets, label_sets
from ..engine.progress import Progress
from ..engine.refinement import OnIteration, refine
from ..engine.results import Refinement
from ..engine.validation import check_clusters
from ..report.images_table import Failure
from ..report.summarising import summarise, summarise_sets
from ..report.summary import RunSummary
from ..wording import readable
from .balance import class_frequencies
from .embedding import Embedded, Items, Towers, embed
from .inputs import Clusters, CustomClusters, Inputs
from .names import suggest_names


@dataclass(frozen=True, repr=False)
class Labelled(Displayed):
    """What was found for the m of n items that could be read.

    Attributes:
        items: What was labelled.
        embedded: Its vectors.
        refinement: Labels, confidence and what explains them.
        summary: What figures and reports are drawn from.
        sets: The classes of each where an image may have several; then the confidence in the refinement is
            that of the whole set.
    """

    items: Items
    embedded: Embedded
    refinement: Refinement
    summary: RunSummary
    sets: LabelSets | None = None

    @cached_property
    def ids(self) -> list[str]:
        """(m,) ids of the labelled items."""
        return [self.items.ids[row] for row in self.embedded.rows]

    @property
    def paths(self) -> list[str]:
        """(m,) paths of the images that the labelled items are, or are in."""
        return [_path(self.items.images[row]) for row in self.embedded.rows]

    @property
    def failures(self) -> dict[str, str]:
        """Id of an item that could not be read → why."""
        return {self.items.ids[row]: error for row, error in self.embedded.errors.items()}

    @property
    def failed(self) -> list[Failure]:
        """The same as reports list them, each as often as it was given."""
        ids, images = self.items.ids, self.items.images
        return [
            Failure(_path(images[row]), error, ids[row] if ids[row] != _path(images[row]) else None)
            for row, error in self.embedded.errors.items()
        ]


def label_items(
    items: Items,
    inputs: Inputs,
    towers: Towers,
    report: Progress,
    *,
    clusters: Clusters | None = None,
    anchors_of: Callable[[Sequence[str]], np.ndarray] | None = None,
    drawn: Mapping[str, float] | None = None,
    stated: Mapping[str, str] | None = None,
    on_iteration: OnIteration | None = None,
    noun: str = "image",
) -> Labelled:
    """Label images or objects.

    Args:
        items: n images or objects.
        inputs: What the run works from.
        towers: Its encoders, loaded.
        report: Called with (stage, done, total), stage "embed", "cluster", "refine" or "suggest".
        clusters: What `read_clusters` returned; None to compute them.
        anchors_of: From the m ids of the readable items to (m,) class numbers of reviewed labels, -1 for
            none. It is called once the vectors are there, so that late reviews count.
        drawn: Id of an item that an audit has drawn → probability of that.
        stated: Id of an item → class that a person gave to its cluster.
        on_iteration: Called with the history so far after every round.
        noun: What is labelled: "image" or "object".

    Raises:
        InputError: No item can be read.
    """
    name_reliability = reliability_with_warnings(towers.text_encoder, inputs.classes)
    embedded = embed(towers, inputs, items.images, report)
    ids = [items.ids[row] for row in embedded.rows]
    refinement = refine(
        embedded.X,
        embedded.T,
        second_embeddings=embedded.V,
        anchors=anchors_of(ids) if anchors_of else None,
        drawn=np.array([drawn.get(one, 0.0) for one in ids]) if drawn else None,
        stated=_numbers(stated, ids, inputs.class_names) if stated else None,
        micro_clusters=_micro_clusters(clusters, embedded),
        name_reliability=name_reliability,
        frequencies=class_frequencies(inputs.class_balance, inputs.class_names),
        settings=inputs.settings,
        progress=report,
        on_iteration=on_iteration,
    )
    suggestions = suggest_names(towers, inputs, embedded.X, refinement, report)
    summary = summarise(
        refinement,
        inputs.class_names,
        encoder=towers.encoder.name,
        failures=len(embedded.errors),
        noun=noun,
        suggestions=suggestions,
    )
    return Labelled(items, embedded, refinement, summary)


def with_label_sets(
    found: Labelled,
    classes: Sequence[str],
    reviews: Mapping[str, str] | None = None,
    drawn: Mapping[str, float] | None = None,
) -> Labelled:
    """The same with several labels an image.

    Args:
        found: What was found with one label an image.
        classes: (k,) class names.
        reviews: Id of an item → its reviewed classes as one text; None for none.
        drawn: Id of an item that an audit has drawn → probability of that.

    Raises:
        InputError: There are too many images times classes.
    """
    answers = membership(reviews or {}, found.ids, classes)
    chances = np.array([(drawn or {}).get(one, 0.0) for one in found.ids])
    sets = label_sets(found.refinement, found.embedded.geometry, answers, chances)
    refinement = replace(
        found.refinement,
        confidence=sets.confidence,
        is_known=answers[:, 0] >= 0,
        contradictions=np.full_like(found.refinement.contradictions, -1),  # they are of one label an image
    )
    summary = summarise_sets(found.summary, refinement, sets)
    return replace(found, refinement=refinement, summary=summary, sets=sets)


def read_clusters(items: Items, clusters: CustomClusters | None) -> Clusters | None:
    """Custom clusters, read from their field or checked: (n,) whole numbers, or a function of the vectors.

    Raises:
        InputError: There is no such field, or there is not one whole number per item.
    """
    if clusters is None or callable(clusters):
        return clusters
    if isinstance(clusters, str):
        return items.clusters(clusters)
    return check_clusters(clusters, len(items.ids))


def _numbers(names: Mapping[str, str], ids: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """(m,) class numbers, -1 for items without a class or with one that is not known."""
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(names.get(one, ""), -1) for one in ids], np.int64)


def _micro_clusters(clusters: Clusters | None, embedded: Embedded) -> np.ndarray | None:
    if clusters is None:
        return None
    return clusters(embedded.geometry[:]) if callable(clusters) else clusters[embedded.rows]


def _path(image: ImageLike) -> str:
    return readable(file_of(image) or str(image))
