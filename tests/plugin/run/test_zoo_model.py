"""A run as a model of FiftyOne's zoo: found in the zoo folder, or fetched from an address."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fiftyone as fo
import fiftyone.zoo as foz
import numpy as np
import onnxruntime
import pytest
from fiftyone_autolabel import InputError, export_model, label_files
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.report.prototypes import load_prototypes, save_prototypes
from fiftyone_autolabel.plugin.run.prediction import predict_files
from typer.testing import CliRunner


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A zoo folder with nothing in it."""
    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path / "zoo"))
    return tmp_path / "zoo"


def test_a_model_in_the_zoo_folder_gives_the_labels_of_predict(learnt, zoo, new_images):
    assert CliRunner().invoke(app, ["export-model", str(learnt), "scenes"]).exit_code == 0
    assert "scenes" in foz.list_zoo_models()
    new_images.apply_model(foz.load_zoo_model("scenes"), "found")
    expected = predict_files(load_prototypes(learnt), new_images.values("filepath"), progress=False)
    assert new_images.values("found.label") == [each.label for each in expected]
    assert new_images.values("found.confidence") == [each.confidence for each in expected]


def test_a_model_is_loaded_from_the_address_of_its_archive(learnt, zoo, tmp_path, photos_of_two):
    archive = export_model(learnt, "published", tmp_path / "site" / "published.zip")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=archive.parent)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/published.zip"
        model = foz.load_zoo_model(address, "published")
        server.shutdown()
    sample = fo.Sample(filepath=photos_of_two[1])
    (expected,) = predict_files(load_prototypes(learnt), photos_of_two[1:2], progress=False)
    assert model.predict(None, sample).label == expected.label
    assert foz.list_zoo_model_sources() == [address]


def test_the_head_gives_the_probabilities_of_the_run(learnt, tmp_path):
    folder = export_model(learnt, "head", tmp_path / "head")
    classifier = load_prototypes(learnt).classifier
    X = np.random.default_rng(0).normal(size=(5, classifier.text_weights.shape[1])).astype(np.float32)
    session = onnxruntime.InferenceSession(folder / "head.onnx")
    (probabilities,) = session.run(None, {"embeddings": X})
    np.testing.assert_allclose(probabilities, classifier.probabilities(X), rtol=1e-4)
    assert session.get_modelmeta().custom_metadata_map["classes"].split("\n") == ["cat", "rocket"]


def test_a_name_that_no_model_can_have_is_refused(learnt, tmp_path):
    with pytest.raises(InputError, match="cannot be the name of a model"):
        export_model(learnt, "a/b", tmp_path / "model")


def test_a_run_on_vectors_has_no_model(tmp_path, photos_of_two):
    X, T = np.eye(4)[[0, 1, 0, 1]], np.eye(4)[:2]
    run = label_files(photos_of_two[:4], ["cat", "rocket"], embeddings=X, text_embeddings=T, progress=False)
    save_prototypes(tmp_path / "vectors", run.prototypes())
    with pytest.raises(InputError, match="made from vectors"):
        export_model(tmp_path / "vectors", "vectors", tmp_path / "model")
