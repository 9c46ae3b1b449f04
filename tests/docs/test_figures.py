"""The page with figures quotes the numbers of the run that the figures are drawn from."""

import runpy

from .conftest import ROOT


def test_the_numbers_of_the_page_are_those_of_the_run(capsys):
    summary = runpy.run_path(str(ROOT / "docs" / "make_figures.py"))["run"]()
    text = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    shares = (summary.truth.zero_shot_accuracy, summary.truth.accuracy, summary.expected_accuracy)
    assert [f"{share:.1%}" for share in shares if f"{share:.1%}" not in text] == [], (
        "Run: python docs/make_figures.py, and correct docs/how-it-works.md"
    )
    assert capsys.readouterr().out.startswith(f"{summary.images} photos, {len(summary.classes)} classes")
    assert f"{summary.images} photos" in text
