"""The versions that are written down are those of what is installed."""

import fiftyone as fo
import numpy as np
from fiftyone_autolabel.plugin.system import versions
from fiftyone_autolabel.plugin.system.versions import package_versions


def test_every_package_has_its_version():
    found = package_versions("fiftyone")
    assert (found["fiftyone"], found["numpy"]) == (fo.__version__, np.__version__)
    assert {"fiftyone-autolabel", "scipy", "scikit-learn"} <= found.keys()


def test_a_plugin_that_was_downloaded_has_none(monkeypatch):
    monkeypatch.setattr(versions, "PACKAGES", ("no-such-package",))
    assert package_versions() == {"no-such-package": "not installed"}
