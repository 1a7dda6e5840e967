"""What another process changes shows in an open page, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.languages import Language
from rag.purging import purge
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.wiring import Application
from tests.builders import paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Locator, Page, Route, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, QUESTION, QUOTE, ask, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

SOON_MS = 4_000  # two looks of the page, on a machine that is busy
SUMMARY = "#libraries summary"
ROWS = "#libraries [data-event='library']"


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder))


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        yield page


@pytest.fixture
def elsewhere(bench: Workbench) -> Iterator[Catalog]:
    """The catalog as another process has it open."""
    with closing(Catalog(bench.application.catalog.data_dir)) as catalog:
        yield catalog


def make(catalog: Catalog, name: str) -> str:
    like = catalog.libraries.all()[0]
    new = NewLibrary(name, like.embedding_model, like.dimension)
    return catalog.libraries.create(new).id


def enter(page: Page, name: str) -> None:
    page.click(SUMMARY)
    page.locator(ROWS, has_text=name).click()
    expect(page.locator(SUMMARY)).to_have_attribute("aria-label", f"Library: {name}")


def add(page: Page, folder: Path, name: str = "harbour", sentence: str = QUOTE) -> None:
    path = folder / f"{name}.pdf"
    path.write_bytes(pdf([paragraph(sentence)]))
    page.set_input_files("#files", path)
    expect(row(page, name)).to_have_count(1)
    expect(page.locator("li.doc.job, li.doc.going")).to_have_count(0)


def row(page: Page, name: str) -> Locator:
    return page.locator("li.doc[data-id]", has_text=name)


def cited(page: Page, folder: Path) -> Locator:
    """An answer with a citation; its chip."""
    add(page, folder)
    ask(page, QUESTION)
    chip = page.locator("article.turn.done a.cite", has_text="1").first
    chip.wait_for()
    chip.click()
    expect(page.locator("#source .sheet")).to_be_visible()
    return chip


def test_the_chooser_shows_what_becomes_of_libraries_elsewhere(
    page: Page, bench: Workbench, elsewhere: Catalog, tmp_path: Path
) -> None:
    bench.let_all()
    (usual,) = elsewhere.libraries.all()
    coast = make(elsewhere, "Coast")
    expect(page.locator(SUMMARY)).to_have_text("documents", timeout=SOON_MS)
    page.click(SUMMARY)
    expect(page.locator(ROWS)).to_have_text(["documents 0", "Coast 0"])
    elsewhere.libraries.rename(coast, "Shore")
    elsewhere.libraries.set_policy(usual.id, stays_here=True)
    # It stays open, and shows both.
    expect(page.locator(ROWS)).to_have_text(["documents 0", "Shore 0"], timeout=SOON_MS)
    expect(page.locator("#libraries .stays")).to_have_attribute("aria-checked", "true")
    expect(page.locator("#libraries .menu")).to_be_visible()
    # What is typed there stays, with the caret, and the rest follows all the same.
    name = page.locator("#libraries [data-event='make'] input")
    name.fill("Notyet")
    for _ in range(3):
        name.press("ArrowLeft")
    quay = make(elsewhere, "Quay")
    elsewhere.libraries.set_policy(usual.id, stays_here=False)
    elsewhere.libraries.set_language(usual.id, Language.GERMAN)
    expect(page.locator(ROWS)).to_have_count(3, timeout=SOON_MS)
    expect(page.locator("#libraries .stays")).to_have_attribute("aria-checked", "false")
    expect(page.get_by_label("Language of short documents")).to_have_value("german")
    expect(name).to_have_value("Notyet")
    expect(name).to_be_focused()
    page.keyboard.type(" ")
    expect(name).to_have_value("Not yet")
    elsewhere.libraries.remove(quay)
    expect(page.locator("#libraries .gone")).to_contain_text("Quay", timeout=SOON_MS)
    add(page, tmp_path)
    expect(page.locator(ROWS)).to_have_text(["documents 1", "Shore 0"], timeout=SOON_MS)


@pytest.mark.parametrize("is_unfolded", [True, False])
def test_a_chooser_that_is_unfolded_while_it_is_drawn_anew_stays_so(
    is_unfolded: bool, page: Page, bench: Workbench, elsewhere: Catalog
) -> None:
    bench.let_all()
    held: list[Route] = []
    is_held = True

    def call(route: Route) -> None:
        if is_held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/gradio_api/run/**", call)
    menu = page.locator("#libraries .menu")
    if not is_unfolded:
        page.click(SUMMARY)
        expect(menu).to_be_visible()
    make(elsewhere, "Coast")
    while not held:
        page.wait_for_event("request", timeout=SOON_MS)  # the chooser is to be drawn
    page.click(SUMMARY)
    is_held = False
    for route in held:
        route.continue_()
    expect(page.locator(ROWS)).to_have_count(2, timeout=SOON_MS)
    expect(menu).to_be_visible(visible=is_unfolded)


def test_a_document_that_goes_elsewhere_leaves_the_pane_and_comes_back_to_it(
    page: Page, bench: Workbench, elsewhere: Catalog, tmp_path: Path
) -> None:
    bench.let_all()
    chip = cited(page, tmp_path)
    (document,) = elsewhere.documents(bench.application.library.id)
    elsewhere.remove(document.id)
    pane = page.locator("#source")
    expect(pane).to_contain_text("“harbour” was removed on", timeout=SOON_MS)
    expect(pane.locator(".sheet")).to_have_count(0)
    # An old answer's citation says so too, and offers the same.
    chip.click()
    expect(pane).to_contain_text("can be brought back")
    pane.get_by_role("button", name="Bring back harbour").click()
    expect(pane.locator(".hl.open")).not_to_have_count(0, timeout=SOON_MS)
    expect(row(page, "harbour")).to_have_count(1)

    elsewhere.remove(document.id)
    expect(pane).to_contain_text("was removed on", timeout=SOON_MS)
    purge(elsewhere, elsewhere.trash.of(document.library_id))
    expect(pane).to_contain_text("was deleted for good", timeout=SOON_MS)
    assert "harbour" not in pane.inner_text()
    assert pane.locator("img").count() == 0
    chip.click()
    expect(pane).to_contain_text("was deleted for good")


def test_what_is_removed_and_purged_here_leaves_the_pane(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.let_all()
    cited(page, tmp_path)
    add(page, tmp_path, "mole", "The mole is of stone.")
    row(page, "mole").hover()
    page.get_by_role("button", name="Remove mole").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row(page, "mole")).to_have_count(0)
    expect(page.locator("#source .sheet")).to_be_visible()  # another document
    row(page, "harbour").hover()
    page.get_by_role("button", name="Remove harbour").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#source .absent")).to_contain_text("“harbour” was removed")
    page.get_by_role("button", name="Trash (2)").click()
    page.get_by_role("button", name="Delete harbour for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.locator("#source")).to_contain_text("was deleted for good")
    assert "harbour" not in page.locator("#source").inner_text()


def test_a_question_and_a_notice_go_with_what_they_are_about(
    page: Page, bench: Workbench, elsewhere: Catalog, tmp_path: Path
) -> None:
    bench.let_all()
    add(page, tmp_path)
    row(page, "harbour").hover()
    page.get_by_role("button", name="Remove harbour").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Remove “harbour”?")
    (document,) = elsewhere.documents(bench.application.library.id)
    elsewhere.remove(document.id)
    expect(page.locator("dialog")).to_have_count(0, timeout=SOON_MS)
    page.get_by_role("button", name="Undo removing harbour").click()
    back = page.locator("#say p", has_text="harbour is in the library again.")
    expect(back).to_have_count(1)
    back.evaluate("note => clearTimeout(note.leaving)")  # it would stay
    elsewhere.remove(document.id)
    expect(page.locator(".undo")).to_contain_text("harbour was removed.", timeout=SOON_MS)
    expect(back).to_have_count(0)


def test_a_library_deleted_elsewhere_is_not_taken_for_another(
    page: Page, bench: Workbench, elsewhere: Catalog, tmp_path: Path
) -> None:
    bench.let_all()
    add(page, tmp_path, "mole", "The mole is of stone.")
    coast = make(elsewhere, "Coast")
    expect(page.locator(ROWS)).to_have_count(2, timeout=SOON_MS)
    enter(page, "Coast")
    chip = cited(page, tmp_path)
    elsewhere.libraries.remove(coast)

    expect(page.locator("#documents")).to_contain_text(
        "The library “Coast” was deleted.", timeout=SOON_MS
    )
    expect(page.locator(SUMMARY)).to_have_text("Coast (deleted)", timeout=SOON_MS)
    expect(page.locator("li.doc")).to_have_count(0)
    expect(page.locator("#files")).to_have_count(0)
    expect(page.locator("#source")).to_contain_text("was deleted with its library “Coast”")
    ask(page, QUESTION)
    expect(page.locator("article.turn").last).to_contain_text("This library was deleted")
    expect(page.locator("article.turn .remake-offer")).to_be_visible()
    drop = """() => {
      const event = new Event('drop', {cancelable: true});
      event.dataTransfer = {types: ['Files'], files: [new File(['Words.'], 'late.txt')], items: []};
      document.dispatchEvent(event);
    }"""
    page.evaluate(drop)
    expect(page.locator("#say")).to_contain_text("late.txt was not taken in. This library was")
    usual = bench.application.library.id
    assert [each.name for each in elsewhere.documents(usual)] == ["mole.pdf"]

    page.get_by_role("button", name="Bring it back Coast").click()
    expect(row(page, "harbour")).to_have_count(1)
    expect(page.locator("article.turn .remake-offer")).to_be_hidden()
    expect(page.locator(SUMMARY)).to_have_attribute("aria-label", "Library: Coast")
    chip.click()
    expect(page.locator("#source .hl.open")).not_to_have_count(0)

    elsewhere.libraries.remove(coast)
    expect(page.locator("#documents .deleted")).to_be_visible(timeout=SOON_MS)
    purge(elsewhere, [], elsewhere.libraries.removed())
    expect(page.locator("#documents")).to_contain_text("deleted for good", timeout=SOON_MS)
    page.reload()
    expect(page.locator("#say")).to_contain_text("This is documents.")
    expect(row(page, "mole")).to_have_count(1)


def test_a_library_of_the_trash_is_deleted_for_good_and_one_gets_its_language(
    page: Page, bench: Workbench, elsewhere: Catalog
) -> None:
    coast = make(elsewhere, "Coast")
    make(elsewhere, "Quay")
    elsewhere.libraries.remove(coast)
    expect(page.locator(ROWS)).to_have_count(2, timeout=SOON_MS)
    page.click(SUMMARY)
    page.get_by_label("Language of short documents").select_option("German")
    expect(page.locator("#libraries details:not([open])")).to_have_count(1)
    assert bench.application.library.language == "german"
    page.click(SUMMARY)
    expect(page.get_by_label("Language of short documents")).to_have_value("german")
    page.get_by_role("button", name="Delete Coast for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    assert len(elsewhere.libraries.removed()) == 1
    if not page.locator("#libraries .menu").is_visible():
        page.click(SUMMARY)
    page.get_by_role("button", name="Delete Coast for good").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It cannot be brought back.")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#say")).to_contain_text("The library Coast was deleted for good.")
    expect(page.locator("#libraries .gone")).to_have_count(0)
    assert elsewhere.libraries.removed() == []


def test_what_one_library_is_about_does_not_stay_over_another(
    page: Page, bench: Workbench, elsewhere: Catalog, tmp_path: Path
) -> None:
    bench.let_all()
    make(elsewhere, "Coast")
    expect(page.locator(ROWS)).to_have_count(2, timeout=SOON_MS)
    files = []
    for name in ("quay", "mole", "pier"):
        files.append(tmp_path / f"{name}.txt")
        files[-1].write_text(f"The {name} is of stone.")
    page.set_input_files("#files", files)
    card = page.locator("#batches .batch")
    expect(card).to_contain_text("3 files read")
    row(page, "quay").hover()
    page.get_by_role("button", name="Report on quay").click()
    expect(page.locator("#source .report")).to_be_visible()

    enter(page, "Coast")

    expect(page.locator("li.doc[data-id]")).to_have_count(0)
    expect(card).to_have_count(0)
    expect(page.locator("#source .report")).to_have_count(0)
    expect(page.locator("#libraries .menu")).to_be_hidden()
    enter(page, "documents")
    expect(card).to_contain_text("3 files read")


def test_an_open_report_follows_the_job_of_its_document(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.embedder.gate.shut()
    path = tmp_path / "harbour.pdf"
    path.write_bytes(pdf([paragraph(QUOTE)]))
    page.set_input_files("#files", path)
    row(page, "harbour").locator("[data-event='show']").click()
    page.locator("#source .report-on").click()
    report = page.locator("#source .report")
    expect(report.locator(".facts")).to_contain_text("1 passage, found by words only.")
    expect(report.locator(".work")).to_be_visible()
    bench.embedder.gate.let()
    expect(report.locator(".facts")).to_contain_text("1 passage, found by words and by meaning.")
    expect(report.locator(".work")).to_have_count(0)
