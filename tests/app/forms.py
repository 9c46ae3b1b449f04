"""What a person does with any form of the App."""

from playwright.sync_api import Locator, expect

MOST_TRIES = 20
CHECKBOX = {"x": 20, "y": 18}
"""Where a sample in the grid is selected, in pixels from its corner."""


def type_classes(form: Locator, classes: list[str]) -> None:
    for name in classes:
        add_class(form, name)
    for name in classes:
        expect(form.get_by_role("button", name=name, exact=True)).to_be_visible()


def add_class(form: Locator, name: str) -> None:
    """Enter a name, again if the form was just coming back from the server and forgot it."""
    field = form.get_by_role("combobox").first
    chip = form.get_by_role("button", name=name, exact=True)
    for _ in range(MOST_TRIES):
        field.fill(name)
        field.press("Enter")
        form.page.wait_for_timeout(500)
        if chip.is_visible():
            return
    raise AssertionError(f"The form did not keep the class {name!r}.")


def choose_encoder(form: Locator, name: str) -> None:
    field = form.get_by_role("combobox").nth(1)
    field.click()
    field.press("ControlOrMeta+a")
    field.press_sequentially(name)
    field.press("Enter")
    expect(field).to_have_value(name)


def execute(form: Locator) -> None:
    """Press "Execute" once it stands beside its menu: before that the App draws it anew, and loses clicks."""
    button = form.get_by_role("group", name="split button").get_by_role("button", name="Execute")
    expect(form.get_by_role("progressbar")).to_have_count(0)  # the form is being checked
    expect(button).to_be_enabled()
    button.click()
