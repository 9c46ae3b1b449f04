"""The operator through Python, through the server's routes as the App calls them, and delegated."""

import dataclasses
import json
import time

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionError
from fiftyone.operators.registry import OperatorRegistry
from fiftyone.server.app import app
from fiftyone_autolabel import Settings
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from starlette.testclient import TestClient

URI = "@autolabel/prototypes/auto_label"
OFFLINE = {"classes": DEMO_CLASSES, "encoder": "offline"}


@pytest.fixture(scope="module")
def server() -> TestClient:
    return TestClient(app)


@pytest.fixture
def operator():
    return foo.get_operator(URI)


@pytest.fixture
def closed_network(monkeypatch, tmp_path):
    """No hub, and nothing that was fetched from it earlier."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))


def form(server: TestClient, dataset: fo.Dataset, **params) -> dict:
    """Fields of the form that the App shows for these values."""
    request = {"operator_uri": URI, "dataset_name": dataset.name, "target": "inputs", "params": params}
    return server.post("/operators/resolve-type", json=request).json()["type"]["properties"]


def messages(server: TestClient, dataset: fo.Dataset, **params) -> list[tuple[str, dict]]:
    """What the App is told while the operator runs, as (operator, parameters)."""
    request = {"operator_uri": URI, "dataset_name": dataset.name, "params": params}
    response = server.post("/operators/execute/generator", json=request)
    bodies = [json.loads(line)["body"] for line in response.text.splitlines()]
    return [(body["operator_uri"], body["params"]) for body in bodies]


def test_every_operator_of_the_plugin_loads():
    registry = OperatorRegistry()
    assert registry.list_errors() == []
    assert registry.operator_exists(URI)


def test_a_python_call_labels_and_returns_a_summary(operator, demo_dataset):
    result = operator(demo_dataset, DEMO_CLASSES, encoder="offline").result
    assert result["n_labelled"] == len(demo_dataset)
    assert demo_dataset.count_values("auto_label.label").items() <= result["counts"].items()
    assert "images labelled" in result["message"]


def test_a_python_call_labels_a_view(operator, demo_dataset):
    operator(demo_dataset.limit(20), DEMO_CLASSES, encoder="offline")
    assert demo_dataset.count("auto_label") == 20


def test_a_python_call_without_any_default_works(demo_dataset):
    result = foo.execute_operator(URI, {"dataset": demo_dataset}, params=OFFLINE)
    assert result.result["n_labelled"] == len(demo_dataset)


def test_other_field_names_are_used(operator, demo_dataset):
    operator(demo_dataset, DEMO_CLASSES, encoder="offline", label_field="guess", confidence_field="sure")
    assert demo_dataset.count("guess") == demo_dataset.count("sure") == len(demo_dataset)
    assert not demo_dataset.has_sample_field("auto_label")


def test_the_summary_names_the_fields_that_were_written(operator, demo_dataset):
    demo_dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    message = operator(
        demo_dataset, DEMO_CLASSES, encoder="offline", label_field="guess", confidence_field="sure"
    ).result["message"]
    assert "`guess_error`" in message
    assert "*sure*" in message


def test_descriptions_are_typed_after_a_colon(demo_dataset):
    params = {"classes": ["ship: rocket, space shuttle", "pet: cat"], "encoder": "offline"}
    result = foo.execute_operator(URI, {"dataset": demo_dataset}, params=params).result
    assert set(result["counts"]) == {"ship", "pet"}
    config = demo_dataset.get_run_info(result["run_key"]).config
    assert config.descriptions == [["rocket", "space shuttle"], ["cat"]]


def test_classes_are_typed_as_one_text(demo_dataset):
    params = {"classes": "cat, coins\nship: rocket, space shuttle", "encoder": "offline"}
    result = foo.execute_operator(URI, {"dataset": demo_dataset}, params=params).result
    config = demo_dataset.get_run_info(result["run_key"]).config
    assert config.classes == ["cat", "coins", "ship"]
    assert config.descriptions == [[], [], ["rocket", "space shuttle"]]


def test_any_class_name_can_come_from_a_python_call(operator, demo_dataset):
    names = ["Washington, D.C.", "kind: cat", '12" record']
    result = operator(demo_dataset, {name: [] for name in names}, encoder="offline").result
    assert list(result["counts"]) == names


def test_every_setting_can_come_from_a_python_call(operator, demo_dataset):
    given = {"method": "prototype", "iterations": 2, "clustering": "kmeans", "seed": 7}
    result = operator(demo_dataset, ["cat", "coins"], encoder="offline", preset="small", **given).result
    assert demo_dataset.get_run_info(result["run_key"]).config.settings.items() >= given.items()


def test_a_setting_that_there_is_not_is_refused_in_a_python_call(operator, demo_dataset, in_plugin):
    with pytest.raises(in_plugin("plugin.engine.errors").InputError, match="did you mean 'iterations'"):
        operator(demo_dataset, ["cat"], iteration=2)


def test_a_python_call_takes_descriptions_as_a_mapping(operator, demo_dataset):
    result = operator(demo_dataset, {"ship": ["rocket"], "pet": []}, encoder="offline").result
    assert demo_dataset.get_run_info(result["run_key"]).config.descriptions == [["rocket"], []]


def test_colons_in_the_labels_of_a_field_mean_nothing(demo_dataset):
    names = [f"kind: {name}" for name in demo_dataset.values("ground_truth.label")]
    demo_dataset.set_values("ground_truth.label", names)
    params = {"class_source": "field", "class_field": "ground_truth", "encoder": "offline"}
    result = foo.execute_operator(URI, {"dataset": demo_dataset}, params=params).result
    assert set(result["counts"]) == set(names)


def test_prompts_second_encoder_and_clusters_come_from_a_python_call(operator, demo_dataset):
    demo_dataset.set_values("cluster", [number % 7 for number in range(len(demo_dataset))])
    result = operator(
        demo_dataset,
        DEMO_CLASSES,
        encoder="offline",
        prompt_templates=["a picture of {}"],
        second_encoder="offline",
        clusters="cluster",
    ).result
    config = demo_dataset.get_run_info(result["run_key"]).config
    assert config.prompt_templates == ["a picture of {}"]
    assert config.clusters == "cluster"
    assert config.second_encoder == result["second_encoder"] == "offline"
    assert "Second image encoder: offline." in result["message"]


def test_vectors_of_a_field_and_a_file_need_no_encoder(operator, demo_dataset, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(len(demo_dataset), 3))
    demo_dataset.set_values("vector", vectors)
    np.save(tmp_path / "T.npy", np.eye(3)[:2])
    result = operator(
        demo_dataset,
        ["a", "b"],
        embeddings="vector",
        text_embeddings=str(tmp_path / "T.npy"),
        second_embeddings="vector",
    ).result
    assert result["encoder"] == result["second_encoder"] == "precomputed"


def test_text_vectors_can_be_found_in_the_explorer(server, demo_dataset, tmp_path):
    demo_dataset.set_values("vector", np.random.default_rng(0).normal(size=(len(demo_dataset), 3)))
    np.save(tmp_path / "T.npy", np.eye(3)[:2])
    given = {"classes": ["a", "b"], "embeddings": "vector"}
    messages(server, demo_dataset, **given, text_embeddings_file={"absolute_path": str(tmp_path / "T.npy")})
    assert set(demo_dataset.distinct("auto_label.label")) == {"a", "b"}


def test_classes_are_taken_from_a_label_field(demo_dataset):
    params = {"class_source": "field", "class_field": "ground_truth", "encoder": "offline"}
    result = foo.execute_operator(URI, {"dataset": demo_dataset}, params=params)
    assert set(result.result["counts"]) == set(DEMO_CLASSES)


def test_classes_are_taken_from_the_dataset(demo_dataset):
    demo_dataset.default_classes = ["cat", "coins"]
    params = {"class_source": "dataset", "encoder": "offline"}
    result = foo.execute_operator(URI, {"dataset": demo_dataset}, params=params)
    assert set(result.result["counts"]) == {"cat", "coins"}


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "No classes given"),
        ({"classes": ["cat, coins"]}, "would be one class with commas in its name"),
        ({"classes": "cat, dog: puppy"}, "are several classes before a colon"),
        ({"classes": ["cat"], "iterations": 0}, "Setting iterations is 0"),
        ({"classes": []}, "No classes given"),
        ({"classes": ["cat", "Cat"]}, "given twice"),
        ({"classes": ["dog: puppy, puppy"]}, "described twice"),
        ({"classes": ["cat"], "prompt_templates": ["a photo"]}, "needs exactly one {}"),
        ({"classes": ["cat"], "second_encoder": "ofline"}, "did you mean 'offline'"),
        ({"classes": ["cat"], "clusters": "nothing"}, "no field 'nothing' with one cluster"),
        ({"classes": ["cat"], "encoder": "ofline"}, "did you mean 'offline'"),
        ({"classes": ["cat"], "label_field": "ground_truth"}, "was not written by auto-label"),
        ({"classes": ["cat"], "confidence_field": "my field"}, "cannot be a field name"),
        ({"classes": ["cat"], "preset": "huge"}, "Invalid enum value"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(demo_dataset, params, sentence):
    with pytest.raises(ExecutionError, match=sentence):
        foo.execute_operator(URI, {"dataset": demo_dataset}, params=params)
    assert demo_dataset.list_runs() == []


HIDDEN = {
    "prompt_templates",
    "second_encoder",
    "preset",
    "label_field",
    "confidence_field",
    "run_key",
    *(each.name for each in dataclasses.fields(Settings)),
}


def test_the_form_opens_with_classes_and_encoder_and_finds_nothing_wrong_yet(server, demo_dataset):
    fresh = demo_dataset.select_fields().clone()
    fields = form(server, fresh)
    assert list(fields) == ["view_target", "classes", "class_echo", "encoder", "more", "preview"]
    assert fields["class_echo"]["view"]["label"] == "No classes yet: type their names."
    assert not fields["classes"]["invalid"]
    assert not fields["classes"]["required"]
    fresh.delete()


def test_more_options_has_every_setting_that_python_has(server, demo_dataset):
    assert set(form(server, demo_dataset, more=True)) >= HIDDEN
    assert not HIDDEN & set(form(server, demo_dataset))


@pytest.mark.parametrize("given", [{"seed": 3}, {"label_field": "guess"}, {"label_field": "ground_truth"}])
def test_more_options_open_where_one_of_them_is_given_or_unusable(server, demo_dataset, given):
    assert set(form(server, demo_dataset, **given)) >= HIDDEN


def test_the_form_echoes_the_classes_as_they_are_read(server, demo_dataset):
    fields = form(
        server, demo_dataset, classes='daisy, dandelion, rose\n"Washington, D.C."\ndog: puppy, hound'
    )
    echo = fields["class_echo"]["view"]["label"]
    assert echo == '5 classes: daisy, dandelion, rose, "Washington, D.C.", dog'


def test_the_form_is_filled_with_the_classes_of_the_last_run(server, operator, demo_dataset):
    operator(demo_dataset, {"cat": [], "ship": ["rocket", "a shuttle, white"]}, encoder="offline")
    assert form(server, demo_dataset)["classes"]["default"] == 'cat\nship: rocket, "a shuttle, white"'


def test_a_call_that_names_no_classes_does_not_take_those_of_the_last_run(operator, demo_dataset):
    operator(demo_dataset, ["cat", "coins"], encoder="offline")
    with pytest.raises(ExecutionError, match="No classes given"):
        foo.execute_operator(URI, {"dataset": demo_dataset}, params={"encoder": "offline"})


def warnings(fields: dict) -> list[str]:
    return [field["view"]["label"] for field in fields.values() if field["view"]["name"] == "Warning"]


def test_the_form_says_which_names_the_offline_encoder_does_not_know(
    server, demo_dataset, in_plugin, monkeypatch
):
    monkeypatch.setattr(in_plugin("operators.known_names"), "SECONDS_TO_WAIT", 60)
    fields = form(server, demo_dataset, classes="daisy, dandelion, tulip", encoder="offline")
    assert warnings(fields) == [
        "The offline encoder does not know: dandelion (taken for Pickelhaube), tulip (taken for "
        "cauliflower). Describe them, name them differently, or use OpenCLIP."
    ]
    assert warnings(form(server, demo_dataset, classes="daisy, goldfish", encoder="offline")) == []


def test_the_form_says_the_same_where_auto_stands_for_the_offline_encoder(
    server, demo_dataset, closed_network, monkeypatch, in_plugin
):
    names = in_plugin("operators.known_names")
    monkeypatch.setattr(names, "SECONDS_TO_WAIT", 60)
    names._usual_encoder.cache_clear()
    assert warnings(form(server, demo_dataset, classes="daisy, tulip"))[0].startswith("The offline encoder")
    names._usual_encoder.cache_clear()


def test_the_form_says_of_any_encoder_that_it_reads_no_codes(server, demo_dataset):
    fields = form(server, demo_dataset, classes="n02084071, cat", encoder="openclip")
    assert warnings(fields)[0].startswith("A text encoder reads words, not codes: n02084071.")


def test_the_form_does_not_wait_long_for_what_an_encoder_knows(server, demo_dataset, monkeypatch, in_plugin):
    names = in_plugin("operators.known_names")
    monkeypatch.setattr(names, "SECONDS_TO_WAIT", 0.01)
    monkeypatch.setattr(names, "_offline_encoder", lambda: time.sleep(0.5))
    fields = form(server, demo_dataset, classes="daisy", encoder="offline")
    assert warnings(fields) == [names.NOT_YET]


def test_the_form_says_what_is_wrong_where_it_is_wrong(server, demo_dataset):
    fields = form(server, demo_dataset, classes="cat, cat ", encoder="nonsense", iterations=0, more=True)
    assert fields["iterations"]["error_message"].startswith("Setting iterations is 0")
    assert fields["classes"]["error_message"] == "Class 'cat' is given twice: remove one of them."
    assert fields["encoder"]["invalid"]
    assert not fields["label_field"]["invalid"]


def test_the_form_refuses_a_dataset_that_cannot_be_labelled(server):
    videos = fo.Dataset()
    videos.add_sample(fo.Sample(filepath="/a.mp4"))
    assert form(server, videos)["problem"]["error_message"].startswith("These are video samples")
    videos.delete()


def test_the_form_offers_vectors_that_are_there(server, demo_dataset):
    assert "embeddings" not in form(server, demo_dataset, more=True)
    demo_dataset.add_sample_field("vector", fo.VectorField)
    assert form(server, demo_dataset, more=True)["embeddings"]["type"]["values"] == ["vector"]


def test_the_form_shows_further_options_when_they_are_asked_for_or_given(server, demo_dataset):
    assert "second_encoder" not in form(server, demo_dataset)
    assert {"prompt_templates", "second_encoder"} <= set(form(server, demo_dataset, more=True))
    given = form(server, demo_dataset, second_encoder="nonsense")
    assert given["second_encoder"]["invalid"]


def test_the_form_suggests_fields_that_may_hold_clusters(server, demo_dataset):
    assert "clusters" not in form(server, demo_dataset, more=True)
    demo_dataset.add_sample_field("cluster", fo.IntField)
    choices = form(server, demo_dataset, more=True)["clusters"]["view"]["choices"]
    assert [choice["value"] for choice in choices] == ["cluster"]


def test_the_form_offers_second_vectors_and_text_vectors(server, demo_dataset):
    demo_dataset.add_sample_field("vector", fo.VectorField)
    fields = form(server, demo_dataset, more=True)
    assert fields["second_embeddings"]["type"]["values"] == ["vector"]
    assert "text_embeddings" not in fields
    assert "text_embeddings" in form(server, demo_dataset, more=True, embeddings="vector")


def test_the_app_sees_progress_then_the_labels_then_a_summary(server, demo_dataset):
    told = messages(server, demo_dataset, **OFFLINE)
    names = [name for name, _ in told]
    assert names[0] == "set_progress"
    assert names[-3:] == ["reload_dataset", "notify", "show_output"]
    assert told[-2][1] == {"message": f"Labelled {len(demo_dataset)} images", "variant": "success"}
    assert told[-1][1]["results"]["n_labelled"] == len(demo_dataset)


def test_a_preview_takes_no_examples(server, demo_dataset):
    switch = form(server, demo_dataset, **OFFLINE, preview=True, examples="tags")["preview"]
    assert (switch["invalid"], "takes no examples" in switch["error_message"]) == (True, True)


def test_a_preview_shows_a_picture_of_every_label_and_writes_nothing(server, demo_dataset):
    fields = demo_dataset.get_field_schema().keys()
    told = dict(messages(server, demo_dataset, **OFFLINE | {"preview": True}))
    assert told["notify"]["message"] == "Preview, nothing written: 50 images"
    shown = told["show_output"]["results"]
    assert shown["message"].count("![](data:image/jpeg;base64,") == len(shown["previewed"]) == 50
    assert shown["previewed"][0]["confidence"] <= shown["previewed"][-1]["confidence"]
    assert demo_dataset.get_field_schema().keys() == fields
    assert demo_dataset.list_runs() == []


def test_the_form_is_filled_with_the_classes_of_a_preview_until_the_next_run(server, operator, demo_dataset):
    operator(demo_dataset, ["cat", "coins"], encoder="offline")
    messages(server, demo_dataset, classes="cat\nship: rocket, shuttle", encoder="offline", preview=True)
    assert form(server, demo_dataset)["classes"]["default"] == "cat\nship: rocket, shuttle"
    operator(demo_dataset, ["rocket"], encoder="offline")
    assert form(server, demo_dataset)["classes"]["default"] == "rocket"


def test_the_app_is_told_of_images_that_could_not_be_read(server, demo_dataset):
    demo_dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    notice = dict(messages(server, demo_dataset, **OFFLINE))["notify"]
    assert notice["message"].endswith(", 1 could not be read")
    assert notice["variant"] == "warning"


def test_the_app_sees_the_bar_move(server, demo_dataset, monkeypatch, in_plugin):
    monkeypatch.setattr(in_plugin("operators.background"), "SECONDS_BETWEEN_UPDATES", 0.01)
    bar = [params for name, params in messages(server, demo_dataset, **OFFLINE) if name == "set_progress"]
    assert max(step["progress"] for step in bar) > 0.8
    assert len({step["label"] for step in bar}) > 2


def test_the_form_says_how_much_of_the_dataset_a_view_is(server, demo_dataset):
    request = {"operator_uri": URI, "dataset_name": demo_dataset.name, "target": "inputs"}
    view = demo_dataset.limit(7)._serialize()
    some = request | {"params": {"view_target": "CURRENT_VIEW"}, "view": view}
    fields = server.post("/operators/resolve-type", json=some).json()["type"]["properties"]
    assert fields["part"]["view"]["label"] == f"Label 7 of {len(demo_dataset)} images"
    assert "part" not in form(server, demo_dataset)


def test_the_form_refuses_a_class_balance_of_another_class(server, demo_dataset):
    typed = {"classes": ["cat", "dog"], "class_balance": "bird: rare"}
    balance = form(server, demo_dataset, **typed)["class_balance"]
    assert "'bird', which is not one of the classes" in balance["error_message"]
    assert not form(server, demo_dataset, **typed | {"class_balance": "dog: rare"})["class_balance"][
        "invalid"
    ]


def test_several_labels_an_image_take_no_examples(server, demo_dataset):
    switch = form(server, demo_dataset, **OFFLINE, multilabel=True, examples="tags")["multilabel"]
    assert (switch["invalid"], "one class each" in switch["error_message"]) == (True, True)


def test_the_form_offers_the_fields_that_may_hold_examples(server, demo_dataset):
    examples = form(server, demo_dataset, classes=["cat"], more=True)["examples"]
    assert examples["type"]["values"] == ["tags", "ground_truth"]


def test_class_names_are_no_markup_in_the_outcome(server, demo_dataset):
    told = dict(messages(server, demo_dataset, **OFFLINE | {"classes": ["**cat**", "`coins`"]}))
    message = told["show_output"]["results"]["message"]
    assert r"\*\*cat\*\* " in message
    assert r"\`coins\` " in message


def test_many_images_are_delegated_by_default(demo_dataset, monkeypatch, in_plugin):
    operator = foo.get_operator(URI)
    ctx = foo.ExecutionContext(request_params={"dataset_name": demo_dataset.name})
    assert not operator.resolve_execution_options(ctx).default_choice_to_delegated
    monkeypatch.setattr(in_plugin("operators.auto_label"), "DELEGATE_ABOVE", len(demo_dataset) - 1)
    assert operator.resolve_execution_options(ctx).default_choice_to_delegated


@pytest.mark.parametrize("is_offered", [True, False])
def test_the_form_says_how_to_queue_many_images_where_fiftyone_does_not_offer_it(
    server, demo_dataset, monkeypatch, in_plugin, is_offered
):
    assert "size" not in form(server, demo_dataset)
    monkeypatch.setattr(in_plugin("operators.auto_label_form"), "DELEGATE_ABOVE", len(demo_dataset) - 1)
    monkeypatch.setattr(fo.config, "allow_legacy_orchestrators", is_offered)
    fields = form(server, demo_dataset)
    assert ("size" in fields) != is_offered
    if not is_offered:
        assert "FIFTYONE_ALLOW_LEGACY_ORCHESTRATORS=true" in fields["size"]["view"]["label"]


def test_the_app_is_told_of_an_error_that_only_shows_during_the_run(server):
    unreadable = fo.Dataset()
    unreadable.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    told = dict(messages(server, unreadable, **OFFLINE))
    assert told["notify"]["variant"] == "error"
    assert told["notify"]["message"].startswith("None of the 1 images can be used")
    assert told["show_output"]["results"]["message"] == told["notify"]["message"]
    unreadable.delete()


def test_an_error_that_nobody_foresaw_is_told_with_its_kind_and_what_to_report(
    server, demo_dataset, monkeypatch, in_plugin
):
    def burn(*_, **__):
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(in_plugin("operators.auto_label"), "label_samples", burn)
    told = dict(messages(server, demo_dataset, **OFFLINE))
    notice = "Auto-label failed with RuntimeError: the disk is on fire"
    assert told["notify"] == {"message": notice, "variant": "error"}
    shown = told["show_output"]["results"]["message"]
    assert shown.startswith(f"{notice}\n\nTo report it, copy this:")
    assert "in burn" in shown


@pytest.mark.parametrize("encoder", ["openclip", "openclip:ViT-L-14/openai"])
def test_weights_that_cannot_be_had_are_refused_before_anything_begins(
    server, demo_dataset, closed_network, encoder
):
    told = dict(messages(server, demo_dataset, classes=["cat"], encoder=encoder))
    message = told["notify"]["message"]
    assert told["notify"]["variant"] == "error"
    assert "not on disk and cannot be fetched" in message
    assert message.endswith('or use the encoder "offline".')
    assert told["show_output"]["results"]["message"] == message
    with pytest.raises(ExecutionError, match='use the encoder "offline"'):
        foo.get_operator(URI)(demo_dataset, ["cat"], encoder=encoder)
    assert (demo_dataset.list_runs(), demo_dataset.has_sample_field("auto_label")) == ([], False)


def test_a_delegated_run_labels_and_keeps_its_progress(operator, demo_dataset):
    demo_dataset.persistent = True
    queued = operator(demo_dataset, DEMO_CLASSES, encoder="offline", delegate=True)
    assert not demo_dataset.has_sample_field("auto_label")
    service = DelegatedOperationService()
    service.execute_queued_operations(operator=URI, log=False)
    done = service.get(doc_id=queued.result["id"])
    demo_dataset.reload()
    assert done.run_state == "completed"
    assert done.status.progress == pytest.approx(1)
    assert demo_dataset.count("auto_label") == len(demo_dataset)


def test_a_single_class_is_not_called_certain(operator, demo_dataset):
    message = operator(demo_dataset, ["cat"], encoder="offline").result["message"]
    assert "100%" not in message
    assert "With one class every image gets that label" in message
