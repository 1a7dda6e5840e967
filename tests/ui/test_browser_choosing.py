"""Two quick choices both count, however slowly the server answers, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import paragraph, pdf

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import APIResponse, Locator, Page, Route, expect  # noqa: E402

from tests.ui.harbours import IN_CHROMIUM, TITLE, add  # noqa: E402

pytestmark = IN_CHROMIUM
CALLS = "**/gradio_api/run/**"
REFRESH = """() => document.querySelector('#documents [id^="html-"]').dispatchEvent(
  new CustomEvent('gesture', {detail: {event: 'added'}}))"""
A_WHILE = "() => new Promise(resolve => setTimeout(() => requestAnimationFrame(resolve), 300))"


def box(page: Page, title: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Ask {title}", exact=True)


@pytest.fixture
def page_of_two(page: Page, tmp_path: Path) -> Page:
    if not page.locator(".doc[data-id]", has_text="Zoo").count():
        add(page, tmp_path / "zoo.pdf", pdf([paragraph("A zoo.")], title="Zoo"), "Zoo")
    expect(page.locator("li.doc.job, li.doc.going")).to_have_count(0)
    for title in ("Zoo", TITLE):
        expect(box(page, title)).to_be_checked()
    return page


class SlowServer:
    """Has the first call of a page wait: before the server hears of it, or with its answer."""

    def __init__(self, page: Page, *, answers: bool = False) -> None:
        self._answers = answers
        self._held: Route | None = None
        self._answer: APIResponse | None = None
        self.calls = 0
        page.route(CALLS, self._call)

    def _call(self, route: Route) -> None:
        self.calls += 1
        if self.calls > 1:
            route.continue_()
            return
        self._answer = route.fetch() if self._answers else None
        self._held = route

    def wait_until_held(self, page: Page) -> None:
        while self._held is None:
            page.evaluate(A_WHILE)  # hears what the browser asks

    def let_go(self) -> None:
        assert self._held is not None
        if self._answer is None:
            self._held.continue_()
        else:
            self._held.fulfill(response=self._answer)


def test_a_choice_waits_for_the_one_before_it_and_both_count(page_of_two: Page) -> None:
    page = page_of_two
    server = SlowServer(page)
    box(page, "Zoo").click()
    server.wait_until_held(page)
    box(page, TITLE).click()
    page.evaluate(A_WHILE)
    assert server.calls == 1
    server.let_go()
    for title in ("Zoo", TITLE):
        expect(box(page, title)).not_to_be_checked()
    expect(page.locator("#documents .h", has_text="Documents")).to_contain_text("0 of 2 chosen")


def test_an_older_drawing_takes_no_newer_choice_s_place(page_of_two: Page) -> None:
    page = page_of_two
    server = SlowServer(page, answers=True)
    page.evaluate(REFRESH)
    server.wait_until_held(page)
    box(page, "Zoo").click()
    expect(box(page, "Zoo")).not_to_be_checked()
    server.let_go()
    page.evaluate(A_WHILE)
    expect(box(page, "Zoo")).not_to_be_checked()
    expect(page.locator("#documents .h", has_text="Documents")).to_contain_text("1 of 2 chosen")
