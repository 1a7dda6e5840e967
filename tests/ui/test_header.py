from __future__ import annotations

import re

import gradio as gr
import pytest

from ingest.queue import IngestQueue
from rag.domain import ModelCard
from rag.models import la_plateforme_card, offered_models
from rag.offers import Offer, offer_of
from rag.providers.reader import READER
from rag.wiring import Application
from ui.chat import Choice
from ui.header import render_head
from ui.library import DocumentHandlers
from ui.model_words import context_in_words, offer_row, price_in_words, told_in_full, told_in_short
from ui.rereading import Rereading

SERVED = ModelCard("a <b>", "127.0.0.1:8000", 8000, tools=True)
QUOTING = ModelCard(READER, "this computer", 8000, instructable=False)


def options(html: str) -> dict[str, str]:
    """What each option of the list says of itself, by the name it is chosen by."""
    return dict(re.findall(r'data-model="([^"]*)".*?aria-label="([^"]*)"', html))


def test_what_a_model_costs_and_reads_is_told_before_it_is_chosen() -> None:
    offers = [offer_of(card) for card in (QUOTING, *map(la_plateforme_card, offered_models()))]
    told = options(render_head(offers, None))

    assert told["mistral-small-latest"] == (
        "mistral-small-latest, La Plateforme, 256k tokens, $0.15 in, $0.60 out"
    )
    assert told["codestral-latest"].endswith("128k tokens, $0.30 in, $0.90 out")
    assert told[READER] == "embedded reader, this computer, any length, free"
    assert list(told) == [READER, *offered_models()]


def test_the_model_in_use_is_named_and_marked_in_the_list() -> None:
    offers = [offer_of(SERVED), offer_of(QUOTING)]
    first, chosen = render_head(offers, None), render_head(offers, READER)

    assert '<span class="name">a &lt;b&gt;</span><small>127.0.0.1:8000</small>' in first
    assert '<span class="name">embedded reader</span>' in chosen
    assert re.findall(r'aria-selected="(\w+)"', first) == ["true", "false"]
    assert re.findall(r'aria-selected="(\w+)"', chosen) == ["false", "true"]


def test_a_model_whose_server_is_away_is_marked() -> None:
    html = render_head([offer_of(SERVED, reachable=False), offer_of(QUOTING)], None)

    assert 'class="pill picked away"' in html
    assert 'aria-label="Model: a &lt;b&gt;, not reachable now"' in html
    assert options(html)["a &lt;b&gt;"].startswith("a &lt;b&gt;, not reachable now, ")
    assert "not reachable" not in render_head([offer_of(SERVED)], None)


def test_a_chosen_model_that_is_offered_no_more_is_named_all_the_same() -> None:
    html = render_head([offer_of(SERVED)], "gone <i>")

    assert '<span class="name">gone &lt;i&gt;</span>' in html
    assert 'class="pill picked away"' in html
    assert re.findall(r'aria-selected="(\w+)"', html) == ["false"]


def test_few_models_need_no_field_to_find_one_in() -> None:
    many = [offer_of(ModelCard(f"model-{n}", "127.0.0.1:8000", 8000)) for n in range(300)]

    assert "Find a model" not in render_head([offer_of(SERVED)], None)
    assert "Find a model" in render_head(many, None)
    assert len(options(render_head(many, None))) == 300


def test_what_the_day_came_to_stands_in_the_bar() -> None:
    html = render_head([offer_of(SERVED)], None, today="$0.0041", day="$0.0041 today. <No cap>")

    assert '<span class="day" title="$0.0041 today. &lt;No cap&gt;">$0.0041 today</span>' in html
    assert "<p class=foot>$0.0041 today. &lt;No cap&gt;</p>" in html
    assert 'class="day"' not in render_head([offer_of(SERVED)], None)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (131_072, "131k tokens"),
        (512, "512 tokens"),
        (999_999, "1M tokens"),
        (1_048_576, "1.05M tokens"),
    ],
)
def test_a_context_in_words(tokens: int, words: str) -> None:
    card = ModelCard("m", "127.0.0.1:8000", tokens)
    assert context_in_words(offer_of(card, listed_tokens=tokens)) == words


def test_what_only_seems_so_is_said_to_be_as_far_as_is_known() -> None:
    guessed, listed = offer_of(SERVED), offer_of(SERVED, listed_tokens=32_768)
    unheard = offer_of(la_plateforme_card("mistral-next"))

    assert told_in_full(guessed)["Reads"] == "8k tokens, as far as is known"
    assert told_in_full(listed)["Reads"] == "33k tokens"
    assert told_in_full(unheard)["Reads"] == "32k tokens, as far as is known"
    assert price_in_words(unheard) == "price not known"


def test_all_that_is_known_of_open_weights() -> None:
    name = "mistralai/Mixtral-8x7B-Instruct-v0.1"
    offer = offer_of(ModelCard(name, "gpu.lan:8000", 32_768, tools=True), listed_tokens=32_768)

    assert told_in_full(offer) == {
        "Runs at": "gpu.lan:8000",
        "Reads": "33k tokens",
        "Price": "free",
        "Tools": "in words: told of them in its prompt",
        "Citations": "by markers in its text",
        "Parameters": "46.7 billion, 12.9 billion for each token",
        "Open weights": f"{name} (Apache-2.0)",
    }


def test_a_deprecated_model_names_its_successor() -> None:
    offer = offer_of(la_plateforme_card("mistral-medium-2508"))

    assert told_in_short(offer)[0] == "deprecated: use mistral-medium-latest"
    assert told_in_full(offer)["Deprecated"] == "use mistral-medium-latest"
    assert '<i class="st w">deprecated</i>' in render_head([offer], None)


def test_a_model_for_programs() -> None:
    offer: Offer = offer_of(la_plateforme_card("mistral-small-latest"), native_citations=True)

    assert offer_row(offer, is_default=True) == {
        "id": "mistral-small-latest",
        "model": "mistral-small-latest",
        "place": "La Plateforme",
        "default": True,
        "reachable": True,
        "context_tokens": 256_000,
        "context_assumed": False,
        "free": False,
        "input_price": 0.15,
        "output_price": 0.6,
        "tools": "native",
        "citations": "native",
        "parameters_billions": 119,
        "active_billions": 6.5,
        "weights": None,
        "licence": None,
        "successor": None,
    }


def test_only_a_model_that_is_offered_can_be_picked(
    application: Application, queue: IngestQueue
) -> None:
    does = DocumentHandlers(application, queue, str, Rereading())

    def picked(name: str) -> str | None:
        return does.pick(Choice(), gr.EventData(None, {"value": name})).model

    assert picked(READER) == READER
    assert picked("mistral-large-latest") is None  # there is no key for it
