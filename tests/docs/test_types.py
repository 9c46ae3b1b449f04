"""An editor knows what the first example of the README returns, and what it takes."""

import sys

from mypy import api

from .conftest import ROOT, blocks


def test_the_example_of_the_readme_is_typed(tmp_path, monkeypatch):
    (tmp_path / "fiftyone_autolabel").symlink_to(ROOT, target_is_directory=True)
    example = tmp_path / "example.py"
    example.write_text(f"{blocks(ROOT / 'README.md', 'python')[0]}\nreveal_type(labelling)\n")
    monkeypatch.setenv("MYPYPATH", str(tmp_path))
    cache = ROOT / ".cache" / "mypy"
    options = ["--ignore-missing-imports", "--follow-imports=silent", f"--cache-dir={cache}"]
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    config = [f"--config-file={tmp_path / 'mypy.ini'}", f"--python-executable={sys.executable}"]
    told, errors, status = api.run([*options, *config, str(example)])
    assert (errors, status) == ("", 0), told
    assert 'Revealed type is "fiftyone_autolabel.plugin.run.results.FinishedRun"' in told
