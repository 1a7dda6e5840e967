"""The page while the server is slow to reply, or gone, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rag.wiring import Application
from tests.builders import PdfPage, paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import APIResponse, Browser, Page, Route, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, ask, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, HeldOcr, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

UNANSWERED = "Which enzyme unwinds the double helix during replication?"
LISTS = "**/gradio_api/run/**"  # what is quick answers its own request


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder))


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        yield page


def add(page: Page, folder: Path, name: str) -> None:
    path = folder / f"{name}.pdf"
    path.write_bytes(pdf([paragraph(f"This page tells of {name}.")]))
    page.set_input_files("#files", path)


def test_a_list_that_arrives_late_leaves_the_answer_on_the_page(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    add(page, tmp_path, "anchor")
    expect(page.locator("li.doc", has_text="anchor").locator(".s")).to_have_text("1 pageReport")
    late: list[tuple[Route, APIResponse]] = []
    ended: list[bool] = []

    def hold(route: Route) -> None:
        if ended:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    page.route(LISTS, hold)
    bench.reader.gate.shut()
    with page.expect_request(LISTS):
        add(page, tmp_path, "quay")
    ask(page, UNANSWERED)
    expect(page.locator("article.turn.refused.done")).to_be_visible()
    ended.append(True)
    for route, answered in late:
        route.fulfill(response=answered)
    expect(page.locator("li.doc", has_text="quay.pdf")).to_be_visible()
    expect(page.locator("article.turn.refused.done")).to_be_visible()
    expect(page.locator(".invitation")).to_be_hidden()


def test_a_server_that_is_gone_is_told_in_the_words_of_the_page(
    browser: Browser, bench: Workbench
) -> None:
    with ExitStack() as end:
        with bench.page() as address:
            page = end.enter_context(opened(browser, address))
            page.get_by_role("textbox", name="Question").fill(UNANSWERED)
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.locator("#say p")).to_contain_text("The server does not answer.")
        expect(page.locator(".toast-wrap")).to_be_hidden()
        expect(page.get_by_role("textbox", name="Question")).to_have_value(UNANSWERED)


def test_a_report_is_drawn_anew_once_the_server_was_started_again(
    browser: Browser, bench: Workbench, tmp_path: Path
) -> None:
    with ExitStack() as end:
        with bench.page() as address:
            page = end.enter_context(opened(browser, address))
            path = tmp_path / "study.pdf"
            path.write_bytes(pdf([paragraph("This page tells of quays."), PdfPage(image=True)]))
            page.set_input_files("#files", path)
            page.get_by_role("button", name="Report on study").click()
            report = page.locator("#source .report")
            expect(report).to_contain_text("No OCR is at work here.")
            report.evaluate("report => { report.ownerDocument.isKept = true; }")
        bench.ocr = HeldOcr()
        with bench.page(urlsplit(address).port or 0):
            again = report.get_by_role("button", name="Read by OCR")
            expect(again).to_be_visible()
            expect(report).not_to_contain_text("No OCR is at work here.")
            assert page.evaluate("document.isKept")  # not by loading the page
            again.click()
            expect(report.locator("h3").first).to_have_text("2 pages: 1 with text, 1 by OCR")


def test_what_was_typed_outlives_the_page(page: Page) -> None:
    page.get_by_role("textbox", name="Question").fill(UNANSWERED)
    page.reload()
    expect(page.get_by_role("textbox", name="Question")).to_have_value(UNANSWERED)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("article.turn .q")).to_have_text(UNANSWERED)
    page.reload()
    expect(page.locator("article.turn .q")).to_have_text(UNANSWERED)
    expect(page.get_by_role("textbox", name="Question")).to_have_value("")
