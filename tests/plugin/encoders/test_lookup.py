"""The nearest name, the fingerprint of files, and whether weights can be had."""

import socket
import time

import pytest
from fiftyone_autolabel.plugin.encoders.lookup import Weights, fingerprint, locate_weights, nearest


@pytest.mark.parametrize(
    ("typed", "meant"), [("vit-b32", "ViT-B-32"), ("OFLINE", "offline"), ("zzz", "zebra")]
)
def test_the_nearest_name_is_found_whatever_its_case(typed, meant):
    assert nearest(typed, ["ViT-B-32", "ViT-B-16", "offline", "zebra"]) == meant


def test_the_fingerprint_of_a_folder_changes_with_any_file_in_it(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "weights.bin").write_bytes(b"12")
    before = fingerprint(tmp_path)

    (tmp_path / "sub" / "weights.bin").write_bytes(b"123")

    assert fingerprint(tmp_path) != before
    assert len(before) == 12


def test_the_fingerprint_of_an_untouched_file_stays(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"12")

    assert fingerprint(path) == fingerprint(path)


def test_weights_in_the_hubs_cache_are_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--us--tiny" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "old.bin").write_bytes(b"")
    (tmp_path / "models--us--tiny" / "refs").mkdir()
    (tmp_path / "models--us--tiny" / "refs" / "main").write_text("abc")

    assert locate_weights("us/tiny", ["new.safetensors", "old.bin"]) is Weights.ON_DISK


def test_a_network_that_never_answers_costs_only_the_time_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            f"http://127.0.0.1:{silent.getsockname()[1]}/{{repo_id}}/{{revision}}/{{filename}}",
        )
        start = time.monotonic()
        found = locate_weights("us/tiny", ["a.bin", "b.bin"], seconds=0.5)

    assert found is Weights.OUT_OF_REACH
    assert time.monotonic() - start < 3
