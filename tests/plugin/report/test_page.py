"""The page needs no network, shows every figure in a browser, and runs nothing that a class name says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fiftyone_autolabel.plugin.report.page import html_report
from fiftyone_autolabel.plugin.report.plots import all_plots
from playwright.sync_api import Browser, Page, expect, sync_playwright


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that Playwright downloads where there is none."""
    system_chromium = Path("/usr/bin/chromium")
    path = str(system_chromium) if system_chromium.exists() else None
    arguments = ["--no-sandbox", "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def open_page(browser: Browser, text: str, folder, *, width: int = 1280, theme: str = "light") -> Page:
    """Open a report from the disk; `problems` collects errors, dialogs and requests to anywhere."""
    (folder / "report.html").write_text(text, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("dialog", lambda dialog: page.problems.append(dialog.message))
    page.on("request", lambda request: request.url.startswith("http") and page.problems.append(request.url))
    page.goto((folder / "report.html").as_uri())
    page.locator(".js-plotly-plot .xtick").last.wait_for()
    return page


def test_every_figure_is_drawn_without_errors_or_requests(run, browser, tmp_path):
    page = open_page(browser, html_report(run.judged), tmp_path)
    assert page.locator(".js-plotly-plot").count() == len(all_plots(run.judged))
    assert page.problems == []


def test_names_that_are_scripts_are_shown_and_not_run(nasty, browser, tmp_path):
    page = open_page(browser, html_report(nasty.judged, title="<img src=x onerror=alert(1)>"), tmp_path)
    assert page.problems == []
    assert page.locator("h1").inner_text() == "<img src=x onerror=alert(1)>"
    assert page.get_by_role("cell", name="</script><script>alert(1)</script>").count() > 0


@pytest.mark.parametrize(("theme", "ground"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(27, 29, 32)")])
def test_page_and_figures_follow_the_theme_of_the_reader(run, browser, tmp_path, theme, ground):
    page = open_page(browser, html_report(run.summary), tmp_path, theme=theme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    text = page.evaluate("getComputedStyle(document.body).color")
    assert page.evaluate("getComputedStyle(document.querySelector('.xtick text')).fill") == text


def test_figures_follow_a_change_of_theme(run, browser, tmp_path):
    page = open_page(browser, html_report(run.summary), tmp_path)
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".xtick text").first).to_have_css("fill", "rgb(230, 230, 230)")
    assert page.problems == []


@pytest.mark.parametrize("width", [700, 1280, 1920])
@pytest.mark.parametrize("name", ["run", "nasty"])
def test_no_words_on_an_axis_are_cut_off(name, width, browser, tmp_path, request):
    page = open_page(browser, html_report(request.getfixturevalue(name).judged), tmp_path, width=width)
    outside = page.evaluate(
        """[...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
            const frame = plot.getBoundingClientRect();
            return [...plot.querySelectorAll('text')]
                .map(text => [text.textContent, text.getBoundingClientRect()])
                .filter(([_, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
                    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
                .map(([words]) => words);
        })"""
    )
    assert outside == []


def test_what_is_expected_is_not_called_true(run):
    assert "These labels were not compared with a ground truth" in html_report(run.summary)
    assert "These labels were not compared with a ground truth" not in html_report(run.judged)
