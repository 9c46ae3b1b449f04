"""What a person does with any form of the App."""

from playwright.sync_api import Locator, Page, expect

MOST_TRIES = 20
CHECKBOX = {"x": 20, "y": 18}
"""Where a sample in the grid is selected, in pixels from its corner."""


def open_form(page: Page, operator: str) -> Locator:
    """The form of an operator, opened from the list of all operators."""
    page.keyboard.press("`")
    listed = page.locator("[data-cy=operators-browser]")
    page.locator("[data-cy=operators-browser-search]").fill(operator)
    listed.get_by_text(operator, exact=True).click()
    return page.locator("[data-cy=operators-prompt-modal]")


def class_field(form: Locator) -> Locator:
    """The text for class names in the form of Auto-label."""
    return form.locator("textarea:not([aria-hidden])").first


def type_classes(form: Locator, classes: list[str]) -> None:
    """Enter class names, a line each, into the form of Auto-label, and wait until they were read."""
    class_field(form).fill("\n".join(classes))
    form.page.wait_for_timeout(500)
    expect(form.get_by_role("progressbar")).to_have_count(0)  # the form is being checked


def open_more(form: Locator) -> None:
    """Show the further options of Auto-label."""
    form.get_by_role("switch").or_(form.get_by_role("checkbox")).first.click()
    expect(form.get_by_text("Run key", exact=True)).to_be_visible()


def field_of(form: Locator, label: str) -> Locator:
    """The input below a label."""
    return form.get_by_text(label, exact=True).locator("xpath=following::input[1]")


def add_to(field: Locator, value: str) -> None:
    """Enter a value into a list, again if the form was just coming back from the server and forgot it."""
    chip = field.page.get_by_role("dialog").get_by_role("button", name=value, exact=True)
    for _ in range(MOST_TRIES):
        field.fill(value)
        field.press("Enter")
        field.page.wait_for_timeout(500)
        if chip.is_visible():
            return
    raise AssertionError(f"The form did not keep {value!r}.")


def choose_encoder(form: Locator, name: str) -> None:
    """Take another encoder than the one that the form of Auto-label suggests."""
    field = field_of(form, "Encoder")
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
