"""FiftyOne finds the plugin after an installation, exactly once, and loads it without errors."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import fiftyone as fo
import pytest
from fiftyone_autolabel.plugin.engine.errors import InputError
from fiftyone_autolabel.plugin.system.install import PACKAGE_FOLDER, PLUGIN_NAME, install, uninstall

LIST_OPERATORS = """
import json
from fiftyone.operators.registry import OperatorRegistry
registry = OperatorRegistry()
operators = [operator.uri for operator in registry.list_operators(builtin=False)]
print(json.dumps([registry.list_errors(), operators]))
"""

DOWNLOAD = """
import sys
from fiftyone.plugins import download_plugin
download_plugin(sys.argv[1])
"""


@pytest.fixture
def plugins_dir(tmp_path, monkeypatch) -> Path:
    """An empty plugins folder."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.setattr(fo.config, "plugins_dir", str(folder))
    return folder


@pytest.fixture
def without_links(monkeypatch):
    """A Windows on which only administrators may make symbolic links."""

    def refuse(*_, **__):
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)


def _python(code: str, *arguments: str, plugins_dir: Path) -> str:
    """Run code in a process of its own, as FiftyOne keeps the modules of a plugin."""
    environment = os.environ | {"FIFTYONE_PLUGINS_DIR": str(plugins_dir)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def _errors_and_operators(plugins_dir: Path) -> tuple[list, list[str]]:
    errors, operators = json.loads(_python(LIST_OPERATORS, plugins_dir=plugins_dir).splitlines()[-1])
    return errors, operators


def _copy_plugin(place: Path) -> Path:
    place.mkdir(parents=True)
    (place / "fiftyone.yml").write_text(f'name: "{PLUGIN_NAME}"\n')
    return place


def test_an_installed_plugin_loads_without_errors(plugins_dir):
    install()
    errors, operators = _errors_and_operators(plugins_dir)
    assert (errors, f"{PLUGIN_NAME}/auto_label" in operators) == ([], True)


def test_installing_links_the_package(plugins_dir):
    place = install().plugin
    assert (place, place.is_symlink(), place.resolve()) == (plugins_dir / PLUGIN_NAME, True, PACKAGE_FOLDER)


def test_installing_twice_changes_nothing(plugins_dir):
    assert [install().is_new, install().is_new] == [True, False]


def test_a_checkout_inside_the_plugins_folder_is_installed_already(plugins_dir):
    (plugins_dir / "my-clone").symlink_to(PACKAGE_FOLDER)
    done = install()
    assert (done.is_new, done.plugin) == (False, plugins_dir / "my-clone")


def test_a_link_that_leads_nowhere_is_replaced(plugins_dir, tmp_path):
    place = plugins_dir / PLUGIN_NAME
    place.parent.mkdir()
    place.symlink_to(tmp_path / "deleted")
    assert install().plugin.resolve() == PACKAGE_FOLDER


def test_a_link_to_an_earlier_checkout_is_turned_to_this_one(plugins_dir, tmp_path):
    earlier = _copy_plugin(tmp_path / "earlier")
    place = plugins_dir / PLUGIN_NAME
    place.parent.mkdir()
    place.symlink_to(earlier)
    assert install().plugin.resolve() == PACKAGE_FOLDER
    assert (earlier / "fiftyone.yml").is_file()


def test_another_copy_of_the_plugin_is_named_and_nothing_is_installed(plugins_dir):
    copy = _copy_plugin(plugins_dir / "downloaded")
    with pytest.raises(InputError, match=f"another copy of the plugin in {copy}"):
        install()
    assert not (plugins_dir / PLUGIN_NAME).exists()


def test_a_folder_in_the_way_is_left_alone(plugins_dir):
    (plugins_dir / PLUGIN_NAME).mkdir(parents=True)
    with pytest.raises(InputError, match="exists but is not a plugin"):
        install()


def test_where_links_are_impossible_the_package_is_copied(plugins_dir, without_links):
    place = install().plugin
    assert (place.is_symlink(), (place / "plugin" / "system" / "install.py").is_file()) == (False, True)


def test_a_copy_is_refreshed_by_the_next_installation(plugins_dir, without_links):
    stale = install().plugin / "plugin" / "stale.py"
    stale.write_text("")
    assert (install().is_new, stale.exists()) == (False, False)


def test_uninstalling_removes_the_link_and_keeps_the_package(plugins_dir):
    place = install().plugin
    assert (uninstall(), place.exists(), PACKAGE_FOLDER.is_dir()) == (place, False, True)


def test_uninstalling_removes_a_copy(plugins_dir):
    copy = _copy_plugin(plugins_dir / PLUGIN_NAME)
    assert (uninstall(), copy.exists()) == (copy, False)


def test_uninstalling_what_is_not_there_does_nothing(plugins_dir):
    assert uninstall() is None


def test_a_repository_is_never_deleted(plugins_dir):
    clone = _copy_plugin(plugins_dir / PLUGIN_NAME)
    (clone / ".git").mkdir()
    with pytest.raises(InputError, match="is a repository"):
        uninstall()
    assert (clone / "fiftyone.yml").is_file()


def test_fiftyone_downloads_the_plugin_from_an_archive(plugins_dir, tmp_path):
    ignored = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(PACKAGE_FOLDER, tmp_path / "served" / "repository", ignore=ignored)
    shutil.make_archive(str(tmp_path / "served" / "plugin"), "zip", tmp_path / "served", "repository")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/plugin.zip"
        _python(DOWNLOAD, url, plugins_dir=plugins_dir)
        server.shutdown()
    errors, operators = _errors_and_operators(plugins_dir)
    assert (errors, f"{PLUGIN_NAME}/auto_label" in operators) == ([], True)
