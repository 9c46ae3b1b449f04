"""Models of FiftyOne's zoo, loaded as FiftyOne loads them from a manifest of one's own.

The weights are random: the zoo's own have to be downloaded.
"""

import json

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.registry import load_encoder
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports
from fiftyone_autolabel.plugin.encoders.zoo import ZooEncoder
from fiftyone_autolabel.plugin.engine.errors import InputError
from PIL import Image

ensure_torchvision_imports()

SQUEEZENET = {
    "entrypoint_fcn": "torchvision.models.squeezenet1_1",
    "entrypoint_args": {"weights": None},
    "embeddings_layer": "<classifier.3",
    "image_min_dim": 32,
}
MODELS = {
    "tiny-any-size": SQUEEZENET,
    "tiny-one-size": SQUEEZENET | {"image_size": [48, 48]},
    "tiny-no-embeddings": {
        key: value for key, value in SQUEEZENET.items() if not key.startswith("embeddings")
    },
    "tiny-broken": SQUEEZENET | {"entrypoint_fcn": "torchvision.models.no_such_model"},
}


@pytest.fixture(scope="module", autouse=True)
def manifest(tmp_path_factory):
    """The models above in the zoo."""
    entries = [
        {
            "base_name": name,
            "tags": ["embeddings"],
            "default_deployment_config_dict": {
                "type": "fiftyone.utils.torch.TorchImageModel",
                "config": config,
            },
            "date_added": "2026-01-01 00:00:00",
        }
        for name, config in MODELS.items()
    ]
    path = tmp_path_factory.mktemp("zoo") / "manifest.json"
    path.write_text(json.dumps({"models": entries}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fo.config, "model_zoo_manifest_paths", [str(path)])
        yield


@pytest.fixture(scope="module")
def encoder(manifest) -> ZooEncoder:
    return ZooEncoder("tiny-any-size")


@pytest.mark.parametrize("name", ["tiny-any-size", "tiny-one-size"])
def test_images_of_different_sizes_become_unit_rows(name):
    encoder = ZooEncoder(name)
    result = encoder.embed_images([Image.new("RGB", (40, 60), "red"), Image.new("RGB", (300, 5), "blue")])

    assert result.errors == {}
    assert result.vectors.shape == (2, encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(result.vectors, axis=1), 1, rtol=1e-5)


def test_the_vectors_are_those_of_fiftyone():
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    encoder = ZooEncoder("tiny-one-size")
    with encoder._model:
        expected = encoder._model.embed(noise).ravel()

    found = encoder.embed_images([noise]).vectors[0]

    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-6)


def test_large_photos_are_cropped_to_the_size_that_dino_is_evaluated_on(encoder):
    assert encoder.preprocess(Image.new("RGB", (4000, 3000))).shape == (224, 224, 3)


def test_a_bad_image_costs_only_itself(encoder, tmp_path):
    result = encoder.embed_images([tmp_path / "missing.png", Image.new("RGB", (40, 60), "red")])

    assert list(result.errors) == [0]
    assert result.vectors[1].any()


def test_the_registry_loads_a_zoo_model_by_name():
    assert load_encoder("zoo:tiny-any-size", cache=False).name == "zoo:tiny-any-size"


def test_the_version_tells_models_apart(encoder):
    assert encoder.version != ZooEncoder("tiny-one-size").version
    assert encoder.version == ZooEncoder("tiny-any-size").version


def test_texts_are_refused_with_the_way_out(encoder):
    with pytest.raises(InputError, match="zoo:tiny-any-size embeds only images: take it as second_encoder"):
        encoder.embed_texts(["a cat"])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("dinov2-vits14", "no model 'dinov2-vits14'; did you mean 'dinov2-vits14-torch'"),
        ("tiny-no-embeddings", "does not embed images"),
        ("tiny-broken", "cannot load 'tiny-broken'"),
    ],
)
def test_a_model_that_cannot_serve_is_refused_in_one_sentence(name, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        ZooEncoder(name)
    assert "\n" not in str(caught.value)
