"""Choosing a model in the page: what is told of it, by keys, on a phone, in mid-conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.loopback import Events, LoopbackServer, Say, Status, chunk, listed_model

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.ui.conftest import running_app  # noqa: E402
from tests.ui.harbours import (  # noqa: E402
    IN_CHROMIUM,
    QUESTION,
    ask,
    choose_model,
    expect_model,
    script,
)

pytestmark = IN_CHROMIUM

MIXTRAL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
ODD = '"><img src=x onerror=alert(1)>'
MANY = [f"community/fine-tune-{number:03d}" for number in range(297)]
SAID = "In winter it holds forty-one boats [1]."
USAGE = {"prompt_tokens": 1000, "completion_tokens": 50}


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackServer]:
    served = [listed_model(name) for name in ("local-model", MIXTRAL, ODD, *MANY)]
    with LoopbackServer(served=served) as server:
        yield server


@pytest.fixture(scope="module")
def address(server: LoopbackServer, data_dir: Path) -> Iterator[str]:
    settings = {
        "TRAMONTANE_SAMPLES": "false",
        "TRAMONTANE_CHAT": f"{server.url}/v1",
        "TRAMONTANE_EMBEDDING": "all-MiniLM-L6-v2",
        "MISTRAL_API_KEY": "k" * 32,
        "TRAMONTANE_MISTRAL_URL": server.url,
        "TRAMONTANE_DAILY_DOLLARS": "0.002",
    }
    with running_app(data_dir, settings) as address:
        yield address


def asked_models(server: LoopbackServer) -> list[str]:
    return [request.body["model"] for request in server.asked("/v1/chat/completions")]


def test_all_that_is_known_of_a_model_stands_beside_the_list(page: Page) -> None:
    page.locator("#picked").click()
    find = page.get_by_role("combobox", name="Find a model")
    expect(find).to_be_focused()
    offered = page.locator(".models").get_by_role("option")
    expect(offered).to_have_count(300 + 8)
    find.fill("mixtral 8x7b")
    expect(offered).to_have_count(1)
    card = page.locator(".offer.at .card")
    expect(card).to_contain_text("in words: told of them in its prompt")
    expect(card).to_contain_text(f"{MIXTRAL} (Apache-2.0)")
    expect(card).to_contain_text("33k tokens")
    expect(card).to_contain_text("free")
    expect(page.locator(".models .foot")).to_contain_text("The cap is $0.002 a day.")
    find.fill("no such thing")
    expect(page.get_by_text("No model is called that.")).to_be_visible()
    box = page.locator("#models").bounding_box()
    assert box is not None
    assert box["height"] < 150  # no empty list above the sentence
    page.keyboard.press("Enter")  # chooses nothing
    page.keyboard.press("Escape")
    expect(page.locator("#models")).to_be_hidden()
    expect(page.locator("#picked")).to_be_focused()
    expect_model(page, "local-model")


def test_a_model_is_chosen_by_keys(page: Page, server: LoopbackServer) -> None:
    page.locator("#picked").focus()
    page.keyboard.press("Enter")
    find = page.get_by_role("combobox", name="Find a model")
    expect(find).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(find).to_have_attribute("aria-activedescendant", "offer-2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect_model(page, MIXTRAL)
    expect(page.locator("#models")).to_be_hidden()
    script(server, Say(SAID))
    ask(page)
    expect(page.locator("article.turn.done .facts")).to_contain_text(MIXTRAL)
    assert asked_models(server)[-1] == MIXTRAL


def test_models_are_switched_in_mid_conversation(page: Page, server: LoopbackServer) -> None:
    script(server, Say(SAID))
    ask(page)
    first = page.locator("article.turn").first
    expect(first.locator(".facts")).to_contain_text(re.compile(r"^local-model · 127.*· free · "))

    choose_model(page, "mistral-small-latest")
    rewritten = Say("How many boats does the harbour of Sainte-Maxime hold in winter?", usage=USAGE)
    script(server, rewritten, Say("Forty-one boats, in winter [1].", usage=USAGE))
    ask(page, "And how many of them are boats?")

    second = page.locator("article.turn.done").nth(1)
    expect(second.locator(".facts")).to_contain_text("mistral-small-latest · La Plateforme")
    expect(second.locator(".facts")).to_contain_text("2,100 tokens · $0.0004 · $0.0004 today")
    expect(page.locator("#head .day")).to_have_text("$0.0004 today")
    told = str(server.asked("/v1/chat/completions")[-2].body["messages"])
    assert QUESTION in told  # the turn before it, by the other model
    assert "it holds forty-one boats" in told
    assert asked_models(server)[-2:] == ["mistral-small-latest"] * 2
    expect(first.locator(".facts")).to_contain_text("local-model")

    choose_model(page, "embedded reader")
    ask(page, QUESTION)
    third = page.locator("article.turn.done").nth(2)
    expect(third.locator(".facts")).to_contain_text("embedded reader · this computer · free")
    expect(page.locator("article.turn")).to_have_count(3)


def test_a_switch_while_an_answer_streams_counts_from_the_next_question(
    page: Page, server: LoopbackServer
) -> None:
    words = [chunk({"content": "In winter "}), chunk({"content": "it holds "})]
    script(server, Events(words, stalls=True))
    ask(page)
    expect(page.locator("article.turn.running .a")).to_contain_text("In winter it holds")
    choose_model(page, MIXTRAL)
    expect(page.locator("article.turn.running .a")).to_contain_text("In winter it holds")
    assert asked_models(server)[-1] == "local-model"
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("article.turn.stopped .a")).to_contain_text("In winter it holds")
    script(server, Say(SAID))
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("article.turn.done .facts")).to_contain_text(MIXTRAL)
    expect_model(page, MIXTRAL)
    assert asked_models(server)[-1] == MIXTRAL


def test_an_answer_that_is_drawn_again_after_its_stop_is_stopped_again(
    page: Page, server: LoopbackServer
) -> None:
    script(server, Events([chunk({"content": "In winter "})], stalls=True))
    ask(page)
    expect(page.locator("article.turn.running .a")).to_contain_text("In winter")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("article.turn.stopped")).to_be_visible()

    page.evaluate(
        """() => {
          window.stops = 0;
          document.getElementById("stop").addEventListener("click", () => {
            window.stops += 1;
            document.querySelector("#thread .turn").classList.remove("running");
          });
          document.querySelector("#thread .turn").classList.add("running");
        }"""
    )

    page.wait_for_function("window.stops === 1")


def test_a_name_with_odd_characters_is_shown_and_asked_as_it_is(
    page: Page, server: LoopbackServer
) -> None:
    choose_model(page, ODD)
    script(server, Say(SAID))
    ask(page)
    expect(page.locator("article.turn.done .facts")).to_contain_text(ODD)
    assert asked_models(server)[-1] == ODD
    assert page.locator("#head img").count() == 0


def test_a_model_that_is_served_no_more_is_one_sentence_and_stays_named(
    page: Page, server: LoopbackServer
) -> None:
    choose_model(page, MANY[7])
    gone = {"message": f"The model `{MANY[7]}` does not exist.", "type": "NotFoundError"}
    script(server, Status(404, {"error": gone | {"param": None, "code": 404}}))
    ask(page)
    error = page.locator("article.turn.failed .error")
    expect(error).to_contain_text(MANY[7])
    expect(error).to_contain_text("TRAMONTANE_CHAT_MODEL")
    expect_model(page, MANY[7])


def test_a_question_that_would_pass_the_cap_is_one_plain_sentence(
    page: Page, server: LoopbackServer
) -> None:
    choose_model(page, "mistral-medium-latest")
    before = len(asked_models(server))
    ask(page)
    expect(page.locator("article.turn.failed .error")).to_have_text(
        re.compile(
            r"^This could cost up to \$0\.\d+, more than the cap of \$0\.002 a day allows\. "
            r"Choose a cheaper model, or raise TRAMONTANE_DAILY_DOLLARS\.$"
        )
    )
    assert len(asked_models(server)) == before  # nothing was sent
    choose_model(page, "local-model")
    script(server, Say(SAID))
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator("article.turn.done")).to_have_count(1)


def test_on_a_phone_a_tap_chooses_and_shows_what_is_known(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(address)
    page.locator("#picked").tap()
    panel = page.locator("#models")
    expect(panel).to_be_visible()
    box = panel.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    option = page.get_by_role("option", name=f"{MIXTRAL}, ")
    option.tap()
    expect(option).to_have_attribute("aria-selected", "true")
    expect(option.locator("dl")).to_be_visible()
    expect(panel).to_be_visible()
    page.get_by_role("button", name="Done").tap()
    expect(panel).to_be_hidden()
    expect_model(page, MIXTRAL)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_what_was_chosen_stays_when_the_page_is_loaded_again(
    page: Page, server: LoopbackServer
) -> None:
    choose_model(page, MIXTRAL)
    page.reload()
    expect_model(page, MIXTRAL)
    script(server, Say(SAID))
    ask(page)
    expect(page.locator("article.turn.done .facts")).to_contain_text(MIXTRAL)
    assert asked_models(server)[-1] == MIXTRAL


def test_enter_in_the_filter_closes_the_sheet_of_a_phone(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(address)
    page.locator("#picked").tap()
    find = page.get_by_role("combobox", name="Find a model")
    find.fill("mixtral 8x7b")
    find.press("Enter")
    expect(page.locator("#models")).to_be_hidden()
    expect_model(page, MIXTRAL)
    page.close()


def test_the_list_tells_that_a_server_has_gone_and_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    with ExitStack() as going:
        own = going.enter_context(LoopbackServer(served=[listed_model("going-model")]))
        port = urlsplit(own.url).port
        assert port is not None
        settings = {"TRAMONTANE_SAMPLES": "false", "TRAMONTANE_CHAT": f"{own.url}/v1"}
        with running_app(tmp_path, settings) as its_address:
            page.goto(its_address)
            expect(page.locator("#picked:not(.away) .name")).to_have_text("going-model")
            going.close()
            page.locator("#picked").click()
            option = page.get_by_role("option", name="going-model, not reachable now")
            expect(option.locator("small")).to_contain_text("not reachable now")
            expect(page.locator("#picked.away .name")).to_be_visible()
            box = page.locator("#picked").bounding_box()
            assert box is not None
            assert box["width"] > 100  # its name is still read
            page.keyboard.press("Escape")
            with LoopbackServer(served=[listed_model("going-model")], port=port):
                page.locator("#picked").click()
                expect(page.locator("#picked:not(.away)")).to_be_visible()
                expect(option).to_have_count(0)
    page.close()
