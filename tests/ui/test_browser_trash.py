"""Removing, undoing, purging and replacing documents, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.wiring import Application
from tests.builders import paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Locator, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, QUESTION, QUOTE, ask, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

DROP_FOLDER = """files => {
  const file = (name, text) => ({name, isFile: true, file: resolve => resolve(new File([text], name))});
  const folder = (name, ...inside) => ({name, isDirectory: true, createReader: () => ({
    readEntries: resolve => resolve(inside.splice(0, 1)),
  })});
  const tree = folder('coast', ...files.map(([at, name, text]) => folder(at, file(name, text))));
  const event = new Event('drop', {cancelable: true});
  event.dataTransfer = {types: ['Files'], files: [], items: [{webkitGetAsEntry: () => tree}]};
  document.dispatchEvent(event);
}"""  # noqa: E501


@pytest.fixture
def bench(application: Application) -> Workbench:
    return Workbench(application, HeldEmbedder(application.embedder))


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        yield page


def add(page: Page, folder: Path, name: str, *sentences: str) -> None:
    path = folder / name
    path.write_bytes(pdf([paragraph(*sentences)]))
    page.set_input_files("#files", path)


def row(page: Page, name: str) -> Locator:
    return page.locator("li.doc[data-id]", has_text=name)


def remove(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Remove {name}").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row(page, name)).to_have_count(0)


def test_a_removal_is_undone_and_what_is_in_the_trash_comes_back_or_goes(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    for name in ("quay", "mole"):
        add(page, tmp_path, f"{name}.pdf", f"The {name} is of stone.")
        expect(row(page, name)).to_have_count(1)
    expect(page.locator(".trash")).to_have_count(0)
    bench.embedder.gate.let()
    expect(page.get_by_role("button", name="Remove quay")).to_be_attached()
    expect(page.get_by_role("button", name="Remove mole")).to_be_attached()

    remove(page, "quay")
    expect(page.locator(".undo")).to_contain_text("quay was removed.")
    page.get_by_role("button", name="Undo removing quay").click()
    expect(row(page, "quay")).to_have_count(1)
    expect(page.locator(".undo")).to_have_count(0)
    expect(page.locator(".trash")).to_have_count(0)

    remove(page, "quay")
    remove(page, "mole")
    page.get_by_role("button", name="Trash (2)").click()
    expect(page.locator(".trash li:visible")).to_have_count(2)
    page.get_by_role("button", name="Bring back quay").click()
    expect(row(page, "quay")).to_have_count(1)
    page.get_by_role("button", name="Delete mole for good").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It cannot be brought back.")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".trash")).to_have_count(0)
    expect(page.locator(".undo")).to_have_count(0)
    catalog, library = bench.application.catalog, bench.application.library
    assert [document.name for document in catalog.documents(library.id)] == ["quay.pdf"]
    assert catalog.trash.of(library.id) == []
    assert len(list(catalog.blobs.hashes())) == 1


def test_a_citation_opens_the_version_that_it_cites(
    page: Page, bench: Workbench, tmp_path: Path
) -> None:
    bench.embedder.gate.let()
    add(page, tmp_path, "harbour.pdf", QUOTE)
    expect(row(page, "harbour")).to_have_count(1)
    ask(page, QUESTION)
    page.locator("article.turn.done a.cite", has_text="1").wait_for()
    add(page, tmp_path, "harbour.pdf", QUOTE.replace("forty-one", "sixty-two"))
    catalog, library = bench.application.catalog, bench.application.library
    notices = page.get_by_role("log", name="Notices")
    expect(notices.get_by_text("was added as a new version")).to_be_visible()
    (now,) = catalog.documents(library.id)

    page.locator("article.turn a.cite", has_text="1").click()

    expect(page.locator("#source [role=note]")).to_contain_text("An earlier version of harbour")
    (old,) = catalog.trash.versions(now.id)
    image = page.locator("#source .sheet img")
    expect(image).to_have_attribute("src", f"documents/{old.document.id}/pages/1.jpg")
    assert image.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0
    expect(page.locator("#source .hl").first).to_be_attached()
    row(page, "harbour").hover()
    page.get_by_role("button", name="Report on harbour").first.click()
    expect(page.locator(".versions li")).to_have_count(1)
    page.locator(".versions").get_by_role("button", name="Bring back").click()
    expect(row(page, "harbour")).to_have_count(2)
    expect(page.locator(".versions")).to_have_count(0)


def test_files_of_one_name_in_a_dropped_folder_are_two_documents(
    page: Page, bench: Workbench
) -> None:
    bench.embedder.gate.let()
    files = [["a", "fees.txt", "Five francs a year."], ["b", "fees.txt", "Six francs a month."]]
    page.evaluate(DROP_FOLDER, files)
    expect(row(page, "fees.txt")).to_have_count(2)
    files[0][2] = "Seven francs a year."
    page.evaluate(DROP_FOLDER, files)
    expect(page.get_by_text("was added as a new version").first).to_be_attached()
    catalog, library = bench.application.catalog, bench.application.library
    texts = {chunk.text for chunk in catalog.all_chunks(library.id)}
    assert texts == {"Seven francs a year.", "Six francs a month."}
