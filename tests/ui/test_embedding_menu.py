from __future__ import annotations

from dataclasses import replace

import pytest

from rag.domain import Library
from rag.embedding_choice import EmbeddingOffer
from rag.intake import Estimate, Stage
from rag.store.reembeddings import Reembedding
from ui.embedding_menu import (
    Question,
    offer_words,
    render_choice_of_new,
    render_embedding,
    render_progress,
)

LIBRARY = Library("1", "documents", "<old>", 8, 0)
HERE = EmbeddingOffer("all-MiniLM-L6-v2", "http://127.0.0.1")
SERVER = EmbeddingOffer(
    "http://user:secret@embeds.example:8001/v1", "http://embeds.example:8001/v1"
)
GOING = Reembedding("1", "<new>", Stage.EMBEDDING, 2, 5)


@pytest.mark.parametrize(
    ("offer", "expected"),
    [
        (HERE, "all-MiniLM-L6-v2, built in"),
        (EmbeddingOffer("mistral-embed", "https://api.mistral.ai"), "mistral-embed, La Plateforme"),
        (SERVER, "the model of embeds.example:8001"),
        (EmbeddingOffer("bge-m3", "http://a.example:1/v1"), "bge-m3, a.example:1"),
    ],
)
def test_offers_are_told_by_name_and_place(offer: EmbeddingOffer, expected: str) -> None:
    assert offer_words(offer) == expected


def test_nothing_to_choose_is_no_choice() -> None:
    only = [replace(HERE, model="<old>")]
    assert "<form" not in render_embedding(LIBRARY, only)
    assert render_choice_of_new([HERE], HERE.model) == ""
    assert "<form" not in render_embedding(LIBRARY, [HERE], GOING)
    assert "<form" in render_embedding(LIBRARY, [HERE], replace(GOING, stage=Stage.DONE))


def test_the_usual_model_of_a_new_library_is_chosen_and_named_by_nothing() -> None:
    html = render_choice_of_new([HERE, SERVER], HERE.model)
    assert '<option value="" selected>all-MiniLM-L6-v2, built in</option>' in html


def test_what_it_takes_is_told_before_anything_is_done() -> None:
    price = Estimate(1_200, 450_000, 0, 0.045, 200.0)
    html = render_embedding(LIBRARY, [HERE], None, Question("o", "<new>", price))
    assert "Embed with &lt;new&gt;: about $0.04" in html
    assert "1,200 pages, 450,000 tokens to embed, about 3 min" in html
    assert 'data-event="embed" data-id="1" data-model="o"' in html
    free = Question("o", "new", replace(price, dollars=0.0))
    assert "Embed with new: free" in render_embedding(LIBRARY, [HERE], None, free)


@pytest.mark.parametrize(
    ("anew", "said", "events"),
    [
        (GOING, "meaning with &lt;new&gt;: 40\u00a0%", ["unembed"]),
        (replace(GOING, done=0, total=0), "&lt;new&gt;: waiting", ["unembed"]),
        (replace(GOING, is_stopping=True), "stopping", []),
        (
            replace(GOING, stage=Stage.FAILED, outcome="It is <away>."),
            "It is &lt;away&gt;. What was embedded is kept.",
            ["goon", "unembed"],
        ),
        (replace(GOING, stage=Stage.DONE), "Meaning is by &lt;new&gt; now.", ["unembed"]),
    ],
)
def test_how_far_it_is_and_what_can_be_done(
    anew: Reembedding, said: str, events: list[str]
) -> None:
    html = render_progress(LIBRARY, anew)
    assert said in html
    assert [part.split('"')[0] for part in html.split('data-event="')[1:]] == events
    assert "<new>" not in html
    assert "<old>" not in html


def test_where_nothing_is_to_say_nothing_is_said() -> None:
    assert render_progress(LIBRARY, None) == ""
