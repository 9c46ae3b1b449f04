"""Saved files that are cut off or flipped are refused in one sentence, or read as they were."""

import json
import zipfile
from collections.abc import Callable

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import (
    InputError,
    auto_label as run_auto_label,
    compare_runs,
    delete_run,
    label_files,
    load_run,
)
from fiftyone_autolabel.plugin.cli.settings import read_settings
from fiftyone_autolabel.plugin.dataset.internals import database, run_documents
from fiftyone_autolabel.plugin.encoders.vector_store import VectorStore
from fiftyone_autolabel.plugin.report.prototypes import load_prototypes
from fiftyone_autolabel.plugin.system.manifest import read_manifest
from hypothesis import HealthCheck, given, settings, strategies as st

X = np.eye(4)[np.arange(12) % 2] + 0.1 * np.random.default_rng(0).normal(size=(12, 4))
VECTORS = {"embeddings": X, "text_embeddings": np.eye(4)[:2]}
CLASSES = ["even", "odd"]
IN_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4)


def damaged(whole: bytes, flips: list[tuple[float, int]], kept: float) -> bytes:
    """Some bytes flipped, and what stands behind a place cut off."""
    data = bytearray(whole)
    for place, change in flips:
        data[int(place * len(data))] ^= change
    return bytes(data[: int(kept * len(data))])


def refusal(call: Callable[[], object]) -> str:
    """The sentence with which a call is refused, "" if it is not."""
    try:
        call()
    except InputError as error:
        return str(error)
    return ""


class TestPrototypes:
    @pytest.fixture(scope="class")
    def saved(self, tmp_path_factory):
        """The folder of a report."""
        run = label_files([f"{number}.jpg" for number in range(12)], CLASSES, **VECTORS)
        return run.report(tmp_path_factory.mktemp("saved") / "report")

    @pytest.mark.parametrize("name", ["classifier.npz", "class_prototypes.npy", "classes.json"])
    @given(flips=FLIPS, kept=st.floats(0, 1))
    @IN_FOLDER
    def test_a_damaged_file_is_refused_or_read(self, saved, tmp_path, name, flips, kept):
        for file in ("classifier.npz", "class_prototypes.npy", "classes.json"):
            (tmp_path / file).write_bytes((saved / file).read_bytes())
        (tmp_path / name).write_bytes(damaged((saved / name).read_bytes(), flips, kept))

        sentence = refusal(lambda: load_prototypes(tmp_path))

        assert str(tmp_path) in sentence or not sentence

    @pytest.mark.parametrize("kept", [0, 0.2, 0.5, 0.99])
    def test_a_cut_off_classifier_is_refused(self, saved, tmp_path, kept):
        for file in ("class_prototypes.npy", "classes.json"):
            (tmp_path / file).write_bytes((saved / file).read_bytes())
        (tmp_path / "classifier.npz").write_bytes(damaged((saved / "classifier.npz").read_bytes(), [], kept))

        with pytest.raises(InputError, match="cannot be read: save them again"):
            load_prototypes(tmp_path)

    @pytest.mark.parametrize(
        "change",
        [
            {"classes": "ab"},
            {"classes": [1, 2]},
            {"classes": ["a", "\udce9"]},
            {"encoder": 5},
            {"images": "many"},
            {"agreement": None},
            {"has_second_encoder": "no"},
        ],
    )
    def test_words_of_another_kind_are_refused(self, saved, tmp_path, change):
        for file in ("classifier.npz", "class_prototypes.npy"):
            (tmp_path / file).write_bytes((saved / file).read_bytes())
        words = json.loads((saved / "classes.json").read_text()) | change
        (tmp_path / "classes.json").write_text(json.dumps(words))

        with pytest.raises(InputError, match="cannot be read: save them again"):
            load_prototypes(tmp_path)


class TestSettings:
    @pytest.mark.parametrize("suffix", ["yaml", "toml"])
    @given(
        text=st.one_of(
            st.text(max_size=60), st.sampled_from(["[" * 1500, "a: 2001-99-99", "{" * 1500, "a = "])
        )
    )
    @IN_FOLDER
    def test_any_text_is_read_or_refused(self, tmp_path, suffix, text):
        file = tmp_path / f"settings.{suffix}"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))

        assert "\n" not in refusal(lambda: read_settings(file))


class TestManifest:
    @given(
        text=st.one_of(
            st.binary(max_size=60), st.sampled_from([b"[" * 100_000, b'{"files": 5}', b"null", b"[]"])
        )
    )
    @IN_FOLDER
    def test_any_content_is_foreign_in_a_folder_and_in_an_archive(self, tmp_path, text):
        folder, archive = tmp_path / "folder", tmp_path / "archive.zip"
        folder.mkdir(exist_ok=True)
        (folder / "manifest.json").write_bytes(text)
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("manifest.json", text)

        for path in (folder, archive):
            with pytest.raises(InputError, match="is not an earlier export"):
                read_manifest(path, "export")

    def test_a_manifest_that_grows_out_of_all_proportion_is_not_unpacked(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", b" " * 20_000_000)

        with pytest.raises(InputError, match="is not an earlier export"):
            read_manifest(tmp_path / "bomb.zip", "export")


class TestCache:
    def test_a_vector_that_was_damaged_is_computed_again(self, tmp_path):
        store = VectorStore(tmp_path / "vectors.sqlite3", 3)
        store.put({b"good": np.ones(3), b"bad": np.array([1, np.nan, 1])})

        assert list(store.get([b"good", b"bad"])) == [b"good"]


class TestResultsOfARun:
    @pytest.fixture
    def dataset(self):
        dataset = fo.Dataset()
        dataset.add_samples([fo.Sample(filepath=f"/photos/{number}.jpg") for number in range(12)])
        for key in ("first", "second"):
            run_auto_label(dataset, CLASSES, run_key=key, **VECTORS)
        yield dataset
        dataset.delete()

    @pytest.fixture(params=["gone", "no chunks", "cut off", "not JSON", "other arrays", "no summary"])
    def spoilt(self, request, dataset):
        """A dataset whose first run has lost what it saved."""
        saved = run_documents(dataset).filter(key="first").first().results
        files, chunks = database().fs.files, database().fs.chunks
        whole = json.loads(saved.fs.get(saved.grid_id).read())
        if request.param == "gone":
            saved.fs.delete(saved.grid_id)
            return dataset
        if request.param == "no chunks":
            chunks.delete_many({"files_id": saved.grid_id})
            return dataset
        content = {
            "cut off": json.dumps(whole)[:500],
            "not JSON": "\0" * 300,
            "other arrays": json.dumps(
                whole | {"outcome": whole["outcome"] | {"labels": whole["outcome"]["sample_ids"]}}
            ),
            "no summary": json.dumps(whole | {"summary": {}}),
        }[request.param].encode()
        chunks.delete_many({"files_id": saved.grid_id})
        files.update_one({"_id": saved.grid_id}, {"$set": {"length": len(content), "chunkSize": 1 << 22}})
        chunks.insert_one({"files_id": saved.grid_id, "n": 0, "data": content})
        return dataset

    def test_a_run_without_what_it_saved_is_refused_in_a_sentence_and_can_be_deleted(self, spoilt):
        sentence = "What run 'first' saved is (damaged|not in the database): delete it, and label again"
        with pytest.raises(InputError, match=sentence):
            load_run(spoilt, "first").to_frame()

        assert delete_run(spoilt, "first").key == "first"
        assert spoilt.list_runs() == ["second"]
        assert load_run(spoilt, "second").counts == {"even": 6, "odd": 6}

    def test_it_is_not_compared(self, spoilt, request):
        if "no summary" in request.node.name:
            pytest.skip("a comparison needs none")
        with pytest.raises(InputError, match="What run 'first' saved is"):
            compare_runs(spoilt, "first", "second")
