"""What quick handlers say above the page, in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from rag.errors import ProviderError
from rag.marks import QUESTIONS
from rag.wiring import Application
from tests.ui.workbench import HeldEmbedder, Workbench

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Route, expect  # noqa: E402

from tests.ui.harbours import GUIDE, IN_CHROMIUM, add, ask, opened  # noqa: E402

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


def test_files_that_are_refused_for_one_reason_are_told_of_once(
    browser: Browser, application: Application, tmp_path: Path
) -> None:
    with (
        Workbench(application, HeldEmbedder(application.embedder)).page() as address,
        opened(browser, address) as page,
    ):
        reply = "{} was not taken in. There is no room left. Make room and try again."

        def refuse(route: Route) -> None:
            name = parse_qs(urlsplit(route.request.url).query)["name"][0]
            route.fulfill(status=507, body=reply.format(name))

        page.route("**/documents?name=**", refuse)
        files = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]
        for file in files:
            file.write_text("Words.")
        page.set_input_files("#files", files)
        bad = page.locator("#say .bad")
        expect(bad).to_have_text(
            ["3 files were not taken in. There is no room left. Make room and try again."]
        )
        rows = page.locator("#unsent .doc.unread")
        expect(rows).to_have_count(3)
        why = page.locator("#unsent .why")
        expect(why).to_have_text(["There is no room left. Make room and try again."])
        page.get_by_role("button", name="Dismiss a.txt").click()
        expect(rows.first.locator(".why")).to_have_count(1)  # the next one tells it
        expect(bad).to_have_count(1)


def test_notices_stand_in_the_middle_of_the_conversation(
    browser: Browser, application: Application
) -> None:
    with (
        Workbench(application, HeldEmbedder(application.embedder)).page() as address,
        opened(browser, address) as page,
    ):
        for width in (1280, 1600, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_function(
                """() => {
                  const [said, middle] = ["say", "middle"].map(
                    (id) => document.getElementById(id).getBoundingClientRect());
                  const away = said.left + said.width / 2 - middle.left - middle.width / 2;
                  return Math.abs(away) < 1 && said.width <= middle.width;
                }"""
            )


def test_a_fault_is_told_once_until_something_is_done(
    browser: Browser, application: Application
) -> None:
    tell = """() => {
      const detail = {sentence: 'There is no room.', tone: 'bad'};
      document.dispatchEvent(new CustomEvent('say', {detail}));
    }"""
    with (
        Workbench(application, HeldEmbedder(application.embedder)).page() as address,
        opened(browser, address) as page,
    ):
        page.clock.install()
        bad = page.locator("#say .bad")
        page.evaluate(tell)
        page.evaluate(tell)
        expect(bad).to_have_count(1)
        page.clock.run_for(8_000)
        expect(bad).to_have_count(0)
        page.evaluate(tell)
        assert bad.count() == 0
        page.mouse.click(700, 300)
        page.evaluate(tell)
        expect(bad).to_have_count(1)
