"""The panel through the server's routes, as the App calls it: what it shows, and where its marks lead."""

import re
import threading
import uuid
from contextlib import suppress

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.core.view import DatasetView
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.server.app import app
from fiftyone_autolabel import Settings, approve, audit, auto_label, correct, delete_run
from fiftyone_autolabel.plugin.dataset.record import list_runs, update_record
from fiftyone_autolabel.plugin.dataset.running import Run
from fiftyone_autolabel.plugin.dataset.schema import RunState, stamp
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.encoders.registry import load_encoder
from starlette.testclient import TestClient

PANEL = "@autolabel/prototypes/auto_label_panel"
IMAGES, CLASSES = 40, ["red", "green", "blue"]
TRUE = np.arange(IMAGES) % 3
X = np.eye(4)[TRUE] + np.random.default_rng(0).normal(scale=0.2, size=(IMAGES, 4))


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


def make_dataset() -> fo.Dataset:
    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=f"/{number}.jpg", truth=fo.Classification(label=CLASSES[true]))
        for number, true in enumerate(TRUE)
    )
    return dataset


@pytest.fixture(scope="module")
def template():
    """The labelled dataset of all tests, which is cloned: that takes a fifth of the time of a run."""
    template = make_dataset()
    label(template)
    yield template
    template.delete()


@pytest.fixture
def dataset():
    """Samples with a true class and no image files: the vectors are given."""
    dataset = make_dataset()
    yield dataset
    dataset.delete()


@pytest.fixture
def labelled(template):
    """The same, labelled."""
    labelled = template.clone()
    yield labelled
    labelled.delete()


def label(dataset, classes=CLASSES, **arguments) -> str:
    T = np.eye(4)[: len(classes)]
    settings = Settings(min_cluster_size=3)
    return auto_label(
        dataset, classes, embeddings=X, text_embeddings=T, settings=settings, **arguments
    ).run_key


class Opened:
    """A panel as the App holds it: its state, its data, its layout, and what the App was told to do last."""

    def __init__(self, server, dataset):
        self.id, self.state, self.data, self.told = str(uuid.uuid4()), {}, {}, []
        self._server, self._dataset, self.layout, self.view = server, dataset, {}, []
        self.call("on_load")

    def call(self, method, **params):
        request = {
            "operator_uri": PANEL,
            "dataset_name": self._dataset.name,
            "view": self.view,
            "params": {"panel_id": self.id, "panel_state": self.state, "__method__": method, **params},
        }
        answer = self._server.post("/operators/execute", json=request).json()
        assert not answer.get("error"), answer["error"]
        self.told = [(one["operator_uri"], one["params"]) for one in answer["executor"]["requests"]]
        for operator, params in self.told:
            if operator == "patch_panel_data":
                self.data |= params["data"]
            if operator == "set_panel_state":
                self.state = params["state"]
            if operator == "show_panel_output":
                self.layout = params["output"]["type"]["properties"]

    def told_to(self, operator) -> dict:
        """Parameters of an operator of the App that it was told to run."""
        found = [params for name, params in self.told if name == operator]
        assert found, f"{operator} is not among {[name for name, _ in self.told]}"
        return found[-1]

    def shown(self) -> DatasetView:
        """The view that the App was told to open."""
        return DatasetView._build(self._dataset, self.told_to("set_view")["view"])

    def choose(self, tab):
        self.call("on_choice", path="tab", value=tab)

    def press(self, path):
        """Press a button or a picture that shows."""
        view = self._view_of(path)
        self.call(view["operator"].rpartition("#")[2], **view["params"])

    def traces(self, path) -> list[dict]:
        """What a figure shows."""
        return self._view_of(f"{path}.figure")["data"]

    def clusters(self) -> list[int]:
        """The novel clusters that show with pictures."""
        return [int(name.removeprefix("novel")) for name in self.data["body"] if name.startswith("novel")]

    def _view_of(self, path) -> dict:
        *groups, name = path.split(".")
        pieces = self.layout
        for group in groups:
            pieces = pieces[group]["type"]["properties"]
        return pieces[name]["view"]


def images_shown(panel) -> int:
    """Number of images that the bars of all classes stand for."""
    return sum(panel.traces("body.classes")[0]["x"])


@pytest.fixture
def opened(server, labelled):
    return Opened(server, labelled)


def test_without_a_run_there_is_one_sentence_and_one_button(server, dataset):
    panel = Opened(server, dataset)
    assert list(panel.data) == ["welcome"]
    assert list(panel.layout["welcome"]["type"]["properties"]) == ["sentence", "go"]
    panel.press("welcome.go")
    assert panel.told_to("prompt_user_for_operation")["operator_uri"] == "@autolabel/prototypes/auto_label"


def test_the_head_says_what_the_run_is(opened):
    facts = opened.data["header"]["facts"].split(" · ")
    assert facts[:4] == ["**completed**", "40 images", "3 classes", "precomputed"]
    assert facts[4:] == ["over 99% expected to be right", "nothing to review"]
    assert set(opened.data["answers"]) == {"converged", "aligned", "sure", "look"}
    assert opened.state["header"]["run"] == "auto_label_1"


def test_the_head_says_how_many_labels_are_reviewed(opened, labelled):
    assert "reviewed" not in opened.data["header"]["facts"]
    approve(labelled.limit(12))
    opened.call("on_refresh")
    assert opened.data["header"]["facts"].endswith("12 of 40 reviewed")


def test_the_head_says_what_an_audit_measured(opened, labelled):
    approve(audit(labelled, 10))
    opened.call("on_refresh")
    assert "measured 100% right" in opened.data["header"]["facts"]
    assert "10 images audited" in opened.data["header"]["facts"]


def test_contradictions_of_reviews_have_a_button_until_they_are_settled(server, dataset):
    label(dataset)
    slip = dataset.select(dataset.values("id")[3])
    correct(slip, "blue")
    approve(dataset.limit(20))
    label(dataset)
    panel = Opened(server, dataset)
    panel.press("header.actions.contradictions")
    assert panel.shown().values("id") == slip.values("id")
    assert panel.told_to("notify")["message"].startswith("1 sample: reviewed labels that contradict")
    correct(slip, "blue")
    panel.call("on_refresh")
    with pytest.raises(KeyError, match="contradictions"):
        panel.press("header.actions.contradictions")


def test_reviewed_labels_are_counted_in_the_view_that_is_followed(opened, labelled):
    approve(labelled.limit(12))
    opened.view = labelled.skip(8).limit(10)._serialize()
    opened.press("header.actions.follow")
    assert opened.data["header"]["facts"].endswith("4 of 10 reviewed")


def test_a_run_that_has_not_reported_yet_says_what_it_loads(opened, labelled):
    label(labelled, run_key="second")
    begun = {"state": RunState.RUNNING.value, "progress": ("", 0, 0), "heartbeat": stamp()}
    update_record(labelled, "second", begun)
    opened.call("on_tick")
    bar = opened.layout["header"]["type"]["properties"]["progress0"]
    assert bar["view"]["label"] == "second: starting: loading the encoder (precomputed) and the samples"


def test_a_run_under_way_says_how_long_it_will_take_still(opened, labelled):
    label(labelled, run_key="second")
    at_work = {"state": RunState.RUNNING.value, "progress": ("embed", 100, 400), "heartbeat": stamp()}
    update_record(labelled, "second", at_work | {"seconds_left": 75.0})
    opened.call("on_tick")
    bar = opened.layout["header"]["type"]["properties"]["progress0"]
    assert bar["view"]["label"] == "second: embedding images, 100 of 400, about 75 s left"


@pytest.mark.parametrize(
    "tab", ["convergence", "alignment", "classes", "confidence", "novelty", "comparison"]
)
def test_every_tab_can_be_opened(opened, tab):
    opened.choose(tab)
    assert opened.state["tab"] == tab
    assert opened.data["body"]


def test_nothing_but_choices_is_sent_back_with_an_event(opened):
    opened.choose("confidence")
    assert len(str(opened.state)) < 400


def test_a_cell_leads_to_the_samples_of_its_cluster_and_class(opened):
    figure = opened.traces("body.alignment-micro")[0]
    row, column = next((r, c) for r, line in enumerate(figure["z"]) for c, z in enumerate(line) if z)
    cluster, number = figure["customdata"][row][column]
    path = "body.alignment-micro.figure"
    opened.call("on_click", path=path, trace_idx=0, idx=[row, column])
    view = opened.shown()
    assert set(view.values("auto_label_micro_cluster")) == {cluster}
    assert view.distinct("auto_label.label") == [CLASSES[number]]
    assert view.values("confidence") == sorted(view.values("confidence"))


def test_the_first_column_leads_to_whole_clusters(opened):
    wholes = opened.traces("body.alignment-micro")[1]
    (cluster,) = wholes["customdata"][0][0]
    opened.call("on_click", path="body.alignment-micro.figure", trace_idx=1, idx=[0, 0])
    view = opened.shown()
    assert len(view) == wholes["text"][0][0]
    assert set(view.values("auto_label_micro_cluster")) == {cluster}
    assert len(view) == len(view._root_dataset.match(fo.ViewField("auto_label_micro_cluster") == cluster))


@pytest.fixture
def mixed(server, dataset):
    """The panel on a run whose clusters each hold images of all classes, but for the last."""
    label(dataset, clusters=np.where(TRUE == 2, 9, np.arange(IMAGES) % 4))
    return Opened(server, dataset)


def test_a_row_of_a_table_leads_to_its_cluster(mixed):
    mixed.call("on_click", path="body.clusters", row=0)
    cluster = mixed.data["body"]["clusters"][0]["column0"]
    assert set(mixed.shown().values("auto_label_micro_cluster")) == {cluster}


def test_a_cluster_that_went_to_one_class_is_not_called_doubtful(mixed):
    assert len(mixed.traces("body.alignment-micro")[0]["z"]) == 5
    assert len(mixed.data["body"]["clusters"]) == 4


def test_without_a_doubtful_cluster_that_is_said(opened):
    assert "clusters" not in opened.data["body"]
    assert opened.data["body"]["table_title"].startswith("No cluster is in doubt")


def test_a_run_that_failed_later_is_told_beside_the_labels_that_there_are(opened, labelled):
    label(labelled, run_key="second")
    update_record(labelled, "second", {"state": RunState.FAILED.value, "error": "The disk is full."})
    opened.call("on_tick")
    assert opened.state["header"]["run"] == "auto_label_1"
    assert "`second` failed since: The disk is full." in opened.data["header"]["facts"]


def test_the_titles_of_a_table_lead_nowhere(opened):
    opened.call("on_click", path="body.clusters", row=-1)
    assert "set_view" not in dict(opened.told)


def test_the_other_level_can_be_chosen(opened):
    opened.call("on_choice", path="body.level", value="meta")
    assert "alignment-meta" in opened.data["body"]


def test_a_bar_leads_to_the_samples_of_its_class(opened):
    opened.choose("classes")
    number = opened.traces("body.classes")[0]["customdata"][1]
    opened.call("on_click", path="body.classes.figure", trace_idx=0, idx=1)
    assert opened.shown().distinct("auto_label.label") == [CLASSES[number]]


def test_the_bars_of_the_histogram_share_out_all_samples(opened, labelled):
    opened.choose("confidence")
    counts = opened.traces("body.confidence")[0]["y"]
    for bar in np.flatnonzero(counts).tolist():
        opened.call("on_click", path="body.confidence.figure", trace_idx=0, idx=bar)
        assert len(opened.shown()) == counts[bar]
    assert sum(counts) == len(labelled)


def test_the_slider_parts_the_labels_to_keep_from_the_rest(opened, labelled):
    opened.choose("confidence")
    opened.call("on_choice", path="body.keep", value=50)
    assert "Of the most confident **50%** (20 images" in opened.data["body"]["kept"]
    opened.press("body.keeping.kept")
    kept = opened.shown()
    opened.press("body.keeping.rest")
    rest = opened.shown()
    assert len(kept) == 20
    assert max(rest.values("confidence")) < min(kept.values("confidence"))
    assert {*kept.values("id"), *rest.values("id")} == set(labelled.values("id"))


def test_a_ground_truth_adds_accuracy_reliability_and_confusions(opened):
    opened.choose("confidence")
    assert "reliability" not in opened.data["body"]
    opened.call("on_choice", path="body.truth", value="truth")
    assert {"reliability", "confusion"} <= set(opened.data["body"])


def test_figures_can_be_restricted_to_the_current_view(opened, labelled):
    opened.view = labelled.limit(10)._serialize()
    opened.press("header.actions.follow")
    opened.choose("confidence")
    assert sum(opened.traces("body.confidence")[0]["y"]) == 10
    opened.press("body.keeping.kept")
    assert set(opened.shown().values("id")) <= set(labelled.limit(10).values("id"))
    opened.press("header.actions.unfollow")
    assert sum(opened.traces("body.confidence")[0]["y"]) == IMAGES


def test_figures_follow_the_view(opened, labelled):
    opened.press("header.actions.follow")
    opened.choose("classes")
    assert images_shown(opened) == IMAGES
    opened.view = labelled.limit(10)._serialize()
    opened.call("on_tick")
    assert images_shown(opened) == 10
    opened.view = []
    opened.call("on_tick")
    assert images_shown(opened) == IMAGES


def test_a_view_without_labels_of_the_run_is_told_once(opened, labelled):
    labelled.add_sample(fo.Sample(filepath="/new.jpg"))
    opened.view = labelled.match(fo.ViewField("filepath") == "/new.jpg")._serialize()
    opened.press("header.actions.follow")
    assert "labelled none of these samples" in opened.data["header"]["facts"]
    opened.call("on_tick")
    opened.call("on_tick")
    assert opened.told == []


def test_a_view_that_a_mark_opened_is_followed_when_that_is_asked_for(opened):
    opened.choose("classes")
    opened.call("on_click", path="body.classes.figure", trace_idx=0, idx=0)
    opened.view = opened.told_to("set_view")["view"]
    count = len(opened.shown())
    opened.press("header.actions.follow")
    assert images_shown(opened) == count
    opened.call("on_tick")
    assert opened.told == []


def test_a_view_that_is_not_followed_draws_nothing(opened, labelled):
    opened.view = labelled.limit(10)._serialize()
    opened.call("on_tick")
    assert opened.told == []


def test_a_view_that_a_mark_opened_restricts_figures_no_further(opened, labelled):
    opened.view = labelled.limit(10)._serialize()
    opened.press("header.actions.follow")
    opened.choose("classes")
    opened.call("on_click", path="body.classes.figure", trace_idx=0, idx=0)
    opened.view = opened.told_to("set_view")["view"]
    opened.call("on_tick")
    assert opened.told == []
    assert images_shown(opened) == 10


def test_the_field_for_a_name_stands_below_the_chosen_cluster(opened):
    opened.choose("novelty")
    card = f"novel{opened.clusters()[0]}"
    opened.press(f"body.{card}.pictures.choose")
    pieces = list(opened.layout["body"]["type"]["properties"])
    at = pieces.index(card)
    assert pieces[at + 1 : at + 3] == ["class_name", "add"]


def test_a_cluster_tells_which_class_it_went_to(server, dataset):
    label(dataset, ["red", "green"], clusters=TRUE)
    panel = Opened(server, dataset)
    panel.choose("novelty")
    assert re.search(r" · \d+% went to (red|green) · nearest: ", panel.data["body"]["novel2"]["facts"])


def test_of_one_class_nothing_is_expected(server, dataset):
    label(dataset, ["red"])
    panel = Opened(server, dataset)
    assert panel.data["header"]["facts"] == "**completed** · 40 images · 1 class · precomputed"
    assert "no other class was to choose from" in panel.data["answers"]["look"]["answer"]
    assert "With one class every image gets it" in panel.data["answers"]["sure"]["answer"]


def test_a_cluster_becomes_a_class_with_the_name_that_was_typed(opened):
    opened.choose("novelty")
    opened.press(f"body.novel{opened.clusters()[0]}.pictures.choose")
    assert len(opened.shown()) > 0
    opened.call("on_choice", path="body.class_name", value="violet")
    opened.press("body.add")
    prompt = opened.told_to("prompt_user_for_operation")
    assert prompt["operator_uri"] == "@autolabel/prototypes/add_class"
    assert prompt["params"] == {"name": "violet", "label_field": "auto_label"}


def test_a_cluster_becomes_a_class_with_a_name_that_is_suggested(server, dataset):
    T = class_prototypes(load_encoder("offline"), ["banana", "volcano", "espresso"], ["{}"])
    auto_label(dataset, ["banana", "volcano"], embeddings=T[TRUE], encoder="offline", clusters=TRUE)
    panel = Opened(server, dataset)
    panel.choose("novelty")
    cluster = panel.layout["body"]["type"]["properties"]["novel2"]["type"]["properties"]
    button = cluster["suggestions"]["type"]["properties"]["name0"]["view"]
    assert button["label"] == "espresso"
    panel.press("body.novel2.suggestions.name0")
    prompt = panel.told_to("prompt_user_for_operation")
    assert prompt["params"] == {"name": "espresso", "label_field": "auto_label"}


def test_names_of_clusters_without_pictures_stand_in_the_table(server, dataset, monkeypatch, in_plugin):
    monkeypatch.setattr(in_plugin("panels.tabs.novelty"), "MOST_PICTURED", 1)
    T = class_prototypes(load_encoder("offline"), ["banana", "espresso", "volcano"], ["{}"])
    vectors = T[TRUE] + np.random.default_rng(0).normal(scale=0.001, size=(IMAGES, T.shape[1]))
    auto_label(dataset, ["banana"], embeddings=vectors, encoder="offline", clusters=np.arange(IMAGES) % 6)
    panel = Opened(server, dataset)
    panel.choose("novelty")
    columns = panel.layout["body"]["type"]["properties"]["novel"]["view"]["columns"]
    assert [column["label"] for column in columns][-2:] == ["nearest classes", "suggested names"]
    names = {row["column4"].split(" · ")[0] for row in panel.data["body"]["novel"]}
    assert names
    assert names <= {"espresso", "volcano"}


def test_another_cluster_has_no_name_yet(opened):
    opened.choose("novelty")
    first, second = opened.clusters()[:2]
    opened.press(f"body.novel{first}.pictures.choose")
    opened.call("on_choice", path="body.class_name", value="violet")
    opened.press(f"body.novel{second}.pictures.choose")
    assert (opened.state["body"]["cluster"], opened.state["body"]["class_name"]) == (second, "")


def test_clusters_of_another_run_have_no_name_yet(opened, labelled):
    opened.choose("novelty")
    opened.press(f"body.novel{opened.clusters()[0]}.pictures.choose")
    opened.call("on_choice", path="body.class_name", value="violet")
    label(labelled)
    opened.call("on_tick")
    assert (opened.state["body"]["cluster"], opened.state["body"]["class_name"]) == (None, "")


def test_clusters_of_a_run_that_has_the_key_of_a_deleted_one_have_no_name_yet(opened, labelled):
    opened.choose("novelty")
    opened.press(f"body.novel{opened.clusters()[0]}.pictures.choose")
    opened.call("on_choice", path="body.class_name", value="violet")
    delete_run(labelled, "auto_label_1")
    assert label(labelled) == "auto_label_1"
    opened.call("on_tick")
    assert (opened.state["body"]["cluster"], opened.state["body"]["class_name"]) == (None, "")


def test_two_runs_are_compared_label_by_label(opened, labelled):
    label(labelled, CLASSES[:2], run_key="fewer")
    opened.call("on_tick")
    opened.choose("comparison")
    first = opened.data["body"]["changes"][0]
    opened.call("on_click", path="body.changes", row=0)
    view = opened.shown()
    assert len(view) == first["column2"]
    fields = {"fewer": "auto_label_fewer", "auto_label_1": "auto_label"}
    columns = opened.layout["body"]["type"]["properties"]["changes"]["view"]["columns"]
    for number, column in enumerate(columns[:2]):
        assert view.distinct(f"{fields[column['label']]}.label") == [first[f"column{number}"]]


def test_runs_with_other_classes_say_which_and_that_their_expectations_do_not_compare(opened, labelled):
    label(labelled, ["red", "a*b"], run_key="other")
    opened.call("on_tick")
    opened.choose("comparison")
    said = opened.data["body"]["class_lists"].replace("\\", "")
    assert said.startswith("Only in auto_label_1: green, blue. Only in other: a*b. Expected accuracies")


def test_runs_with_the_same_classes_say_nothing_of_them(opened, labelled):
    label(labelled, CLASSES[::-1], run_key="other")
    opened.call("on_tick")
    opened.choose("comparison")
    assert "class_lists" not in opened.data["body"]


def test_the_next_run_takes_the_place_of_the_latest(opened, labelled):
    label(labelled)
    opened.call("on_tick")
    assert opened.state["header"]["run"] == "auto_label_2"
    assert "reload_dataset" in dict(opened.told)


def test_an_older_run_stays_when_another_ends(opened, labelled):
    label(labelled)
    opened.call("on_tick")
    opened.call("on_choice", path="header.run", value="auto_label_1")
    label(labelled)
    opened.call("on_tick")
    assert opened.state["header"]["run"] == "auto_label_1"


def test_marks_of_a_run_whose_fields_were_written_again_lead_nowhere(opened, labelled):
    label(labelled)
    opened.call("on_tick")
    opened.call("on_choice", path="header.run", value="auto_label_1")
    opened.call("on_click", path="body.alignment-micro.figure", trace_idx=1, idx=[0, 0])
    assert "auto_label_2 has written other labels since" in opened.told_to("notify")["message"]
    assert "set_view" not in dict(opened.told)


def test_marks_of_a_run_over_objects_lead_to_its_objects(server, scenes):
    vectors = np.random.default_rng(0).normal(size=(24, 5))
    given = {"embeddings": vectors, "text_embeddings": vectors[:3], "objects": "ground_truth"}
    fields = auto_label(scenes, CLASSES, **given).fields
    panel = Opened(server, scenes)
    panel.choose("classes")
    number = panel.traces("body.classes")[0]["customdata"][0]
    panel.call("on_click", path="body.classes.figure", trace_idx=0, idx=0)
    view = panel.shown()
    assert panel.told_to("notify")["message"].startswith(f"{len(view)} objects: labelled")
    assert set(view.values(f"{fields.label}.label")) == {CLASSES[number]}
    assert len(view) == panel.traces("body.classes")[0]["x"][0]


def test_a_tick_without_news_draws_nothing(opened):
    opened.call("on_tick")
    assert opened.told == []


def test_what_is_chosen_already_draws_nothing(opened):
    opened.choose("confidence")
    opened.choose("confidence")
    assert opened.told == []


def test_objects_stand_beside_the_classes_of_the_field_that_they_are_from(server, scenes):
    vectors = np.random.default_rng(0).normal(size=(24, 5))
    names = ["cat", "rocket", "cup of coffee"]
    given = {"embeddings": vectors, "text_embeddings": vectors[:3], "objects": "ground_truth"}
    auto_label(scenes, names, **given)
    panel = Opened(server, scenes)
    panel.choose("confidence")
    panel.call("on_choice", path="body.truth", value="ground_truth")
    wholes = panel.traces("body.confusion")[1]
    panel.call("on_click", path="body.confusion.figure", trace_idx=1, idx=[0, 0])
    assert len(panel.shown()) == wholes["text"][0][0] == 8


def test_figures_of_objects_can_be_restricted_to_a_view_of_images_or_of_objects(server, scenes):
    vectors = np.random.default_rng(0).normal(size=(24, 5))
    given = {"embeddings": vectors, "text_embeddings": vectors[:3], "objects": "ground_truth"}
    auto_label(scenes, CLASSES, **given)
    panel = Opened(server, scenes)
    panel.press("header.actions.follow")
    for view, objects in ((scenes.limit(2), 6), (scenes.to_patches("ground_truth").limit(5), 5)):
        panel.view = view._serialize()
        panel.call("on_tick")
        panel.choose("classes")
        assert sum(panel.traces("body.classes")[0]["x"]) == objects
        panel.choose("confidence")
        panel.press("body.keeping.kept")
        assert 0 < len(panel.shown()) <= objects


def test_the_curves_of_a_run_under_way_grow(server, dataset):
    rounds, panel = [], Opened(server, dataset)

    def follow(run, history):
        update_record(dataset, run.key, {"history": [level.to_dict() for level in history]})
        panel.call("on_tick")
        rounds.append(len(panel.traces("convergence")[0]["x"]))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Run, "follow", follow)
        worker = threading.Thread(target=label, args=(dataset,))
        worker.start()
        worker.join()
    assert rounds == sorted(rounds)
    assert rounds[0] < rounds[-1]


def test_a_run_shows_its_progress_and_then_its_labels(server, dataset):
    seen, panel = [], Opened(server, dataset)

    def progress(stage, done, total):
        if stage == "write" and not seen:
            panel.call("on_tick")
            seen.append((panel.data["header"], panel.layout["header"]["type"]["properties"]))

    worker = threading.Thread(target=label, args=(dataset,), kwargs={"progress": progress})
    worker.start()
    worker.join()
    data, pieces = seen[0]
    assert "**running**" in data["facts"]
    assert "progress0" in pieces
    assert "cancel_run" in pieces["actions"]["type"]["properties"]
    panel.call("on_tick")
    assert "**completed**" in panel.data["header"]["facts"]
    assert "reload_dataset" in dict(panel.told)


def test_a_run_that_failed_says_why(server, dataset):
    label(dataset)
    failure = {"state": RunState.FAILED.value, "error": "The disk is full."}
    update_record(dataset, "auto_label_1", failure)
    panel = Opened(server, dataset)
    assert list_runs(dataset)[0].state == RunState.FAILED
    assert "The disk is full." in panel.data["header"]["facts"].replace("\\", "")
    assert "body" not in panel.data


def test_a_choice_that_the_app_tells_twice_at_once_is_read_once(opened, monkeypatch, in_plugin):
    panels, reads, both = in_plugin("panels.event"), [], threading.Barrier(2)
    load_board = panels.load_board

    def load_slowly(*arguments):
        reads.append(arguments)
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.5)
        return load_board(*arguments)

    monkeypatch.setattr(panels, "load_board", load_slowly)
    events = [threading.Thread(target=opened.choose, args=("confidence",)) for _ in range(2)]
    for event in events:
        event.start()
    for event in events:
        event.join()
    assert len(reads) == 1
    assert opened.state["tab"] == "confidence"


def test_a_tick_does_not_wait_for_another_event(opened, labelled, in_plugin):
    label(labelled, run_key="second")
    with in_plugin("panels.session").session_of(opened.id).turn:
        opened.call("on_tick")
        assert opened.told == []
    opened.call("on_tick")
    assert opened.state["header"]["run"] == "second"


def test_news_that_were_asked_for_before_a_tab_was_chosen_do_not_take_it_back(opened, labelled):
    before = opened.state
    opened.choose("confidence")
    label(labelled, run_key="second")
    opened.state = before
    opened.call("on_tick")
    assert opened.state["header"]["run"] == "second"
    assert opened.state["tab"] == "confidence"


def test_a_panel_goes_on_after_the_server_was_started_anew(opened, in_plugin):
    opened.choose("confidence")
    in_plugin("panels.session").sessions.clear()
    opened.press("body.keeping.kept")
    assert len(opened.shown()) > 0


def test_what_a_page_shows_when_it_is_loaded_again_is_what_was_chosen(opened, server, labelled):
    opened.choose("confidence")
    opened.call("on_load")
    assert opened.state["tab"] == "confidence"
    assert "confidence" in opened.data["body"]


def test_a_run_that_goes_on_after_another_was_not_written_over_by_it(opened, labelled):
    label(labelled, run_key="second")
    update_record(labelled, "second", {"state": RunState.FAILED.value, "error": "The disk is full."})
    opened.call("on_tick")
    opened.call("on_choice", path="header.run", value="second")
    assert "written other labels" not in opened.data["header"]["facts"]


def test_buttons_of_a_run_without_labels_ask_for_the_usual_field(opened, labelled):
    label(labelled, run_key="second")
    update_record(labelled, "second", {"state": RunState.FAILED.value, "error": "The disk is full."})
    opened.call("on_tick")
    opened.press("header.actions.review_next")
    assert opened.told_to("prompt_user_for_operation")["params"] == {"label_field": "auto_label"}
    opened.call("on_choice", path="header.run", value="second")
    opened.press("header.actions.review_next")
    assert opened.told_to("prompt_user_for_operation")["params"] == {}


def test_the_rest_holds_no_samples_that_the_run_did_not_label(server, dataset):
    settings = Settings(min_cluster_size=3)
    given = {"embeddings": X[:20], "text_embeddings": np.eye(4)[:3], "settings": settings}
    auto_label(dataset.limit(20), CLASSES, **given)
    panel = Opened(server, dataset)
    panel.choose("confidence")
    panel.press("body.keeping.rest")
    assert None not in panel.shown().values("confidence")


def test_a_class_may_be_called_like_a_field_of_the_database(server, dataset):
    label(dataset, ["$usd", "$eur", "$gbp"])
    panel = Opened(server, dataset)
    panel.choose("classes")
    count = panel.traces("body.classes")[0]["x"][0]
    panel.call("on_click", path="body.classes.figure", trace_idx=0, idx=0)
    assert len(panel.shown()) == count


def test_a_ground_truth_that_was_edited_is_read_again(opened, labelled):
    opened.choose("confidence")
    opened.call("on_choice", path="body.truth", value="truth")
    before = opened.data["body"]["reliability"]["title"]
    labelled.set_values("truth.label", ["red"] * IMAGES)
    opened.choose("classes")
    opened.choose("confidence")
    assert opened.data["body"]["reliability"]["title"] != before


def test_a_ground_truth_without_classes_of_the_run_leaves_the_rest_as_it_was(opened, labelled):
    labelled.set_values("other", [fo.Classification(label="unheard of")] * IMAGES)
    opened.view = labelled.limit(10)._serialize()
    opened.press("header.actions.follow")
    opened.choose("classes")
    opened.call("on_choice", path="body.truth", value="other")
    assert "names no class of this run" in opened.data["header"]["facts"]
    assert images_shown(opened) == 10


def test_samples_that_were_deleted_are_told_and_not_counted(opened, labelled):
    labelled.delete_samples(labelled.limit(15))
    opened.choose("classes")
    assert "15 of these images are gone" in opened.data["header"]["facts"]
    assert images_shown(opened) == IMAGES - 15


def test_labels_that_were_cleared_are_told_and_not_counted(opened, labelled):
    labelled.limit(10).clear_sample_field("auto_label")
    opened.choose("classes")
    assert "10 of these images are gone, or without a label" in opened.data["header"]["facts"]
    assert images_shown(opened) == IMAGES - 10


def test_marks_of_a_field_that_was_deleted_say_so(opened, labelled):
    labelled.delete_sample_field("auto_label_micro_cluster")
    opened.call("on_load")
    opened.call("on_click", path="body.alignment-micro.figure", trace_idx=1, idx=[0, 0])
    assert "'auto_label_micro_cluster' of this run is gone" in opened.told_to("notify")["message"]
    assert "set_view" not in dict(opened.told)


@pytest.mark.parametrize("field", ["ground_truth", "auto_label_ground_truth"])
def test_objects_that_were_deleted_leave_their_run_readable(server, scenes, field):
    vectors = np.random.default_rng(0).normal(size=(24, 5))
    given = {"embeddings": vectors, "text_embeddings": vectors[:3], "objects": "ground_truth"}
    auto_label(scenes, CLASSES, **given)
    scenes.delete_sample_field(field)
    panel = Opened(server, scenes)
    panel.choose("novelty")
    assert "24 objects" in panel.data["header"]["facts"]


def test_a_cell_that_no_label_is_in_leads_to_those_that_were_nearly_there(server, dataset):
    noisy = X + np.random.default_rng(1).normal(scale=0.6, size=X.shape)
    given = {"embeddings": noisy, "text_embeddings": np.eye(4)[:3], "clusters": TRUE}
    auto_label(dataset, CLASSES, settings=Settings(min_cluster_size=3), **given)
    panel = Opened(server, dataset)
    figure = panel.traces("body.alignment-micro")[0]
    cells = [(r, c) for r, line in enumerate(figure["z"]) for c, share in enumerate(line) if share]
    words = []
    for row, column in cells:
        path = "body.alignment-micro.figure"
        panel.call("on_click", path=path, trace_idx=0, idx=[row, column])
        assert len(panel.shown()) > 0
        words.append(panel.told_to("notify")["message"])
    assert any("labelled" in one for one in words)
    assert any("as second choice" in one for one in words)


def test_marks_of_a_run_over_one_slice_of_groups_lead_to_that_slice(server):
    dataset = fo.Dataset()
    dataset.add_group_field("group", default="left")
    for number in range(IMAGES):
        group = fo.Group()
        for side in ("left", "right"):
            dataset.add_sample(fo.Sample(filepath=f"/{number}-{side}.jpg", group=group.element(side)))
    given = {"embeddings": X, "text_embeddings": np.eye(4)[:3], "settings": Settings(min_cluster_size=3)}
    auto_label(dataset.select_group_slices("right"), CLASSES, **given)
    panel = Opened(server, dataset)
    assert "gone" not in panel.data["header"]["facts"]
    panel.choose("classes")
    panel.call("on_click", path="body.classes.figure", trace_idx=0, idx=0)
    assert len(panel.shown()) == panel.traces("body.classes")[0]["x"][0]
    assert all("right" in path for path in panel.shown().values("filepath"))
    dataset.delete()


def test_what_was_deleted_between_a_look_and_a_click_is_told(opened, labelled):
    label(labelled, CLASSES[:2], run_key="fewer")
    opened.call("on_tick")
    opened.choose("comparison")
    delete_run(labelled, "auto_label_1")
    opened.call("on_click", path="body.changes", row=0)
    assert "There is no run 'auto_label_1'" in opened.told_to("notify")["message"]


def test_a_queued_run_that_could_not_begin_says_why(server, dataset):
    dataset.persistent = True
    dataset.set_values("cluster", TRUE.tolist())
    given = {"encoder": "offline", "clusters": "cluster", "delegate": True}
    foo.get_operator("@autolabel/prototypes/auto_label")(dataset, CLASSES, **given)
    dataset.delete_sample_field("cluster")
    DelegatedOperationService().execute_queued_operations(
        operator="@autolabel/prototypes/auto_label", log=False
    )
    panel = Opened(server, dataset)
    assert "could not begin" in panel.data["welcome"]["failed_start"]
    assert "There is no field 'cluster'" in panel.data["welcome"]["failed_start"]
    label(dataset)
    panel.call("on_tick")
    assert "failed_start" not in panel.data["header"]


def test_render_asks_the_database_nothing(opened, monkeypatch, in_plugin):
    def refuse(*_):
        raise AssertionError("the database was asked")

    opened.choose("confidence")
    boards = in_plugin("panels.board")
    monkeypatch.setattr(boards, "list_all_runs", refuse)
    monkeypatch.setattr(boards, "pending_runs", refuse)
    monkeypatch.setattr(in_plugin("panels.figures"), "load_run", refuse)
    opened.press("body.keeping.kept")


def test_a_first_run_that_is_queued_is_announced(server, dataset):
    foo.get_operator("@autolabel/prototypes/auto_label")(dataset, CLASSES, encoder="offline", delegate=True)
    panel = Opened(server, dataset)
    assert panel.data["welcome"]["waiting"].startswith("1 run queued")


def test_a_cluster_is_answered_with_one_click_and_the_next_one_shows(server, dataset):
    label(dataset)
    panel = Opened(server, dataset)
    panel.choose("review")
    cards = [name for name in panel.data["body"] if name.startswith("cluster")]
    assert "errors expected" in panel.data["body"][cards[0]]["facts"]
    panel.press(f"body.{cards[0]}.answers.accept")
    assert "“" in panel.told_to("notify")["message"]
    panel.press(f"body.{cards[1]}.answers.mixed")
    (run,) = list_runs(dataset)
    assert [each.given for each in run.statements] == [run.statements[0].label, ""]
    assert not {cards[0], cards[1]} & set(panel.data["body"])
    assert "2 clusters answered" in panel.data["body"]["answered"]


def test_a_cluster_gets_another_class_by_its_name(server, dataset):
    label(dataset)
    panel = Opened(server, dataset)
    panel.choose("review")
    card = next(name for name in panel.data["body"] if name.startswith("cluster"))
    panel.press(f"body.{card}.answers.other")
    cluster, number = map(int, card.removeprefix("cluster").split("_"))
    shown = panel.shown()
    assert set(shown.values("auto_label_micro_cluster")) == {cluster}
    assert set(shown.values("auto_label.label")) == {CLASSES[number]}
    panel.call("on_choice", path="body.class_name", value="violet")
    panel.press("body.answer")
    (run,) = list_runs(dataset)
    assert [(each.cluster, each.given) for each in run.statements] == [(cluster, "violet")]


class TestSeveralLabels:
    """The panel of a run that gave images several labels."""

    @pytest.fixture(scope="class")
    def several(self):
        dataset = fo.Dataset()
        dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(IMAGES)])
        label(dataset, multilabel=True)
        yield dataset
        dataset.delete()

    @pytest.mark.parametrize("tab", ["alignment", "confidence", "convergence", "novelty", "comparison"])
    def test_tabs_that_make_sense_can_be_opened(self, server, several, tab):
        panel = Opened(server, several)
        panel.choose(tab)
        assert panel.data["body"]

    def test_clusters_of_one_class_are_not_asked_for(self, server, several):
        panel = Opened(server, several)
        panel.choose("review")
        assert "answered" not in panel.data["body"]

    def test_a_bar_leads_to_the_samples_that_have_the_class_among_others(self, server, several):
        panel = Opened(server, several)
        panel.choose("classes")
        name = CLASSES[panel.traces("body.classes")[0]["customdata"][0]]
        panel.call("on_click", path="body.classes.figure", trace_idx=0, idx=0)
        labels = several.values("auto_label.classifications.label")
        assert len(panel.shown()) == sum(name in names for names in labels)
