"""Files of one name that are dropped together, or one after the other, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from rag.wiring import Application
from tests.ui.harbours import IN_CHROMIUM, opened
from tests.ui.workbench import HeldEmbedder, Workbench

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Locator, Page, expect  # noqa: E402

pytestmark = IN_CHROMIUM

DROP = """files => {
  const carried = new DataTransfer();
  for (const [name, text] of files) carried.items.add(new File([text], name));
  const event = new Event('drop', {cancelable: true});
  event.dataTransfer = {types: ['Files'], files: carried.files, items: []};
  document.dispatchEvent(event);
}"""
DROP_WITH_FOLDERS = """files => {
  const file = (name, text) => ({name, isFile: true, file: resolve => resolve(new File([text], name))});
  const folder = (name, ...inside) => ({name, isDirectory: true, createReader: () => ({
    readEntries: resolve => resolve(inside.splice(0, 1)),
  })});
  const loose = files.map(([name, text]) => file(name, text));
  const folders = files.map(([name, text]) => folder('reports', file(name, `${text} In full.`)));
  const event = new Event('drop', {cancelable: true});
  const items = [...loose, ...folders].map(entry => ({webkitGetAsEntry: () => entry}));
  event.dataTransfer = {types: ['Files'], files: [], items};
  document.dispatchEvent(event);
}"""  # noqa: E501
NORTH = ("Rent review.txt", "The north office pays 31 francs.")
SOUTH = ("Rent review.txt", "The south office pays 17 francs.")
HARBOUR = ("harbour.txt", "The harbour has forty-one boats.")


@pytest.fixture
def bench(application: Application) -> Workbench:
    bench = Workbench(application, HeldEmbedder(application.embedder))
    bench.let_all()
    return bench


@pytest.fixture
def page(browser: Browser, bench: Workbench) -> Iterator[Page]:
    with bench.page() as address, opened(browser, address) as page:
        yield page


def texts(bench: Workbench) -> list[str]:
    catalog, library = bench.application.catalog, bench.application.library
    return sorted(chunk.text for chunk in catalog.all_chunks(library.id))


def card(page: Page) -> Locator:
    return page.locator("#batches .batch")


@pytest.mark.parametrize(
    "name", ["Rent review.txt", "Rent\u200b  review.txt", "/other/Rent review.txt"]
)
def test_two_files_that_are_called_alike_and_dropped_together_both_stay(
    page: Page, bench: Workbench, name: str
) -> None:
    page.evaluate(DROP, [NORTH, (name, SOUTH[1]), HARBOUR])

    expect(card(page).locator("h2")).to_have_text("3 files read")
    assert texts(bench) == sorted([NORTH[1], SOUTH[1], HARBOUR[1]])
    catalog, library = bench.application.catalog, bench.application.library
    assert all(catalog.trash.versions(each.id) == [] for each in catalog.documents(library.id))


def test_so_do_those_beside_and_in_folders_that_are_called_alike(
    page: Page, bench: Workbench
) -> None:
    page.evaluate(DROP_WITH_FOLDERS, [NORTH, SOUTH])
    expect(card(page).locator("h2")).to_have_text("4 files read")
    both: Sequence[str] = (NORTH[1], SOUTH[1])
    assert texts(bench) == sorted([*both, *(f"{text} In full." for text in both)])


def test_the_next_drop_of_a_name_is_a_version_which_is_said_with_how_to_have_both(
    page: Page, bench: Workbench
) -> None:
    bench.reader.gate.shut()
    page.evaluate(DROP, [NORTH])
    page.evaluate(DROP, [SOUTH, HARBOUR])  # while the first one waits
    bench.reader.gate.let()

    expect(card(page).locator("h2")).to_have_text("2 files: 1 read, 1 as a new version")
    line = card(page).locator("li", has_text="Rent review.txt")
    expect(line).to_be_visible()
    expect(line).to_contain_text("was added as a new version of the document of that name.")
    expect(line).to_contain_text("To have both, bring that one back from the report on this one.")
    assert texts(bench) == sorted([SOUTH[1], HARBOUR[1]])

    page.locator("li.doc", has_text="Rent review").hover()
    page.get_by_role("button", name="Report on Rent review").first.click()
    page.locator(".versions").get_by_role("button", name="Bring back").click()
    expect(page.locator("li.doc", has_text="Rent review")).to_have_count(2)
    assert texts(bench) == sorted([NORTH[1], SOUTH[1], HARBOUR[1]])
