"""Figures of every run can be drawn, read and clicked."""

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.report.alignment import alignment_cells, alignment_plot
from fiftyone_autolabel.plugin.report.classes import class_plot
from fiftyone_autolabel.plugin.report.confidence import confidence_plot, coverage_plot, reliability_plot
from fiftyone_autolabel.plugin.report.confusion import confusion_plot
from fiftyone_autolabel.plugin.report.convergence import convergence_plot
from fiftyone_autolabel.plugin.report.plots import all_plots
from fiftyone_autolabel.plugin.report.summary import Alignment
from fiftyone_autolabel.plugin.wording import percent

from .conftest import make_run

NAMES = ["classes", "confidence", "coverage", "alignment-micro", "alignment-meta", "convergence"]


def names_of(plots):
    """Names of plots."""
    return [plot.name for plot in plots]


def test_a_run_has_all_its_figures(run):
    assert names_of(all_plots(run.summary)) == NAMES


def test_ground_truth_adds_reliability_and_confusion(run):
    assert set(names_of(all_plots(run.judged))) == {*NAMES, "reliability", "confusion"}


@pytest.mark.parametrize(("k", "images"), [(1, 2), (1, 30), (2, 3), (2, 100), (100, 400), (150, 100)])
def test_few_and_many_classes_and_images_can_be_drawn(k, images):
    summary = make_run(k, images).judged
    for plot in all_plots(summary):
        assert plot.title
        assert plot.figure.layout.height >= 100
        assert json.loads(plot.figure.to_json())["data"] is not None


def test_a_run_without_clusters_has_no_alignment_and_says_so():
    summary = make_run(3, 30, clustering="none").summary
    assert names_of(all_plots(summary)) == ["classes", "confidence", "coverage", "convergence"]
    plot = alignment_plot(summary)
    assert plot.figure.layout.annotations[0].text == "This run has no micro-clusters."


def test_figures_hold_plain_lists_that_any_version_of_plotly_reads(run):
    for plot in all_plots(run.judged):
        assert '"bdata"' not in plot.figure.to_json()


def test_both_themes_show_the_same(run):
    light, dark = (all_plots(run.judged, theme) for theme in ("light", "dark"))
    for one, other in zip(light, dark, strict=True):
        assert one.figure.data == other.figure.data
        assert one.figure.layout.template != other.figure.layout.template
        assert one.figure.layout.template.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"


def test_an_unknown_theme_is_refused(run):
    with pytest.raises(InputError, match="Unknown theme 'pink': choose one of light, dark"):
        all_plots(run.summary, "pink")


def test_names_are_no_markup_and_are_cut_where_they_are_long(nasty):
    for plot in all_plots(nasty.judged):
        text = json.dumps(plot.figure.to_dict(), default=str)
        assert "<script" not in text
        assert "<b>bold" not in text
    ticks = class_plot(nasty.summary).figure.layout.yaxis.ticktext
    assert max(map(len, ticks)) < 60


def test_long_names_are_whole_on_hover(nasty):
    figure = class_plot(nasty.summary).figure
    assert any(name.endswith("not even half of it") for name in figure.data[0].hovertext)


def test_a_bar_of_a_class_carries_its_number(run):
    bars, points = class_plot(run.summary).figure.data
    assert [run.summary.counts[number] for number in bars.customdata] == list(bars.x)
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert points.customdata == bars.customdata


def test_ground_truth_stands_beside_the_labels(run):
    figure = class_plot(run.judged).figure
    assert [trace.name for trace in figure.data] == [
        "label",
        "ground truth",
        "mean confidence",
        "precision",
    ]


def test_a_bar_of_confidence_carries_its_bounds(run):
    bar = confidence_plot(run.summary).figure.data[0]
    low, high = bar.customdata[-1]
    inside = (run.refinement.confidence >= low) & (run.refinement.confidence <= high)
    assert bar.y[-1] == inside.sum()


def test_coverage_shows_what_to_expect_of_the_most_confident(run):
    line = coverage_plot(run.summary).figure.data[0]
    assert line.y[0] == pytest.approx(run.refinement.expected_accuracy, abs=1e-4)
    assert list(line.y) == sorted(line.y)


def test_without_ground_truth_nothing_is_called_accurate(run):
    for plot in all_plots(run.summary):
        words = plot.title + plot.note + plot.figure.to_json()
        assert "accuracy by" not in words
        assert "are right" not in plot.title


def test_reliability_points_say_how_many_labels_they_stand_for(run):
    points = reliability_plot(run.judged).figure.data[0]
    assert sum(points.customdata) == 240


def test_shares_that_are_counted_from_labels_are_told_from_soft_ones(run):
    soft = run.summary
    counted = replace(soft, alignment=tuple(replace(each, is_counted=True) for each in soft.alignment))
    assert "counted from labels" in alignment_plot(counted).note
    assert "counted" not in alignment_plot(soft).note


def test_a_cell_of_the_alignment_carries_its_cluster_and_class(run):
    summary = run.summary
    heat = alignment_plot(summary).figure.data[0]
    alignment = run.refinement.alignment["micro"]
    for row, column in np.argwhere([[z is not None for z in line] for line in heat.z]):
        cluster, number = heat.customdata[row][column]
        assert heat.z[row][column] == pytest.approx(alignment[cluster, number], abs=1e-3)


def test_images_in_no_cluster_are_counted(run):
    summary = run.summary
    alone = int((run.refinement.clusters["micro"].assignments < 0).sum())
    assert alone > 0
    assert f"{alone} of 240 images are in no cluster." in alignment_plot(summary, "micro").note


def test_hovering_over_a_cluster_shows_size_purity_and_top_classes(run):
    heat = alignment_plot(run.summary).figure.data[0]
    words = next(text for line in heat.text for text in line if text)
    assert "images" in words
    assert "purity" in words
    assert "class " in words


def test_of_many_clusters_those_in_doubt_are_drawn_and_no_row_is_empty():
    rng = np.random.default_rng(0)
    firsts = rng.integers(900, size=3000)
    alignment = Alignment(
        level="micro",
        total=5000,
        purity=0.7,
        clusters=tuple(range(3000)),
        sizes=(20,) * 3000,
        classes=tuple((int(first), int(first) + 1) for first in firsts),
        shares=((0.6, 0.4),) * 3000,
    )
    cells = alignment_cells(alignment, 1000)
    assert cells.shares.shape == (40, 40)
    assert sorted(cells.rows) == list(range(40))
    assert (cells.shares.max(axis=1) == 0.6).all()


def test_a_cluster_is_in_doubt_from_half_an_image_outside_its_first_class():
    sizes, shares = (5000, 300, 2), ((0.9996, 0.0004), (0.999, 0.001), (0.5, 0.5))
    alignment = Alignment("micro", 3, 0.99, (7, 8, 9), sizes, ((0, 1),) * 3, shares)
    assert alignment.doubtful == (0, 2)


def test_of_many_columns_only_as_many_are_named_as_have_room():
    figure = alignment_plot(make_run(60, 600).summary).figure
    columns, names = len(figure.data[0].z[0]), figure.layout.xaxis2.ticktext
    assert columns > 24
    assert len(names) <= 24


def test_confusion_counts_add_up_to_the_images(run):
    heat = confusion_plot(run.judged).figure.data[0]
    rows = [sum(share or 0 for share in line) for line in heat.z]
    assert rows == pytest.approx([1] * 6, abs=0.01)
    assert all(heat.customdata[at][at][0] == heat.customdata[at][at][1] for at in range(6))


def test_the_convergence_says_what_decided_the_labels(run):
    note = convergence_plot(run.summary).note
    assert f"What decided the labels: {percent(run.refinement.sources.text)} the class names, " in note


def test_nothing_is_said_of_what_decided_labels_that_follow_prototypes_alone():
    textbook = make_run(6, 240, method="prototype").summary
    assert textbook.sources is None
    assert "What decided" not in convergence_plot(textbook).note


def test_convergence_marks_every_level(leveled):
    figure = convergence_plot(leveled.summary).figure
    levels = [level.level for level in leveled.refinement.history if level.iterations]
    marked = [text for text in figure.layout.xaxis.ticktext if "<b>" in text]
    assert [name in text for name, text in zip(levels, marked, strict=True)] == [True] * len(levels)
    changed = [y for y in figure.data[0].y if y is not None]
    rounds = [each.changed for level in leveled.refinement.history for each in level.iterations]
    assert changed == rounds


def test_figures_of_objects_speak_of_no_images(run):
    summary = replace(run.judged, noun="object")
    for plot in all_plots(summary):
        words = f"{plot.title} {plot.note} {plot.figure.to_json()}".replace("image level", "")
        assert "images" not in words


def test_flat_coverage_is_drawn_on_an_axis_whose_ticks_differ():
    axis = coverage_plot(make_run(2, 100, noise=0.1).summary).figure.layout.yaxis
    low, high = axis.range
    assert high - low >= 0.05


def test_an_alignment_without_doubt_is_told_without_a_share(run):
    pure = replace(run.summary.alignment_of("micro"), purity=1.0)
    summary = replace(run.summary, alignment=(pure,))
    assert alignment_plot(summary).title == "Every micro-cluster went to one class"


def test_a_figure_is_a_plotly_figure_without_a_title_of_its_own(run):
    for plot in all_plots(run.summary):
        assert isinstance(plot.figure, go.Figure)
        assert plot.figure.layout.title.text is None
