"""Settings as options and as a file are those of the dataclass."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from fiftyone_autolabel import InputError, Settings
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.cli.settings import chosen_settings, read_settings
from typer.testing import CliRunner


def test_every_setting_is_an_option_of_label():
    shown = CliRunner().invoke(app, ["label", "--help"], env={"COLUMNS": "200"}).stdout
    options = {f"--{field.name.replace('_', '-')}" for field in fields(Settings)}
    assert options <= set(re.findall(r"--[a-z-]+", shown))


@pytest.fixture
def file(tmp_path) -> Path:
    """A settings file."""
    path = tmp_path / "settings.yaml"
    path.write_text("min_cluster_size: 7\niterations: 3\n")
    return path


def test_options_go_over_the_file_the_file_over_the_preset_and_that_over_the_defaults(file):
    given = {"iterations": 2, "seed": None}
    settings = chosen_settings("medium", file, given)
    assert settings == Settings(clustering="hdbscan", min_cluster_size=7, iterations=2)


def test_toml_says_the_same_as_yaml(file, tmp_path):
    toml = tmp_path / "settings.toml"
    toml.write_text("min_cluster_size = 7\niterations = 3\n")
    assert read_settings(toml) == read_settings(file)


def test_an_empty_file_changes_nothing(file):
    file.write_text("# nothing yet\n")
    assert chosen_settings("auto", file, {}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("settings.yaml", "itertions: 3", "Unknown setting 'itertions'.*did you mean 'iterations'"),
        ("settings.yaml", "iterations: many", "Setting iterations is 'many' but must be a whole number"),
        ("settings.yaml", "a: [", "it cannot be read"),
        ("settings.yaml", "- iterations", "it must have one setting per line"),
        ("settings.yaml", "!!python/object/apply:os.getcwd []", "it cannot be read"),
        ("settings.toml", "iterations: 3", "it cannot be read"),
        ("settings.ini", "", r"its name must end in \.yaml, \.yml or \.toml"),
    ],
)
def test_an_unusable_file_is_refused_in_one_sentence(tmp_path, name, text, sentence):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=sentence) as refusal:
        chosen_settings("auto", tmp_path / name, {})
    assert str(tmp_path / name) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="it cannot be read"):
        chosen_settings("auto", tmp_path / "none.yaml", {})
