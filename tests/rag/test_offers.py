from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from rag.domain import ModelCard
from rag.models import la_plateforme_card, offered_models
from rag.offers import CitationUse, Offer, ToolUse, is_private, offer_of, without_twins
from rag.providers.reader import READER
from rag.settings import load_settings
from rag.wiring import Application, build
from tests.loopback import LoopbackServer, Status, listed_model
from tests.rag.applications import KEY, QUESTION, application, fill, platform

SMALL = "mistral-small-latest"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def offered(opened: Application) -> dict[str, Offer]:
    return {offer.id: offer for offer in opened.offers()}


@pytest.mark.parametrize(
    ("place", "private"),
    [
        *[("127.0.0.1:8000", True), ("192.168.1.7:11434", True), ("[::1]:8000", True)],
        *[("localhost:8000/api", True), ("gpu.lan:8000", True), ("vllm:8000", True)],
        *[("this machine", True), ("openrouter.ai/api", False), ("api.mistral.ai", False)],
        *[("8.8.8.8:80", False), ("[2a00:1450::1]:80", False)],
    ],
)
def test_only_what_is_no_address_of_the_internet_is_said_to_be_free(
    place: str, private: bool
) -> None:
    assert is_private(place) == private
    assert offer_of(ModelCard("m", place, 8_000)).is_free == private


def test_citations_are_native_where_la_plateforme_is_asked_for_them() -> None:
    card = la_plateforme_card(SMALL)

    assert offer_of(card).citations is CitationUse.MARKERS
    assert offer_of(card, native_citations=True).citations is CitationUse.NATIVE
    served = ModelCard(SMALL, "127.0.0.1:8000", 8_000)
    assert offer_of(served, native_citations=True).citations is CitationUse.MARKERS


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", ToolUse.IN_WORDS),
        ("mistralai/Mistral-Nemo-Instruct-2407", ToolUse.NATIVE),
        ("anything-else", ToolUse.NATIVE),
    ],
)
def test_how_a_model_of_ones_own_is_given_tools(name: str, use: ToolUse) -> None:
    assert offer_of(ModelCard(name, "127.0.0.1:8000", 8_000, tools=True)).tools is use


def test_two_models_of_one_name_are_told_apart_by_their_places() -> None:
    here, there = (offer_of(ModelCard("m", place, 8_000)) for place in ("here", "there"))

    assert [each.id for each in without_twins([here, there, here])] == ["m", "m (there)"]


def test_the_models_of_a_server_are_offered_with_the_context_it_lists() -> None:
    served = [listed_model("a", max_model_len=8_192), {"id": "b"}]
    with LoopbackServer(served=served) as server, application(chat=server.url) as opened:
        found = offered(opened)

        assert (found["a"].context_tokens, found["a"].assumed) == (8_192, False)
        assert (found["b"].context_tokens, found["b"].assumed) == (4_096, True)
        assert found["a"].reachable
        assert found["a"].is_free
        assert len(server.asked("/v1/models")) == 1  # for all of them, and not again soon
        opened.offers()
        assert len(server.asked("/v1/models")) == 1


def test_a_context_that_is_set_counts_for_what_the_server_lists() -> None:
    with (
        LoopbackServer(served=[listed_model("a")]) as server,
        application(chat=server.url, chat_context_tokens=2_048) as opened,
    ):
        assert (offered(opened)["a"].context_tokens, offered(opened)["a"].assumed) == (2_048, False)


def test_a_server_that_is_gone_keeps_its_models_as_out_of_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rag.served.BELIEVED_SECONDS", 0.0)
    served = [listed_model("a"), listed_model("b")]
    with (
        LoopbackServer(served=served) as server,
        application(chat=server.url, mistral_api_key=KEY, embedding="all-MiniLM-L6-v2") as opened,
    ):
        assert offered(opened)["b"].reachable
        server.scripts["/v1/models"].append(Status(503, ""))
        gone = offered(opened)
        again = offered(opened)

    assert list(gone) == ["a", "b", *offered_models(), READER]
    assert {name for name, offer in gone.items() if not offer.reachable} == {"a", "b"}
    assert all(offer.reachable for offer in again.values())


def test_a_server_that_never_answered_is_offered_by_its_address() -> None:
    with LoopbackServer() as server:
        url = server.url
    with application(chat=url) as opened:
        first, reader = opened.offers()

    assert first.card.name == f"the model served at {url.removeprefix('http://')}"
    assert (first.reachable, reader.reachable) == (False, True)


def test_without_a_server_of_ones_own_nothing_is_out_of_reach() -> None:
    with application() as opened:
        assert [offer.reachable for offer in opened.offers()] == [True]


def test_a_name_that_la_plateforme_has_too_is_asked_where_it_was_chosen() -> None:
    with (
        platform() as platform_server,
        LoopbackServer(served=[listed_model(SMALL)]) as own,
        application(
            chat=own.url,
            mistral_api_key=KEY,
            mistral_url=platform_server.url,
            embedding="all-MiniLM-L6-v2",
        ) as opened,
    ):
        fill(opened)
        found = offered(opened)
        theirs = f"{SMALL} (La Plateforme)"
        assert list(found)[:2] == [SMALL, theirs]
        assert found[SMALL].is_free
        assert found[theirs].card.input_price == 0.15

        free = opened.assistant(SMALL).answer(QUESTION, opened.scope())
        assert free.cost is None
        assert not platform_server.asked("/v1/chat/completions")
        paid = opened.assistant(theirs).answer(QUESTION, opened.scope())

        assert paid.cost
        assert len(own.asked("/v1/chat/completions")) == 1
        assert len(platform_server.asked("/v1/chat/completions")) == 1


def test_names_with_odd_characters_are_asked_as_they_are() -> None:
    names = [
        "mistral:7b-instruct-q4_K_M",
        "a/b c",
        '"><img src=x>',
        "模型",
        "e\u0301",
        "\u202eevil",
    ]
    served = [listed_model(name) for name in names]
    with LoopbackServer(served=served) as server, application(chat=server.url) as opened:
        fill(opened)
        assert [offer.id for offer in opened.offers()] == [*names, READER]
        for name in names:
            assert opened.assistant(name).answer(QUESTION, opened.scope()).model == name
        asked = [request.body["model"] for request in server.asked("/v1/chat/completions")]
    assert asked == names


def test_a_model_is_found_by_its_name_before_the_list_was_drawn(tmp_path: Path) -> None:
    with LoopbackServer(served=[listed_model("a"), listed_model("b")]) as server:
        given = {"data_dir": tmp_path / "fresh", "chat": server.url}
        with closing(build(load_settings(given))) as opened:
            assert opened.assistant("b").card.name == "b"
