"""What is on its way in and what failed, beside a closed drawer, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag.wiring import Application

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM  # noqa: E402
from tests.ui.test_browser_intake import DROP  # noqa: E402
from tests.ui.workbench import HeldEmbedder, HeldOcr, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

BRIGHTNESS = """element => {
  const of = colour => {
    const channels = colour.match(/[\\d.]+/g).slice(0, 3).map(each => each / 255)
      .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4);
    return .2126 * channels[0] + .7152 * channels[1] + .0722 * channels[2];
  };
  const style = getComputedStyle(element);
  const [one, other] = [of(style.color), of(style.backgroundColor)];
  return (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
}"""


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder), ocr=HeldOcr())


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(20_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address)
        expect(page.locator("#outcomes")).to_be_attached()
        yield page
        page.close()
        assert faults == []


def add(page: Page, *files: tuple[str, str]) -> None:
    page.evaluate(DROP, files)


def test_a_phone_says_what_is_taken_in_while_the_drawer_is_closed(
    page: Page, bench: Workbench
) -> None:
    line = page.locator("#underway")
    expect(line).not_to_be_visible()
    bench.reader.gate.shut()
    add(page, ("a.txt", "The tern has two eggs."), ("b.txt", "The gull has three eggs."))

    expect(line).to_have_text("2 files being read")
    expect(line).to_be_in_viewport()
    expect(page.get_by_role("status").filter(has_text="2 files being read.")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    bench.embedder.gate.shut()
    bench.reader.gate.let(1)
    expect(line).to_have_text("1 file being read")
    bench.reader.gate.let()
    expect(line).to_have_text("2 files ready by words, meaning to come")
    bench.embedder.gate.let()
    expect(line).not_to_be_visible()


def test_failures_are_told_until_they_were_seen(page: Page, bench: Workbench) -> None:
    line = page.get_by_role("button", name="Show the documents.")
    add(page, ("empty.txt", ""))
    expect(line).to_have_text("1 file not read")
    bench.reader.gate.shut()
    add(page, ("a.txt", "The tern has two eggs."))
    expect(line).to_have_text("1 file being read, 1 not read")
    bench.reader.gate.let()
    expect(line).to_have_text("1 file not read")
    page.reload()
    expect(line).to_have_text("1 file not read")

    page.get_by_role("button", name="Documents", exact=True).focus()
    page.keyboard.press("Tab")
    line.focus()
    page.keyboard.press("Enter")

    expect(page.locator("li.doc", has_text="empty.txt").first).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#underway")).not_to_be_visible()
    page.reload()
    expect(page.locator("#outcomes")).to_be_attached()
    expect(page.locator("#underway")).not_to_be_visible()


def test_a_file_that_was_not_sent_is_told_too(page: Page) -> None:
    page.route("**/documents?name=**", lambda route: route.abort())
    add(page, ("a.txt", "The tern has two eggs."))

    expect(page.locator("#underway")).to_have_text("1 file not read")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_in_both_themes(page: Page, bench: Workbench, theme: str) -> None:
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    bench.reader.gate.shut()
    add(page, ("a.txt", "The tern has two eggs."))
    line = page.locator("#underway")
    expect(line).to_have_text("1 file being read")

    assert line.evaluate(BRIGHTNESS) > 4.5
    line.evaluate("line => { line.dataset.failed = ''; }")
    assert line.evaluate(BRIGHTNESS) > 4.5
    bench.reader.gate.let()


def test_beside_the_documents_nothing_is_said_twice(page: Page, bench: Workbench) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    bench.reader.gate.shut()
    add(page, ("a.txt", "The tern has two eggs."))
    expect(page.locator("#outcomes")).to_have_attribute("data-reading", "1")

    expect(page.locator("#underway")).not_to_be_visible()
    expect(page.locator("#underway-said")).to_have_text("")
    bench.reader.gate.let()
