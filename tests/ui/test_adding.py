"""Adding documents in a real Chromium: what is told, and what stays in the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.conftest import running_app
from ui.cli import main

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not there"),
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adding")


@pytest.fixture(scope="module")
def address(data_dir: Path) -> Iterator[str]:
    settings = {
        "TRAMONTANE_SAMPLES": "false",
        "TRAMONTANE_CHAT": "http://127.0.0.1:9/v1",  # where nobody answers
        "TRAMONTANE_MAX_FILE_MB": "1",
    }
    with running_app(data_dir, settings) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(20_000)
    page.goto(address)
    expect(page.locator("#files")).to_be_attached()
    yield page
    page.close()


def add(page: Page, *paths: Path) -> None:
    page.set_input_files("#files", paths)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_each_file_of_a_drop_has_an_outcome(page: Page, tmp_path: Path) -> None:
    add(
        page,
        write(tmp_path, "harbour.txt", "The harbour holds forty-one boats."),
        write(tmp_path, "huge.pdf", "x" * 1_040_000),
        write(tmp_path, "empty.txt", ""),
    )
    notices = page.get_by_role("log", name="Notices")
    excess = "huge.pdf has 1.1 MB; 1 MB are taken in at most."
    for outcome in (
        excess,
        "empty.txt: The file is empty.",
        "3 files: 1 read, 2 failed",
    ):
        expect(notices).to_contain_text(outcome)
    expect(page.locator(".doc.fresh", has_text="harbour")).to_be_visible()
    page.locator(".batch").get_by_role("button", name="Show each").click()
    expect(page.locator(".batch")).to_contain_text("harbour.txt was added.")
    page.locator(".batch").get_by_role("button", name="Dismiss").click()
    add(page, write(tmp_path, "twin.txt", "The harbour holds forty-one boats."))
    expect(notices).to_contain_text("twin.txt is already in the library as harbour.txt.")
    row = page.locator(".doc", has_text="huge.pdf")
    expect(row.locator(".why")).to_contain_text(excess)
    row.get_by_role("button", name="Dismiss huge.pdf").click()
    expect(row).to_have_count(0)


def test_files_that_are_added_together_have_one_notice(page: Page, tmp_path: Path) -> None:
    names = ("anchor", "buoy", "cleat", "davit", "fender", "gaff")
    add(page, *(write(tmp_path, f"{name}.txt", f"All about a {name}.") for name in names))
    notices = page.get_by_role("log", name="Notices").locator("p")
    expect(notices).to_have_text("6 files read")
    empty = write(tmp_path, "hull.txt", "")
    add(page, *(write(tmp_path, f"{name}.txt", f"On the {name}.") for name in "jkl"), empty)
    expect(notices.filter(has_text="hull.txt: The file is empty.")).to_be_visible()
    expect(notices.filter(has_text="4 files: 3 read, 1 failed")).to_have_count(1)
    expect(notices.filter(has_text=".txt was added")).to_have_count(0)


def test_what_the_command_line_adds_and_removes_appears_by_itself(
    page: Page, tmp_path: Path, data_dir: Path
) -> None:
    lighthouse = write(tmp_path, "lighthouse.txt", "The lighthouse was lit in 1831.")
    row = page.locator(".doc[data-id]", has_text="lighthouse")
    assert main(["add", str(lighthouse), "--data-dir", str(data_dir)]) == 0
    expect(row).to_be_visible(timeout=15_000)
    expect(page.locator(".doc").first).to_contain_text("lighthouse")
    assert main(["remove", "lighthouse.txt", "--data-dir", str(data_dir)]) == 0
    expect(row).to_have_count(0, timeout=15_000)


def test_all_documents_are_chosen_or_none(page: Page, tmp_path: Path) -> None:
    add(page, *(write(tmp_path, f"{name}.txt", f"A note on {name}.") for name in ("masts", "oars")))
    expect(page.locator(".doc[data-id]", has_text="oars")).to_be_visible()
    everything = page.get_by_role("checkbox", name="Ask all documents")
    expect(everything).to_have_attribute("aria-checked", "true")
    everything.click()
    expect(everything).to_have_attribute("aria-checked", "false")
    expect(page.get_by_role("checkbox", name="Ask oars")).to_have_attribute("aria-checked", "false")
    page.get_by_role("checkbox", name="Ask oars").click()
    expect(everything).to_have_attribute("aria-checked", "mixed")
    everything.click()
    expect(everything).to_have_attribute("aria-checked", "true")


def test_a_server_that_does_not_answer_is_marked(page: Page) -> None:
    expect(page.get_by_role("img", name="not reachable now")).to_be_visible()
    expect(page.get_by_label("Model").locator("option").first).to_contain_text("not reachable now")


@pytest.mark.parametrize("width", [390, 320])
def test_the_bar_fits_a_narrow_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    for name in ("Documents", "New conversation", "Light or dark"):
        control = page.get_by_role("button", name=name, exact=True)
        expect(control).to_be_visible()
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
