"""Changing the model that embeds a library, in a real Chromium, held back batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.domain import Library
from rag.errors import UnavailableError
from rag.policy import HERE
from rag.protocols import Embedder
from rag.settings import load_settings
from rag.wiring import Application, build
from tests.builders import paragraph, pdf
from tests.loopback import LoopbackServer
from tests.rag.applications import TEXTS, fill

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, ask, opened  # noqa: E402
from tests.ui.workbench import HeldEmbedder, Workbench  # noqa: E402

pytestmark = IN_CHROMIUM

MINILM, MISTRAL = "all-MiniLM-L6-v2", "mistral-embed"
QUESTION = "How many parameters does Nemo have?"
MORE = {f"boat-{number}.txt": f"Boat {number} lies at pier {number}." for number in range(3)}
AWAY = "La Plateforme is away."
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture
def platform() -> Iterator[LoopbackServer]:
    with LoopbackServer() as server:
        yield server


@pytest.fixture
def application(
    platform: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """A library of five passages that were embedded here, before there was a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tests.rag.applications.TEXTS", TEXTS | MORE)
    given = {"data_dir": tmp_path / "data", "samples": False, "chat": "reader"}
    with closing(build(load_settings(given))) as before:
        fill(before)
    keyed = {"mistral_api_key": "k", "mistral_url": platform.url}
    with closing(build(load_settings(given | keyed))) as built:
        yield built


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldEmbedder:
    """Who embeds with another model, one passage after the other."""
    monkeypatch.setattr("ingest.reembedding.BATCH_CHUNKS", 1)
    held = HeldEmbedder(None)  # type: ignore[arg-type]
    held.gate.shut()
    real = Application.embedder_of

    def embedder_of(application: Application, library: Library, model: str) -> Embedder:
        held.inner = real(application, library, model)
        return held

    monkeypatch.setattr(Application, "embedder_of", embedder_of)
    return held


@pytest.fixture
def bench(application: Application, held: HeldEmbedder) -> Iterator[Workbench]:
    yield Workbench(application, HeldEmbedder(application.embedder))
    held.gate.let()


@pytest.fixture
def address(bench: Workbench, held: HeldEmbedder) -> Iterator[str]:
    with bench.page() as address:
        yield address
        held.gate.let()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        yield page


def begin(page: Page) -> None:
    """Choose the other model, and agree to what it takes."""
    page.click("#libraries summary")
    page.click("#libraries form.meaning button")
    page.get_by_role("button", name="Embed", exact=True).click()


def library(application: Application) -> Library:
    return application.catalog.library("documents")


def test_a_model_is_chosen_at_a_price_and_the_old_one_answers_until_then(
    page: Page,
    browser: Browser,
    application: Application,
    held: HeldEmbedder,
    platform: LoopbackServer,
    address: str,
    tmp_path: Path,
) -> None:
    page.click("#libraries summary")
    expect(page.locator("#libraries .meaning")).to_contain_text(f"Meaning by {MINILM}")
    page.click("#libraries form.meaning button")
    asked = page.locator("#libraries .work.meaning")
    expect(asked).to_contain_text(f"Embed with {MISTRAL}: less than $0.01")
    expect(asked).to_contain_text("5 pages")
    expect(asked).to_contain_text("tokens to embed, about 0 s")
    assert platform.asked("/v1/embeddings") == []
    page.get_by_role("button", name="Embed", exact=True).click()
    held.gate.let(2)
    told = page.locator("#documents .anew")
    expect(told).to_contain_text(f"meaning with {MISTRAL}: 40\u00a0%")
    expect(told).to_contain_text(f"{MINILM} goes on answering")
    ask(page, QUESTION)
    expect(page.locator("#thread .turn.done .a")).to_contain_text("12 billion")
    assert library(application).embedding_model == MINILM
    path = tmp_path / "late.pdf"
    path.write_bytes(pdf([paragraph("The lighthouse was lit in 1831.")]))
    page.set_input_files("#files", path)
    expect(page.locator("li.doc[data-id]")).to_have_count(6)
    expect(page.locator("li.doc.job")).to_have_count(0)
    with opened(browser, address) as other:  # as after a closed tab
        expect(other.locator("#documents .anew")).to_contain_text("40 %")
        held.gate.let()
        expect(other.locator("#documents .anew")).to_contain_text(f"Meaning is by {MISTRAL} now.")
    expect(told).to_contain_text(f"Meaning is by {MISTRAL} now.")
    now = library(application)
    assert (now.embedding_model, now.dimension, now.chosen) == (MISTRAL, 1024, True)
    assert all(each.embedded == each.chunks for each in application.catalog.documents(now.id))
    page.click("#libraries summary")
    expect(page.locator("#libraries .meaning b")).to_have_text(MISTRAL)
    told.get_by_role("button", name="Hide this").click()
    expect(told).to_have_count(0)
    platform.requests.clear()
    ask(page, QUESTION)
    expect(page.locator("#thread .turn.done").nth(1)).to_contain_text("12 billion")
    assert len(platform.asked("/v1/embeddings")) == 1


def test_what_a_fault_stops_goes_on_and_nothing_is_paid_twice(
    page: Page, application: Application, held: HeldEmbedder, platform: LoopbackServer
) -> None:
    begin(page)
    held.gate.let(2)
    told = page.locator("#documents .anew")
    expect(told).to_contain_text("40 %")
    held.faults.append(UnavailableError(AWAY))
    held.gate.let(1)
    expect(told).to_contain_text("stopped at 40 %")
    expect(told).to_contain_text(f"{AWAY} What was embedded is kept.")
    assert len(platform.asked("/v1/embeddings")) == 2
    held.gate.let()
    told.get_by_role("button", name="Go on").click()
    expect(told).to_contain_text(f"Meaning is by {MISTRAL} now.")
    assert len(platform.asked("/v1/embeddings")) == 5
    assert library(application).embedding_model == MISTRAL


def test_it_is_cancelled_and_what_was_paid_is_kept(
    page: Page, application: Application, held: HeldEmbedder, platform: LoopbackServer
) -> None:
    begin(page)
    held.gate.let(2)
    told = page.locator("#documents .anew")
    expect(told).to_contain_text("40 %")
    told.get_by_role("button", name=f"Cancel embedding with {MISTRAL}").click()
    expect(told).to_contain_text("stopping")
    held.gate.let(1)
    expect(told).to_have_count(0)
    assert library(application).embedding_model == MINILM
    held.gate.let()
    begin(page)
    expect(told).to_contain_text(f"Meaning is by {MISTRAL} now.")
    assert len(platform.asked("/v1/embeddings")) == 5


def test_it_goes_on_with_the_next_start(
    browser: Browser, bench: Workbench, held: HeldEmbedder, platform: LoopbackServer
) -> None:
    with bench.page() as address, opened(browser, address) as page:
        begin(page)
        held.gate.let(3)
        expect(page.locator("#documents .anew")).to_contain_text("60 %")
        held.gate.let(1)
    with bench.page() as address, opened(browser, address) as page:
        held.gate.let()
        expect(page.locator("#documents .anew")).to_contain_text(f"Meaning is by {MISTRAL} now.")
    assert len(platform.asked("/v1/embeddings")) == 5


def test_a_library_that_stays_here_is_offered_no_model_elsewhere(
    page: Page, platform: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.embedding_choice.is_here", lambda address: address == HERE)
    page.click("#libraries summary")
    page.click("#libraries .stays")
    expect(page.locator("#libraries summary svg")).to_have_count(2)  # a lock
    page.click("#libraries summary")
    expect(page.locator("#libraries p.meaning")).to_contain_text("models elsewhere are not offered")
    expect(page.locator("#libraries form.meaning")).to_have_count(0)
    assert platform.requests == []


def test_a_new_library_gets_the_model_that_is_chosen_for_it(
    page: Page, application: Application
) -> None:
    page.click("#libraries summary")
    page.fill("#libraries [data-event='make'] input", "Coast")
    page.select_option("#libraries [data-event='make'] select", label=f"{MINILM}, built in")
    page.click("#libraries [data-event='make'] button")
    expect(page.locator("#libraries summary")).to_have_attribute("aria-label", "Library: Coast")
    made = application.catalog.library("Coast")
    assert (made.embedding_model, made.chosen) == (MINILM, True)


def test_the_question_fits_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.click("#drawer")
    page.click("#libraries summary")
    page.click("#libraries form.meaning button")
    expect(page.locator("#libraries .work.meaning")).to_be_visible()
    assert page.evaluate(WIDTH) == 390
    left = page.locator("#left").bounding_box()
    assert left is not None
    for control in page.locator("#libraries .menu :is(button, input, select)").all():
        box = control.bounding_box()
        assert box is not None
        assert left["x"] <= box["x"]
        assert box["x"] + box["width"] <= left["x"] + left["width"]
