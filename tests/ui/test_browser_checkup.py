"""Checking the set-up in the page, in a real Chromium."""

from __future__ import annotations

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.loopback import Events, LoopbackServer, Say, Status, call, chunk, vllm_error  # noqa: E402
from tests.ui.harbours import IN_CHROMIUM, script  # noqa: E402

pytestmark = IN_CHROMIUM

CALLS = Events(
    [
        chunk({"tool_calls": [call(0, "call00001", "add", {"first": 2, "second": 3})]}),
        chunk({}, "tool_calls"),
    ]
)


def rows(page: Page) -> dict[str, tuple[str, str]]:
    found = page.locator("#source .looks li")
    return {
        row.locator("b").text_content() or "": (
            row.locator(".st").inner_text(),
            row.locator("p").inner_text(),
        )
        for row in found.all()
    }


def test_the_set_up_is_checked_when_it_is_asked_for(page: Page, server: LoopbackServer) -> None:
    page.get_by_role("button", name="Check the set-up").click()
    source = page.locator("#source")
    expect(source).to_contain_text("which takes some two hundred tokens")
    script(server, CALLS, Say('{"city": "Paris"}'))
    before = len(server.asked("/v1/chat/completions"))

    source.get_by_role("button", name="Check now").click()

    expect(source.get_by_role("heading", name="Nothing is wrong")).to_be_visible()
    found = rows(page)
    assert found["library"][0] == "ok"
    assert found["answers"][1].startswith("local-model on 127.0.0.1")
    assert found["tools"] == ("ok", "local-model calls tools.")
    assert found["structured output"][1].startswith("local-model keeps to a JSON schema.")
    assert len(server.asked("/v1/chat/completions")) == before + 2
    page.get_by_role("button", name="Report").first.click()
    expect(source.locator(".looks")).to_have_count(0)


def test_on_a_telephone_it_opens_over_the_page_and_says_what_is_wrong(
    browser: Browser, address: str, server: LoopbackServer
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    page.get_by_role("button", name="Documents", exact=True).click()
    page.get_by_role("button", name="Check the set-up").click()
    script(server, *[Status(401, vllm_error("Unauthorized", 401))] * 2)

    page.locator("#source").get_by_role("button", name="Check now").click()

    expect(page.get_by_role("heading", name="2 things are wrong")).to_be_visible()
    tone, sentence = rows(page)["tools"]
    assert tone == "wrong"
    assert "TRAMONTANE_CHAT_API_KEY" in sentence
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()
