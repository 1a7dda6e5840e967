"""What quick handlers say above the page, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ProviderError
from rag.marks import QUESTIONS
from rag.wiring import Application
from tests.ui.workbench import HeldEmbedder, Workbench

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, expect  # noqa: E402

from tests.ui.harbours import GUIDE, IN_CHROMIUM, add, ask  # noqa: E402

pytestmark = IN_CHROMIUM


def test_what_handlers_could_not_do_is_said_above_the_page(
    browser: Browser,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def fail() -> None:
        raise ProviderError("The list of models is <gone>.")

    with Workbench(application, HeldEmbedder(application.embedder)).page() as address:
        page = browser.new_page()
        page.set_default_timeout(20_000)
        notices = page.get_by_role("log", name="Notices")
        with monkeypatch.context() as patch:
            patch.setattr(application, "offers", fail)
            page.goto(address)
            expect(notices).to_have_text(
                "The models cannot be listed: The list of models is <gone>."
            )
        add(page, tmp_path / "harbours.pdf", GUIDE)
        ask(page)
        expect(page.locator("article.turn.done")).to_be_visible()
        (application.catalog.data_dir / QUESTIONS).write_text("in the way")
        page.get_by_role("button", name="Good", exact=True).click()
        expect(notices).to_contain_text("The mark cannot be")
        page.get_by_role("button", name="Wrong?").click()
        reason = page.get_by_label("In your words")
        reason.fill("It is fifty.")
        seen = "for (const note of document.querySelectorAll('#say p')) note.className = 'seen'"
        page.evaluate(seen)
        page.get_by_role("button", name="Mark as wrong").click()
        expect(notices.locator("p:not(.seen)")).to_contain_text("The mark cannot be")
        expect(reason).to_have_value("It is fifty.")
        page.close()
