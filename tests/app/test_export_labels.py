"""A person exports labels in the App: opens the form, names a folder, reads where the files are."""

import fiftyone as fo
import pytest
from playwright.sync_api import Locator, Page, expect

from .forms import execute, open_form


@pytest.fixture
def form(dataset: fo.Dataset, page: Page) -> Locator:
    """The form of Export labels, opened from the list of operators."""
    form = open_form(page, "Export labels")
    expect(form.get_by_text("New folder on the machine")).to_be_visible()
    return form


def test_a_folder_of_something_else_is_refused_in_the_form(form, tmp_path, screenshot):
    (tmp_path / "thesis.tex").touch()
    form.get_by_role("textbox").first.fill(str(tmp_path))
    expect(form.get_by_text("exists: choose another folder, or overwrite it")).to_be_visible()
    expect(form.get_by_role("button", name="Execute")).to_be_disabled()
    screenshot("export-form-with-an-error")


def test_class_folders_are_written_and_their_place_is_shown(form, tmp_path, screenshot):
    form.get_by_role("textbox").first.fill(str(tmp_path / "out"))
    execute(form)
    expect(form.page.get_by_role("dialog")).to_contain_text(str(tmp_path / "out"))
    assert (tmp_path / "out" / "manifest.json").exists()
    screenshot("export-done")
