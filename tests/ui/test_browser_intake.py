"""Files on their way in, in a real Chromium, held back step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rag.domain import DocumentState
from rag.errors import AuthenticationError, DocumentError, RateLimitError, StoreError
from rag.wiring import Application
from tests.builders import PdfPage, paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Locator, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, ask, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, HeldOcr, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

UNANSWERED = "Which enzyme unwinds the double helix during replication?"
OVER = "La Plateforme is over its limit."
BROKE_DOWN = "tesseract broke down on the page."
NO_KEY = "La Plateforme does not know the key."
DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name));
  document.dispatchEvent(new DragEvent('drop', {dataTransfer: transfer, cancelable: true}));
}"""
DROP_FOLDER = """() => {
  const file = name => ({name, isFile: true, file: resolve => resolve(new File([name], name))});
  const folder = (name, ...inside) => ({name, isDirectory: true, createReader: () => ({
    readEntries: resolve => resolve(inside.splice(0, 1)),
  })});
  const inside = [file('a.txt'), folder('deep', file('b.txt')), folder('.git', file('c'))];
  const tree = folder('coast', ...inside);
  const event = new Event('drop', {cancelable: true});
  event.dataTransfer = {types: ['Files'], files: [], items: [{webkitGetAsEntry: () => tree}]};
  document.dispatchEvent(event);
}"""


@pytest.fixture
def bench(application: Application, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    monkeypatch.setattr("ingest.queue.REPORT_SECONDS", 0.0)
    return Workbench(application, HeldEmbedder(application.embedder), ocr=HeldOcr())


@pytest.fixture
def address(bench: Workbench) -> Iterator[str]:
    with bench.page() as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        yield page


def add(page: Page, folder: Path, name: str, pages: Sequence[PdfPage]) -> None:
    path = folder / name
    path.write_bytes(pdf(pages))
    page.set_input_files("#files", path)


def tale(name: str, pages: int = 1) -> list[PdfPage]:
    return [paragraph(f"Page {number} tells of {name}.") for number in range(1, pages + 1)]


def row(page: Page, name: str) -> Locator:
    return page.locator("li.doc", has_text=name)


def test_thirty_files_are_dropped_followed_and_told(page: Page, bench: Workbench) -> None:
    bench.reader.gate.shut()
    bench.embedder.gate.shut()
    files = [(f"note {number}.txt", f"Note {number} tells of boats.") for number in range(1, 30)]
    page.evaluate(DROP, [*files, ("empty.txt", "")])
    tally = page.locator(".intake .tally")
    expect(tally).to_contain_text("0 of 30 read")
    expect(page.get_by_role("button", name="26 more")).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".intake li.doc:visible")).to_have_count(4)
    page.get_by_role("button", name="26 more").click()
    expect(page.locator(".intake li.doc:visible")).to_have_count(30)
    bench.reader.gate.let(11)
    expect(tally).to_contain_text("11 of 30 read")
    expect(tally).to_contain_text("words ready for 11 · meaning 0 %")
    expect(page.locator("li.doc[data-id]")).to_have_count(11)
    expect(page.locator(".intake li.doc:visible")).to_have_count(19)
    bench.reader.gate.let()
    expect(tally).to_contain_text("30 files: 29 read, 1 without text")
    bench.embedder.gate.let(1)
    expect(tally).to_contain_text("words ready for 29 · meaning 3 %")
    bench.embedder.gate.let()
    card = page.locator(".batch")
    expect(card.locator("h2")).to_have_text("30 files: 29 read, 1 without text", timeout=30_000)
    expect(card.locator("li:visible")).to_have_text("empty.txt: The file is empty.")
    card.get_by_role("button", name="Show each").click()
    expect(card.locator("li:visible")).to_have_count(30)
    assert card.locator("ul").evaluate("ul => ul.scrollHeight <= ul.clientHeight")
    expect(page.locator(".intake")).to_be_empty()
    page.reload()
    card.get_by_role("button", name="Dismiss").click()
    expect(card).to_have_count(0)
    page.reload()
    expect(page.locator("li.doc[data-id]")).to_have_count(30)
    expect(card).to_have_count(0)


def test_a_file_is_cancelled_and_then_all_are(page: Page, bench: Workbench, tmp_path: Path) -> None:
    bench.reader.gate.shut()
    bench.embedder.gate.shut()
    for name in ("first", "quay"):
        add(page, tmp_path, f"{name}.pdf", tale(name))
    bench.reader.gate.let(2)
    expect(row(page, "quay").locator(".work")).to_contain_text("1 page · words ready")
    for name in ("a", "b", "c", "d"):
        add(page, tmp_path, f"{name}.pdf", tale(name, 300))
    bench.reader.gate.let(12)
    expect(page.locator(".intake")).to_contain_text("of 300")
    page.get_by_role("button", name="Cancel d.pdf").click()
    expect(row(page, "d.pdf")).to_have_count(0)
    page.get_by_role("button", name="Cancel all").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel 5 files?")
    dialog.get_by_role("button", name="Cancel them").click()
    expect(row(page, "c.pdf")).to_have_count(0)
    expect(row(page, "a.pdf")).to_contain_text("stopping")
    bench.reader.gate.let(2)  # at their next page, those that are being read stop
    expect(row(page, "a.pdf")).to_contain_text("cancelled")
    expect(row(page, "quay")).to_contain_text("words only")
    row(page, "a.pdf").get_by_role("button", name="Dismiss").click()
    expect(row(page, "a.pdf")).to_have_count(0)
    bench.let_all()
    page.get_by_role("button", name="Go on with quay").click()
    expect(row(page, "quay").locator(".s")).to_have_text("1 pageReport")
    expect(row(page, "b.pdf")).to_contain_text("cancelled")


def test_before_anything_is_paid_a_person_is_asked(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    assert bench.ocr is not None
    bench.ocr.dollars_per_page = 0.03
    bench.ocr.gate.shut()
    add(page, tmp_path, "scan.pdf", [PdfPage(image=True)] * 12)
    add(page, tmp_path, "mixed.pdf", [*tale("sails"), *[PdfPage(image=True)] * 3])
    expect(row(page, "scan")).to_contain_text("waits for your word: about $0.36")
    expect(row(page, "scan")).to_contain_text("12 pages by OCR")
    asked = page.locator(".work.every")
    expect(asked).to_contain_text("2 files wait for your word: about $0.45")
    row(page, "mixed").get_by_role("button", name="Words only").click()
    expect(row(page, "mixed")).to_contain_text("It is found by its words, not by its meaning.")
    expect(asked).to_have_count(0)
    row(page, "scan").get_by_role("button", name="Go on").click()
    bench.ocr.gate.let(2)
    expect(row(page, "scan")).to_contain_text("OCR page 3 of 12")
    bench.ocr.gate.let()
    expect(row(page, "scan").get_by_role("checkbox")).to_have_attribute("aria-checked", "true")
    row(page, "scan").get_by_role("button", name="scan", exact=True).click()
    expect(page.locator("#source .pn")).to_have_text("p. 1 of 12")


def test_all_that_wait_for_a_word_go_on_together(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    assert bench.ocr is not None
    bench.ocr.dollars_per_page = 0.06
    for name in ("one", "two"):
        add(page, tmp_path, f"{name}.pdf", [PdfPage(image=True), *tale(name)])
    page.get_by_role("button", name="Go on with all").click()
    for name in ("one", "two"):
        expect(row(page, name).locator(".s")).to_have_text("2 pagesReport")


def test_words_only_for_all_leaves_unread_what_has_no_words(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    assert bench.ocr is not None
    bench.ocr.dollars_per_page = 0.06
    add(page, tmp_path, "scan.pdf", [PdfPage(image=True)])
    add(page, tmp_path, "mixed.pdf", [*tale("sails"), PdfPage(image=True)])
    asked = page.locator(".work.every")
    expect(asked).to_contain_text("1 of them has no words yet: “Words only” leaves it unread.")
    asked.get_by_role("button", name="Words only").click()
    expect(asked).to_have_count(0)
    expect(row(page, "mixed")).to_contain_text("It is found by its words, not by its meaning.")
    expect(row(page, "scan")).to_contain_text("needs OCR")
    catalog, library = bench.application.catalog, bench.application.library
    state = {each.name: (each.state, each.chunks > 0) for each in catalog.documents(library.id)}
    assert state["scan.pdf"] == (DocumentState.NEEDS_OCR, False)
    assert state["mixed.pdf"] == (DocumentState.PARTIAL, True)
    row(page, "scan").get_by_role("button", name="Read by OCR").click()  # it can be read later
    row(page, "scan").get_by_role("button", name="Go on").click()
    expect(row(page, "scan").locator(".s")).to_have_text("1 pageReport")


def test_a_file_that_failed_is_tried_again_or_dismissed(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.reader.faults += [StoreError("There is no <room>.")] * 2
    add(page, tmp_path, "anchor.pdf", tale("anchors"))
    add(page, tmp_path, "bollard.pdf", tale("bollards"))
    for name in ("anchor.pdf", "bollard.pdf"):
        expect(row(page, name).locator(".why")).to_have_text("There is no <room>.")
    page.get_by_role("button", name="Dismiss bollard.pdf").click()
    expect(row(page, "bollard")).to_have_count(0)
    page.get_by_role("button", name="Try anchor.pdf again").click()
    expect(row(page, "anchor").get_by_role("checkbox")).to_be_visible()
    expect(page.locator("li.doc")).to_have_count(1)


def test_a_providers_fault_is_waited_out_and_one_that_stays_is_told(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.embedder.gate.shut()
    bench.retry_seconds = 0.0
    bench.embedder.faults.append(RateLimitError(OVER))
    add(page, tmp_path, "anchor.pdf", tale("anchors"))
    bench.embedder.gate.let(1)
    expect(row(page, "anchor").locator(".why")).to_have_text(f"{OVER} It is tried again soon.")
    bench.embedder.gate.let(1)
    expect(row(page, "anchor").locator(".s")).to_have_text("1 pageReport")
    bench.embedder.faults.append(AuthenticationError(NO_KEY))
    bench.embedder.gate.let()
    add(page, tmp_path, "bollard.pdf", tale("bollards"))
    expect(row(page, "bollard")).to_contain_text("words only")
    expect(row(page, "bollard")).to_contain_text(NO_KEY)
    page.get_by_role("button", name="Go on with bollard").click()
    expect(row(page, "bollard").locator(".s")).to_have_text("1 pageReport")


def test_a_report_tells_each_page_and_reads_one_again(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    assert bench.ocr is not None
    bench.ocr.faults.append(DocumentError(DocumentState.FAILED, BROKE_DOWN))
    pages = [*tale("tides", 3), PdfPage(image=True), PdfPage(), *tale("tides", 2)]
    add(page, tmp_path, "study.pdf", pages)
    expect(row(page, "study").locator(".st")).to_have_text("partly read")
    page.get_by_role("button", name="Report on study").click()
    report = page.locator("#source .report")
    expect(report.locator("h3").first).to_have_text("7 pages: 5 with text, 1 empty, 1 failed")
    runs = report.locator(".runs li")
    expect(runs).to_have_count(4)
    expect(runs.nth(0)).to_have_text("p. 1–3text")
    expect(runs.nth(1)).to_contain_text(BROKE_DOWN)
    bench.ocr.gate.shut()
    runs.nth(1).get_by_role("button", name="Read again").click()
    expect(runs.nth(1).locator(".redo")).to_have_text("Reading…")
    expect(runs.nth(1).locator(".redo")).to_be_disabled()
    bench.ocr.gate.let()
    expect(runs.nth(1)).to_have_text("p. 4OCRRead by tesseract.")
    expect(report.locator("h3").first).to_contain_text("1 by OCR")
    expect(report.locator(".facts")).to_contain_text("found by words and by meaning.")
    expect(row(page, "study").locator(".st")).to_have_count(0)
    runs.nth(1).get_by_role("button", name="p. 4").click()
    expect(page.locator("#source .pn")).to_have_text("p. 4 of 7")
    page.locator("#source").get_by_role("button", name="Report on study").click()
    expect(runs).to_have_count(4)


def test_a_page_that_is_still_unread_is_told(page: Page, bench: Workbench, tmp_path: Path) -> None:
    assert bench.ocr is not None
    bench.ocr.faults += [AuthenticationError(NO_KEY)] * 2
    add(page, tmp_path, "study.pdf", [*tale("tides"), PdfPage(image=True)])
    expect(row(page, "study")).to_contain_text(NO_KEY)
    page.get_by_role("button", name="Report on study").click()
    page.locator("#source").get_by_role("button", name="Read by OCR").click()
    notices = page.get_by_role("log", name="Notices")
    expect(notices).to_contain_text(NO_KEY)
    expect(page.locator("#source .runs")).to_contain_text(f"did not read the page: {NO_KEY}")
    expect(page.locator("#source .redo")).to_be_enabled()


def test_reading_a_page_again_shows_its_price(page: Page, bench: Workbench, tmp_path: Path) -> None:
    assert bench.ocr is not None
    bench.ocr.dollars_per_page = 0.004
    bench.ocr.faults.append(AuthenticationError(NO_KEY))
    add(page, tmp_path, "study.pdf", [*tale("tides"), PdfPage(image=True)])
    expect(row(page, "study")).to_contain_text(NO_KEY)
    page.get_by_role("button", name="Report on study").click()
    again = page.locator("#source").get_by_role("button", name="Read by OCR, about $0.004: p. 2")
    state = page.locator("#source .runs span", has_text="needs OCR")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert state.evaluate("state => state.getBoundingClientRect().height") < 30
    again.click()
    expect(page.locator("#source .runs")).to_contain_text("Read by tesseract.")


def test_a_question_refused_while_files_are_read_says_so(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    add(page, tmp_path, "anchor.pdf", tale("anchors"))
    expect(row(page, "anchor").locator(".s")).to_have_text("1 pageReport")
    bench.reader.gate.shut()
    for name in ("bollard", "quay"):
        add(page, tmp_path, f"{name}.pdf", tale(name))
        expect(row(page, f"{name}.pdf")).to_contain_text("reading")
    ask(page, UNANSWERED)
    said = page.locator("article.turn.refused .unsearched")
    expect(said).to_have_text(
        "2 files were still being read when this was asked. Ask again when they are in."
    )
    expect(page.locator("#announced")).to_contain_text("2 files were still being read")
    bench.reader.gate.let()
    expect(page.locator("li.doc[data-id]")).to_have_count(3)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".step").first).to_have_text("Searched 3 pages of 3 documents")
    expect(page.locator("article.turn.refused.done")).to_be_visible()
    expect(said).to_have_count(0)


def test_the_queue_survives_a_closed_tab_and_a_server_that_stops(
    browser: Browser, bench: Workbench, tmp_path: Path
) -> None:
    bench.reader.gate.shut()
    bench.embedder.gate.shut()
    with bench.page() as address:
        with opened(browser, address) as page:
            add(page, tmp_path, "long.pdf", tale("tides", 300))
            add(page, tmp_path, "other.pdf", tale("winds", 300))
            bench.reader.gate.let(24)
            expect(row(page, "long.pdf")).to_contain_text("of 300")
        with opened(browser, address) as page:
            expect(row(page, "long.pdf")).to_contain_text("of 300")
            expect(page.locator(".tally")).to_contain_text("0 of 2 read")
    bench.reader.gate.shut()
    bench.embedder.gate.shut()
    with bench.page() as address, opened(browser, address) as page:
        expect(row(page, "long.pdf")).to_contain_text("reading")
        bench.let_all()
        expect(page.locator("li.doc[data-id]")).to_have_count(2, timeout=30_000)
        expect(page.locator(".intake")).to_be_empty(timeout=30_000)


def test_a_folder_is_dropped_with_the_folders_in_it(page: Page) -> None:
    page.evaluate(DROP_FOLDER)
    expect(page.locator("li.doc[data-id]")).to_have_count(2)
    expect(page.locator(".batch h2")).to_have_text("2 files read")
    expect(page.locator("#documents")).not_to_contain_text(".git")


@pytest.mark.parametrize("width", [390, 320])
def test_a_phone_shows_the_queue_and_the_report_within_its_width(
    page: Page, bench: Workbench, tmp_path: Path, width: int
) -> None:
    assert bench.ocr is not None
    bench.ocr.dollars_per_page = 0.06
    page.set_viewport_size({"width": width, "height": 844})
    add(page, tmp_path, "study.pdf", [*tale("tides"), PdfPage(image=True)])
    expect(page.locator(".work.ask")).to_be_attached()
    bench.reader.gate.shut()
    for name in ("a", "b" * 60):
        add(page, tmp_path, f"{name}.pdf", tale(name, 300))
    page.get_by_role("button", name="Documents", exact=True).click()
    expect(page.get_by_role("button", name="Go on with study")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Cancel all")).to_be_in_viewport()
    assert page.evaluate("document.querySelector('#left').scrollWidth") <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll('#left button')].filter(control => {
          const box = control.getBoundingClientRect();
          const more = getComputedStyle(control, '::after');
          const grow = side => more.content === 'none' ? 0 : -parseFloat(more[side]) || 0;
          return box.width && (box.width + grow('left') + grow('right') < 24
            || box.height + grow('top') + grow('bottom') < 24);
        }).map(control => control.outerHTML)"""
    )
    assert small == []
    page.get_by_role("button", name="Report on study").click()
    expect(page.locator(".report .runs")).to_be_in_viewport()
    assert page.evaluate("document.querySelector('.report').scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
