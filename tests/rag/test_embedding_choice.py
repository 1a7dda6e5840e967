"""Which embedding models a library is offered, and what keeps it from having one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.reembedding import reembed
from rag.embedding_choice import embedding_offers
from rag.errors import PolicyError, SettingsError
from rag.library_embedder import WantedLibrary
from tests.loopback import LoopbackServer, listed_model
from tests.rag.applications import KEY, QUESTION, TEXTS, application, fill, settings

MINILM, MISTRAL, BGE = "all-MiniLM-L6-v2", "mistral-embed", "BAAI/bge-m3"
ELSEWHERE = "http://embeds.example/v1"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [MINILM]),
        ({"mistral_api_key": KEY}, [MINILM, MISTRAL]),
        ({"mistral_api_key": KEY, "embedding": MINILM}, [MINILM]),
        ({"embedding": ELSEWHERE}, [MINILM, ELSEWHERE]),
        (
            {"embedding": ELSEWHERE, "embedding_model": BGE, "mistral_api_key": KEY},
            [MINILM, MISTRAL, BGE],
        ),
    ],
)
def test_what_the_settings_lead_to_is_offered(
    given: dict[str, object], expected: list[str]
) -> None:
    assert [offer.model for offer in embedding_offers(settings(**given))] == expected


def test_a_library_that_stays_here_is_offered_what_is_here_and_nothing_is_sent() -> None:
    with application() as opened:
        fill(opened)
    with application(mistral_api_key=KEY) as opened:
        library = opened.catalog.libraries.set_policy(opened.library.id, stays_here=True)
        assert [offer.model for offer in opened.embedding_offers(library)] == [MINILM]
        with pytest.raises(PolicyError, match="never leaves this machine, so nothing was sent"):
            opened.embedder_of(library, MISTRAL)


def test_a_policy_holds_for_a_library_that_was_just_made() -> None:
    with application(mistral_api_key=KEY, mistral_url="https://example.invalid") as opened:
        opened.catalog.libraries.set_policy(opened.library.id, stays_here=True)
        with pytest.raises(PolicyError, match=r"nothing was sent to example\.invalid"):
            opened.embedder.embed([QUESTION])


def test_what_is_missing_is_told() -> None:
    with application() as opened:
        library = opened.library
        with pytest.raises(SettingsError, match="mistral-embed needs a key"):
            opened.embedder_of(library, MISTRAL)
        with pytest.raises(SettingsError, match="needs a server of your own"):
            opened.embedder_of(library, BGE)
    with (
        application(embedding=MINILM, mistral_api_key=KEY) as opened,
        pytest.raises(SettingsError, match=f"TRAMONTANE_EMBEDDING asks for {MINILM}"),
    ):
        opened.embedder_of(opened.library, MISTRAL)


def test_a_library_keeps_the_model_that_was_chosen_for_it_beside_a_server() -> None:
    with LoopbackServer(served=[listed_model(BGE, max_model_len=8192)]) as server:
        with application(embedding=server.url) as opened:
            fill(opened)
            library = opened.library
            assert library.embedding_model == BGE
            embedder = opened.embedder_of(library, MINILM)
            assert reembed(opened.catalog, library, embedder, lambda _: None) == len(TEXTS)
        with application(embedding=server.url) as opened:
            assert (opened.embedder.model, opened.library.chosen) == (MINILM, True)
            found = opened.retriever.search(QUESTION, opened.scope(), 1)
            assert found[0].document.name == "nemo.txt"
            back = opened.embedder_of(opened.library, server.url)
            assert reembed(opened.catalog, opened.library, back, lambda _: None) == len(TEXTS)
        with application(embedding=server.url) as opened:
            assert opened.embedder.model == BGE


def test_an_empty_library_keeps_the_model_that_it_was_given() -> None:
    with application() as opened:
        library = opened.library
        embedder = opened.embedder_of(library, MINILM)
        assert reembed(opened.catalog, library, embedder, lambda _: None) == 0
    with application(mistral_api_key=KEY) as opened:
        assert (opened.embedder.model, opened.library.chosen) == (MINILM, True)


def test_a_new_library_is_embedded_by_whom_it_asks_for() -> None:
    with application(mistral_api_key=KEY) as opened:
        made = opened.create_library(WantedLibrary("here", embedding=MINILM))
        assert (made.embedding_model, made.chosen) == (MINILM, True)
        assert opened.create_library(WantedLibrary("usual")).embedding_model == MISTRAL
        with pytest.raises(PolicyError):
            opened.create_library(WantedLibrary("no", stays_here=True, embedding=MISTRAL))
