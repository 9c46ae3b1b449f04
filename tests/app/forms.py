"""What a person does with any form of the App."""

from playwright.sync_api import Locator, expect


def execute(form: Locator) -> None:
    """Press "Execute" once it stands beside its menu: before that the App draws it anew, and loses clicks."""
    button = form.get_by_role("group", name="split button").get_by_role("button", name="Execute")
    expect(form.get_by_role("progressbar")).to_have_count(0)  # the form is being checked
    expect(button).to_be_enabled()
    button.click()
