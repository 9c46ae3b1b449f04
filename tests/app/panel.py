"""What a person does with the panel of the App: open it, choose a tab, look at figures."""

import re
from collections.abc import Sequence
from contextlib import suppress

from playwright.sync_api import Error as PlaywrightError, Locator, Page

MOST_TRIES, SECONDS_A_TRY = 12, 5

FIGURES_FILL_THEIR_PLACES = """() => [...document.querySelectorAll(".js-plotly-plot")].every(
    one => one._fullLayout && Math.abs(one._fullLayout.width - one.clientWidth) < 2
)"""

UNREADABLE = """one => [...one.querySelectorAll(".js-plotly-plot")].flatMap(plot => {
    const frame = plot.getBoundingClientRect();
    const place = words => [words.textContent, words.getBoundingClientRect()];
    const isOutside = ([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
    const overlap = ([, a], [, b]) => a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    const outside = [...plot.querySelectorAll("text")].map(place).filter(isOutside);
    const axes = [...plot.querySelectorAll(".xaxislayer-above, .yaxislayer-above")];
    const ticks = axes.map(axis => [...axis.querySelectorAll("text")].map(place));
    const overlapping = ticks.flatMap(on => on.filter((tick, at) => at && overlap(on[at - 1], tick)));
    return [...outside, ...overlapping].map(([words]) => words);
})"""

CONTRAST = """words => {
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const luminance = colour => {
        const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        const [red, green, blue] = numbers(colour).slice(0, 3).map(c => linear(c / 255));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = one => {
        const colour = getComputedStyle(one).backgroundColor;
        return numbers(colour)[3] === 0 && one.parentElement ? behind(one.parentElement) : colour;
    };
    const both = [getComputedStyle(words).fill, behind(words.closest(".js-plotly-plot"))].map(luminance);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""


def open_panel(page: Page, words: str = "Did it converge?") -> Locator:
    """The panel, opened beside the grid, when it shows some words."""
    panel = page.locator("[data-cy=panel-content-auto_label_panel]")
    option = page.locator("[data-cy=new-panel-option-auto_label_panel]")
    shown = panel.get_by_text(words).first
    for _ in range(MOST_TRIES):  # what the server still has to send closes panels, and the list of them
        with suppress(PlaywrightError):
            if not panel.count():
                if not option.count():
                    page.locator("[data-cy=new-panel-btn]").first.click()
                option.click(timeout=1000 * SECONDS_A_TRY)
            shown.wait_for(timeout=1000 * SECONDS_A_TRY)
            return panel
    shown.wait_for()
    return panel


def choose_tab(panel: Locator, name: str, words: str | re.Pattern) -> None:
    """Open a tab and wait for words that it alone has.

    Before it waits, Playwright's `expect` describes the whole page for a message, which takes longer.
    """
    panel.get_by_role("tab", name=name).click()
    panel.get_by_text(words).first.wait_for()


def drawn(panel: Locator, name: str, number: int = 0) -> Locator:
    """An area of the figures of a tab, by default the first, drawn."""
    panel.get_by_text(name).first.wait_for()
    area = panel.locator(".js-plotly-plot .nsewdrag").nth(number)
    area.scroll_into_view_if_needed()
    wait_for_figures(panel)
    return area


def wait_for_figures(panel: Locator) -> None:
    """Wait until every figure is drawn in its final size, which comes after its words."""
    panel.page.wait_for_function(FIGURES_FILL_THEIR_PLACES)


def read_tab(panel: Locator, name: str, words: str | re.Pattern, widths: Sequence[int]) -> None:
    """Open a tab and read it in windows of some widths.

    Nothing sticks out, is cut off, or lies on the words before it on its axis.
    """
    choose_tab(panel, name, words)
    for width in widths:
        panel.page.set_viewport_size(panel.page.viewport_size | {"width": width})
        wait_for_figures(panel)
        assert panel.evaluate("one => one.scrollWidth <= one.clientWidth")
        unreadable = panel.evaluate(UNREADABLE)
        assert not unreadable, unreadable


def contrast_of_words(panel: Locator) -> float:
    """Contrast ratio (WCAG 2.1) of the words in the first figure, in [1, 21]."""
    return panel.locator(".js-plotly-plot text").first.evaluate(CONTRAST)


def press(panel: Locator, button: str) -> Locator:
    """The form that a button of the panel opens."""
    panel.get_by_role("button", name=button, exact=True).click()
    return panel.page.locator("[data-cy=operators-prompt-modal]")


def number_of_samples(page: Page, count: int) -> Locator:
    """What the grid says when it shows so many samples."""
    return page.get_by_text(f"{count} sample{'' if count == 1 else 's'}", exact=True)
