"""Making, choosing, emptying and deleting libraries in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.wiring import Application
from tests.builders import paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, QUESTION, QUOTE, ask, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder))


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        yield page


def make(page: Page, name: str) -> None:
    page.click("#libraries summary")
    page.fill("#libraries [data-event='make'] input", name)
    page.click("#libraries [data-event='make'] button")
    expect(page.locator("#libraries summary")).to_have_attribute("aria-label", f"Library: {name}")


def choose(page: Page, name: str) -> None:
    page.click("#libraries summary")
    page.locator("#libraries [data-event='library']", has_text=name).click()
    expect(page.locator("#libraries summary")).to_have_attribute("aria-label", f"Library: {name}")


def add(page: Page, folder: Path, name: str, *sentences: str) -> None:
    path = folder / name
    path.write_bytes(pdf([paragraph(*sentences)]))
    page.set_input_files("#files", path)
    expect(page.locator("li.doc[data-id]")).to_have_count(1)
    expect(page.locator("li.doc.job")).to_have_count(0)


def test_one_library_is_a_quiet_word_below_the_documents(page: Page) -> None:
    summary = page.locator("#libraries summary")
    expect(summary).to_have_text("Library: documents")
    below, above = summary.bounding_box(), page.locator("#documents").bounding_box()
    assert below is not None
    assert above is not None
    assert below["y"] >= above["y"] + above["height"]
    summary.click()
    expect(page.locator("#libraries [data-event='library']")).to_have_count(0)
    expect(page.locator("#libraries [data-confirm='unmake']")).to_have_count(0)


def test_a_file_goes_into_the_library_that_is_chosen_and_is_asked_there(
    page: Page, tmp_path: Path, bench: Workbench
) -> None:
    make(page, "Coast")
    add(page, tmp_path, "harbours.pdf", QUOTE)
    ask(page, QUESTION)
    expect(page.locator("#thread .turn .a")).to_contain_text("forty-one")
    # The conversation is about this library, and stays with it when the tab is loaded again.
    page.reload()
    expect(page.locator("#thread .turn .a")).to_contain_text("forty-one")
    expect(page.locator("#libraries summary")).to_have_attribute("aria-label", "Library: Coast")
    choose(page, "documents")
    expect(page.locator("#thread .turn")).to_have_count(0)
    expect(page.locator("li.doc[data-id]")).to_have_count(0)
    page.reload()
    expect(page.locator("#libraries summary")).to_have_attribute("aria-label", "Library: documents")
    expect(page.locator("#thread .turn")).to_have_count(0)
    # It is there again for whoever comes back, and goes on.
    choose(page, "Coast")
    expect(page.locator("#thread .turn .a")).to_contain_text("forty-one")
    page.locator("#thread .turn a.cite").first.click()
    expect(page.locator("#source .hl.open")).not_to_have_count(0)
    ask(page, QUESTION)
    expect(page.locator("article.turn.done")).to_have_count(2)
    page.get_by_role("button", name="New").first.click()
    expect(page.locator("#thread .turn")).to_have_count(0)
    choose(page, "documents")
    choose(page, "Coast")
    expect(page.locator("#thread .turn")).to_have_count(0)


def test_a_document_is_moved_from_its_report(page: Page, tmp_path: Path, bench: Workbench) -> None:
    make(page, "Coast")
    add(page, tmp_path, "harbours.pdf", QUOTE)
    page.click("#libraries summary")
    page.click("#libraries .stays")
    expect(page.locator("#libraries summary svg")).to_have_count(2)  # a lock
    page.locator("li.doc[data-id]").hover()
    page.click(".rep[data-event='report']")
    page.click("form.move button")
    # It leaves what stays on this machine: not without a word.
    page.get_by_role("button", name="Keep it here").click()
    expect(page.locator("li.doc[data-id]")).to_have_count(1)
    page.click("form.move button")
    page.get_by_role("button", name="Move it").last.click()
    expect(page.locator("#say")).to_contain_text("was moved to documents")
    expect(page.locator("li.doc[data-id]")).to_have_count(0)
    choose(page, "documents")
    expect(page.locator("li.doc[data-id]")).to_have_count(1)
    ask(page, QUESTION)
    expect(page.locator("#thread .turn .a")).to_contain_text("forty-one")


def test_a_library_is_renamed_deleted_and_brought_back(page: Page, bench: Workbench) -> None:
    make(page, "Coast")
    page.click("#libraries summary")
    page.fill("#libraries [data-event='rename'] input", "DOCUMENTS")
    page.click("#libraries [data-event='rename'] button")
    expect(page.locator("#say")).to_contain_text("There is a library named 'DOCUMENTS' already.")
    page.click("#libraries summary")
    page.fill("#libraries [data-event='rename'] input", "Shore")
    page.click("#libraries [data-event='rename'] button")
    expect(page.locator("#libraries summary")).to_have_attribute("aria-label", "Library: Shore")
    page.click("#libraries summary")
    page.click("#libraries [data-confirm='unmake']")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#libraries summary")).to_have_text("Library: documents")
    expect(page.locator("#libraries .undo")).to_contain_text("The library Shore was deleted.")
    page.get_by_role("button", name="Undo deleting Shore").click()
    expect(page.locator("#libraries .undo")).to_have_count(0)
    choose(page, "Shore")
    page.click("#libraries summary")
    page.click("#libraries [data-confirm='unmake']")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#libraries .undo")).to_have_count(1)
    page.click("#libraries summary")
    page.get_by_role("button", name="Bring back Shore").click()
    page.click("#libraries summary")
    expect(page.locator("#libraries [data-event='library']")).to_have_text(
        ["documents 0", "Shore 0"]
    )


def test_the_chooser_fits_a_telephone(page: Page) -> None:
    make(page, "Contracts of the northern branch, in the year of 2026")
    page.set_viewport_size({"width": 390, "height": 800})
    page.click("#drawer")
    page.click("#libraries summary")
    expect(page.locator("#libraries .menu")).to_be_visible()
    assert page.evaluate(WIDTH) == 390
    left = page.locator("#left").bounding_box()
    assert left is not None
    for control in page.locator("#libraries .menu :is(button, input)").all():
        box = control.bounding_box()
        assert box is not None
        assert left["x"] <= box["x"]
        assert box["x"] + box["width"] <= left["x"] + left["width"]
    page.keyboard.press("Escape")
    expect(page.locator("#libraries .menu")).to_be_hidden()
    expect(page.locator("#left")).to_be_visible()
