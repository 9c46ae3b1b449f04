"""Saved files that are cut off or flipped are refused in one sentence, or read as they were."""

import json
import zipfile
from collections.abc import Callable
from contextlib import nullcontext

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, compare_runs, delete_run, label_files, load_run
from fiftyone_autolabel.plugin.cli.settings import read_settings
from fiftyone_autolabel.plugin.dataset.internals import database, run_documents
from fiftyone_autolabel.plugin.encoders.vector_store import VectorStore
from fiftyone_autolabel.plugin.report.prototypes import load_prototypes
from fiftyone_autolabel.plugin.system.manifest import read_manifest
from hypothesis import HealthCheck, given, settings, strategies as st

X = np.eye(4)[np.arange(12) % 2] + 0.1 * np.random.default_rng(0).normal(size=(12, 4))
VECTORS = {"embeddings": X, "text_embeddings": np.eye(4)[:2]}
CLASSES = ["even", "odd"]
IN_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
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
        text=st.one_of(st.text(max_size=60), st.sampled_from(["[" * 400, "a: 2001-99-99", "{" * 400, "a = "]))
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
    KINDS = ("cut off", "not JSON", "other arrays", "no summary", "no content", "gone")

    @pytest.fixture(scope="class")
    def dataset(self):
        """Twelve samples that two runs labelled."""
        dataset = fo.Dataset()
        dataset.add_samples([fo.Sample(filepath=f"/photos/{number}.jpg") for number in range(12)])
        for key in ("first", "second"):
            auto_label(dataset, CLASSES, run_key=key, **VECTORS)
        yield dataset
        dataset.delete()

    @pytest.fixture(scope="class")
    def spoil(self, dataset):
        """Damage what a run saved, in one of `KINDS`."""
        files, chunks = database().fs.files, database().fs.chunks
        places = {key: run_documents(dataset).filter(key=key).first().results for key in dataset.list_runs()}
        saved = {key: json.loads(place.fs.get(place.grid_id).read()) for key, place in places.items()}

        def spoil(key: str, kind: str) -> None:
            whole, number = saved[key], places[key].grid_id
            other = whole["outcome"] | {"labels": whole["outcome"]["sample_ids"]}
            content = {
                "cut off": json.dumps(whole)[:500],
                "not JSON": "\0" * 300,
                "other arrays": json.dumps(whole | {"outcome": other}),
                "no summary": json.dumps(whole | {"summary": {}}),
            }.get(kind)
            chunks.delete_many({"files_id": number})
            if content is not None:
                length = {"length": len(content), "chunkSize": 1 << 22}
                files.update_one({"_id": number}, {"$set": length})
                chunks.insert_one({"files_id": number, "n": 0, "data": content.encode()})
            if kind == "gone":
                files.delete_one({"_id": number})

        return spoil

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_run_without_what_it_saved_is_refused_in_a_sentence(self, dataset, spoil, kind):
        spoil("first", kind)

        sentence = "What run 'first' saved is (damaged|not in the database): delete it, and label again"
        with pytest.raises(InputError, match=sentence):
            load_run(dataset, "first").to_frame()
        with nullcontext() if kind == "no summary" else pytest.raises(InputError, match=sentence):
            compare_runs(dataset, "first", "second")

    def test_such_runs_can_be_deleted(self, dataset, spoil):
        spoil("first", "gone")
        spoil("second", "cut off")

        for key in ("first", "second"):
            assert delete_run(dataset, key).key == key
        assert dataset.list_runs() == []
