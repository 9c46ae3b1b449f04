"""Every figure becomes a PNG file where kaleido and a browser are there."""

import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.report import images
from fiftyone_autolabel.plugin.report.images import write_png
from fiftyone_autolabel.plugin.report.plots import all_plots
from PIL import Image


def test_every_figure_becomes_a_picture(nasty, tmp_path):
    files = write_png(tmp_path, nasty.judged)
    assert [file.stem for file in files] == [plot.name for plot in all_plots(nasty.judged)]
    for file in files:
        with Image.open(file) as picture:
            assert picture.width == images.WIDTH * images.SCALE
            assert len(set(picture.convert("L").getdata())) > 2


def test_without_kaleido_one_sentence_says_what_to_install(nasty, tmp_path, monkeypatch):
    monkeypatch.setattr(images, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install 'kaleido>=1'"):
        write_png(tmp_path, nasty.summary)
