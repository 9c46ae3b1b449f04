"""The report that a person reads in a minute: plain text, at most 80 columns.

Figures without a ground truth are called expected; those by a ground truth have a heading.
"""

import textwrap
from collections.abc import Iterator

from ..wording import counted, cut, percent
from .confidence import what_to_expect
from .convergence import convergence_plot
from .measured import interval
from .summary import RunSummary

WIDTH = 80
NAME_WIDTH = 34
MOST_CLASSES = 20
MOST_PAIRS = 10
MOST_NOVEL = 5


def text_report(summary: RunSummary) -> str:
    """Say what a run did and what to look at next.

    Args:
        summary: The run.
    """
    before = [*_outcome(summary), *_measured(summary), *_truth(summary), *_classes(summary)]
    after = [*_pairs(summary), *_novel(summary), *_course(summary)]
    return "\n".join([*before, *after]) + "\n"


def headline(summary: RunSummary) -> str:
    """The run in one sentence."""
    return (
        f"{counted(summary.images, summary.noun)} labelled with {counted(len(summary.classes), 'class')}; "
        f"{what_to_expect(summary)}."
    )


def _outcome(summary: RunSummary) -> Iterator[str]:
    yield from ("AUTO-LABEL REPORT", "=" * WIDTH)
    yield from _wrapped(headline(summary))
    if summary.failures:
        yield from _wrapped(f"{counted(summary.failures, summary.noun)} could not be labelled.")
    if summary.reviewed:
        yield from _wrapped(f"{counted(summary.reviewed, 'reviewed label')}, counted as right.")
    if summary.encoder:
        yield from _wrapped(f"Encoder: {summary.encoder}")
    yield from _heading("What to keep, what to review")
    yield f"{'most confident':>16}{summary.noun + 's':>12}{'confidence from':>18}{'expected right':>17}"
    for kept in summary.coverage:
        if round(kept.share * 100) in (100, 90, 80, 70, 50):
            yield (
                f"{kept.share:>16.0%}{kept.images:>12,}{kept.least_confidence:>18.2f}"
                f"{percent(kept.expected_accuracy):>17}"
            )


def _measured(summary: RunSummary) -> Iterator[str]:
    measured = summary.measured
    if measured is None:
        return
    yield from _heading("Measured by an audit")
    yield f"{'':<{NAME_WIDTH}}{'right':>10}{'95% interval':>16}{'audited':>10}"
    for name, estimate in measured.rows:
        yield (
            f"{cut(name, NAME_WIDTH - 1):<{NAME_WIDTH}}{percent(estimate.accuracy):>10}"
            f"{interval(estimate):>16}{estimate.audited:>10,}"
        )
    yield from _wrapped(" ".join(measured.to_do))


def _truth(summary: RunSummary) -> Iterator[str]:
    truth = summary.truth
    if truth is None:
        return
    yield from _heading(f"By ground truth, known for {counted(truth.images, summary.noun)}")
    nearest = ""
    if truth.zero_shot_accuracy is not None:
        nearest = f"; zero-shot, by the nearest class name, {percent(truth.zero_shot_accuracy)} are"
    yield from _wrapped(
        f"{percent(truth.accuracy)} of the labels are right{nearest}. Expected calibration error: "
        f"{truth.calibration_error:.3f}."
    )
    for true, label, images in truth.confusions[:MOST_PAIRS]:
        pair = f"{cut(summary.classes[true], 28)} taken for {cut(summary.classes[label], 28)}"
        yield f"{images:>8,}  {pair}"


def _classes(summary: RunSummary) -> Iterator[str]:
    yield from _heading("Classes")
    heads = f"{'class':<{NAME_WIDTH}}{summary.noun + 's':>10}{'confidence':>13}"
    yield heads + (f"{'truth':>10}{'right':>9}" if summary.truth else "")
    order = sorted(range(len(summary.classes)), key=lambda number: -summary.counts[number])
    for number in order[:MOST_CLASSES]:
        yield _class_line(summary, number)
    if len(order) > MOST_CLASSES:
        rest = order[MOST_CLASSES:]
        things = counted(sum(summary.counts[number] for number in rest), summary.noun)
        yield f"and {counted(len(rest), 'class')} more with {things}"
    empty = sum(count == 0 for count in summary.counts)
    if empty:
        yield from _wrapped(f"{counted(empty, 'class')} got no {summary.noun}.")


def _class_line(summary: RunSummary, number: int) -> str:
    confidence = summary.mean_confidence[number]
    line = f"{cut(summary.classes[number], NAME_WIDTH - 1):<{NAME_WIDTH}}{summary.counts[number]:>10,}"
    line += f"{'-' if confidence is None else format(confidence, '.2f'):>13}"
    if summary.truth is None:
        return line
    right, labelled = summary.truth.right[number], summary.truth.labelled[number]
    return f"{line}{summary.truth.counts[number]:>10,}{percent(right / labelled) if labelled else '-':>9}"


def _pairs(summary: RunSummary) -> Iterator[str]:
    if not summary.confusable:
        return
    yield from _heading("Classes that compete, most expected errors first")
    for pair in summary.confusable[:MOST_PAIRS]:
        names = f"{cut(summary.classes[pair.first], 32)} / {cut(summary.classes[pair.second], 32)}"
        yield f"{pair.expected_errors:>10.1f}  {names}"


def _novel(summary: RunSummary) -> Iterator[str]:
    if not summary.novel:
        return
    yield from _heading("Novel clusters: is a class missing?")
    for cluster in summary.novel[:MOST_NOVEL]:
        near = cut(summary.classes[cluster.rivals[0]], 30) if cluster.rivals else "-"
        yield f"micro-cluster {cluster.cluster:<7}{counted(cluster.size, summary.noun):>13}  nearest: {near}"
        if cluster.suggestions:
            yield f"{'':14}suggested names: {cut(' · '.join(cluster.suggestions), 48)}"


def _course(summary: RunSummary) -> Iterator[str]:
    yield from _heading("Convergence and clusters")
    plot = convergence_plot(summary)
    yield from _wrapped(f"{plot.title}. {plot.note}")
    for alignment in summary.alignment:
        yield from _wrapped(
            f"{counted(alignment.total, f'{alignment.level}-cluster')}; on average "
            f"{percent(alignment.purity)} of one went to one class."
        )
    yield from _wrapped(
        f"{percent(summary.zero_shot_agreement)} of the labels are the zero-shot label (nearest class name)."
    )
    yield from _heading("Settings")
    yield from _wrapped(", ".join(f"{name} {value}" for name, value in summary.settings.items()))


def _heading(words: str) -> list[str]:
    return ["", words, "-" * len(words)]


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH)
