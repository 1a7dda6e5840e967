from contextlib import closing
from pathlib import Path

import pytest

from ingest.reembedding import reembed
from rag.errors import (
    EmbeddingMismatchError,
    ModelNotFoundError,
    NotFoundError,
    RagError,
    SettingsError,
    UnavailableError,
)
from rag.models import DEFAULT_CHAT_MODEL, offered_models
from rag.providers.reader import READER
from rag.wiring import Application, build, build_existing, open_for_reembedding
from tests.loopback import LoopbackServer, Status, listed_model
from tests.rag.applications import KEY, QUESTION, TEXTS, application, fill, platform, settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(kind: type[RagError], **given: object) -> str:
    with pytest.raises(kind) as caught:
        build(settings(**given)).close()
    assert KEY not in str(caught.value)
    return str(caught.value)


def names(opened: Application) -> list[str]:
    return [card.name for card in opened.models()]


# Who answers


def test_without_a_key_the_reader_answers() -> None:
    with application() as opened:
        assert names(opened) == [READER]
        assert opened.assistant().card.name == READER
        assert opened.embedder.model == "all-MiniLM-L6-v2"


def test_with_a_key_la_plateforme_answers() -> None:
    with application(mistral_api_key=KEY) as opened:
        assert names(opened) == [*offered_models(), READER]
        assert opened.assistant().card.name == DEFAULT_CHAT_MODEL
        assert opened.assistant(READER).card.name == READER
        assert opened.embedder.model == "mistral-embed"


def test_the_reader_may_be_asked_for_beside_a_key() -> None:
    with application(mistral_api_key=KEY, chat="reader") as opened:
        assert names(opened) == [READER, *offered_models()]
        assert opened.assistant().card.name == READER


def test_a_model_of_la_plateforme_may_be_named() -> None:
    with application(mistral_api_key=KEY, chat="codestral-latest") as opened:
        assert names(opened)[0] == "codestral-latest"
        assert opened.assistant().card.place == "La Plateforme"


def test_a_named_model_without_a_key_is_refused() -> None:
    assert refusal(SettingsError, chat="mistral-large-latest") == (
        "TRAMONTANE_CHAT is 'mistral-large-latest', a model of La Plateforme, and there is no "
        "key. Set MISTRAL_API_KEY, or TRAMONTANE_CHAT=reader to answer without a model."
    )


def test_a_retired_model_is_refused_at_once() -> None:
    reason = refusal(ModelNotFoundError, chat="open-mixtral-8x7b", mistral_api_key=KEY)

    assert "no longer serves open-mixtral-8x7b. Use mistral-small-latest instead" in reason


@pytest.mark.parametrize("chat", ["mistralai/Mistral-7B", "a:b:c"])
def test_a_name_that_is_neither_model_nor_address_is_refused(chat: str) -> None:
    assert "neither a model of La Plateforme nor an address" in refusal(
        SettingsError, chat=chat, mistral_api_key=KEY
    )


def test_a_model_that_needs_a_key_cannot_be_picked_without_one() -> None:
    with application() as opened, pytest.raises(SettingsError, match="Set MISTRAL_API_KEY"):
        opened.assistant("mistral-large-latest")


@pytest.mark.parametrize("chat", ["http://", "http://me:secret@x/v1", "https://:80"])
def test_a_wrong_address_is_refused_at_once(chat: str) -> None:
    assert "TRAMONTANE_CHAT" in refusal(SettingsError, chat=chat)


@pytest.mark.parametrize("extra", ["?api_key=SECRET", "#SECRET", "?SECRET@x"])
@pytest.mark.parametrize(
    ("setting", "variable", "key"),
    [
        ("chat", "TRAMONTANE_CHAT", "TRAMONTANE_CHAT_API_KEY"),
        ("embedding", "TRAMONTANE_EMBEDDING", "TRAMONTANE_EMBEDDING_API_KEY"),
        ("rerank", "TRAMONTANE_RERANK", "TRAMONTANE_RERANK_API_KEY"),
    ],
)
def test_an_address_holds_no_key(setting: str, variable: str, key: str, extra: str) -> None:
    assert refusal(SettingsError, **{setting: f"http://127.0.0.1:9/v1{extra}"}) == (
        f"{variable} must be an address alone, without ? or # and what follows. "
        f"The key goes into {key}."
    )


def test_what_is_no_address_is_told_without_its_key() -> None:
    reason = refusal(SettingsError, chat="me:SECRET@localhost:8000/v1?api_key=SECRET")

    assert reason == (
        "TRAMONTANE_CHAT is 'localhost:8000/v1', which is not a whole address. "
        "Write http://localhost:8000/v1."
    )


# A server of one's own


def test_the_models_of_a_server_are_offered_and_can_be_picked() -> None:
    served = [listed_model("mixtral", max_model_len=8192), listed_model("nemo")]
    with (
        LoopbackServer(served=served) as server,
        application(chat=server.url + "/v1") as opened,
    ):
        assert names(opened) == ["mixtral", "nemo", READER]
        fill(opened)
        for name in ("nemo", "mixtral"):
            answer = opened.assistant(name).answer(QUESTION, opened.scope())
            assert answer.model == name
            assert server.asked("/v1/chat/completions")[-1].body["model"] == name
        assert opened.assistant().answer(QUESTION, opened.scope()).model == "mixtral"
        assert names(opened) == ["mixtral", "nemo", READER]


def test_the_named_model_of_a_server_comes_first() -> None:
    served = [listed_model("mixtral"), listed_model("nemo")]
    with (
        LoopbackServer(served=served) as server,
        application(chat=server.url, chat_model="nemo", mistral_api_key=KEY) as opened,
    ):
        assert names(opened) == ["nemo", "mixtral", *offered_models(), READER]
        assert opened.assistant().card.name == "nemo"


def test_a_served_model_named_like_one_of_la_plateforme_needs_no_key() -> None:
    with LoopbackServer() as server, application(chat=server.url) as opened:
        assert names(opened) == ["mistral-small-latest", READER]
        card = opened.assistant("mistral-small-latest").card
        assert card.place == server.url.removeprefix("http://")


def test_a_server_that_is_away_is_offered_all_the_same_and_fails_in_one_sentence() -> None:
    with LoopbackServer() as server:
        url = server.url
    with application(chat=url + "/v1") as opened:
        first, reader = opened.models()
        assert reader.name == READER
        assert first.name == f"the model served at {url.removeprefix('http://')}"
        assert opened.assistant(first.name).card == opened.assistant().card
        with pytest.raises(UnavailableError, match="Nothing answers at"):
            opened.assistant(first.name).answer(QUESTION, opened.scope())


def test_a_servers_list_is_believed_for_a_while() -> None:
    with LoopbackServer() as server, application(chat=server.url) as opened:
        names(opened)
        names(opened)
        assert len(server.asked("/v1/models")) == 1


def test_a_server_that_lists_nothing_readable_is_offered_all_the_same() -> None:
    with (
        LoopbackServer(models=[Status(500, "down")]) as server,
        application(chat=server.url, chat_model="nemo") as opened,
    ):
        assert names(opened) == ["nemo", READER]


# Who embeds


def test_an_existing_library_keeps_its_model_when_a_key_comes() -> None:
    with application() as opened:
        fill(opened)
    with application(mistral_api_key=KEY) as opened:
        assert opened.embedder.model == opened.library.embedding_model == "all-MiniLM-L6-v2"


def test_an_empty_library_follows_the_key() -> None:
    with application() as opened:
        assert opened.library.embedding_model == "all-MiniLM-L6-v2"
    with application(mistral_api_key=KEY) as opened:
        assert (opened.library.embedding_model, opened.library.dimension) == ("mistral-embed", 1024)
    with application() as opened:
        assert (opened.library.embedding_model, opened.library.dimension) == (
            opened.embedder.model,
            384,
        )


def test_a_library_that_is_not_there_is_not_made_by_a_question() -> None:
    with pytest.raises(NotFoundError, match=r"no library named .notes.*tramontane add"):
        build_existing(settings(library="notes"))
    with pytest.raises(NotFoundError):
        build_existing(settings(library="notes"))
    build(settings(library="notes")).close()
    build_existing(settings(library="notes")).close()


def test_a_library_of_la_plateformes_model_needs_the_key() -> None:
    with platform() as server, application(mistral_api_key=KEY, mistral_url=server.url) as opened:
        fill(opened)
        assert (opened.library.embedding_model, opened.library.dimension) == ("mistral-embed", 1024)

    assert refusal(EmbeddingMismatchError) == (
        "The library 'documents' was embedded with mistral-embed, which needs MISTRAL_API_KEY. "
        "Set it, or run `tramontane rebuild --embedding all-MiniLM-L6-v2` to embed it again here."
    )


@pytest.mark.parametrize(
    ("recorded", "asked", "key"),
    [("all-MiniLM-L6-v2", "mistral-embed", KEY), ("mistral-embed", "all-MiniLM-L6-v2", None)],
)
def test_another_embedding_than_the_recorded_one_is_refused(
    recorded: str, asked: str, key: str | None
) -> None:
    with (
        platform() as server,
        application(embedding=recorded, mistral_api_key=KEY, mistral_url=server.url) as opened,
    ):
        fill(opened)

    reason = refusal(EmbeddingMismatchError, embedding=asked, mistral_api_key=key)

    assert f"was embedded with {recorded}" in reason
    assert f"TRAMONTANE_EMBEDDING asks for {asked}" in reason
    assert f"`tramontane rebuild --embedding {asked}`" in reason


def test_la_plateformes_embedding_needs_a_key() -> None:
    assert "mistral-embed needs a key. Set MISTRAL_API_KEY" in refusal(
        SettingsError, embedding="mistral-embed"
    )
    assert "mistral-embed" not in [each.name for each in Path("data").iterdir()]


def test_the_embedded_model_may_be_asked_for_beside_a_key() -> None:
    with application(embedding="all-MiniLM-L6-v2", mistral_api_key=KEY) as opened:
        assert opened.library.embedding_model == "all-MiniLM-L6-v2"


def test_a_library_can_be_embedded_again_with_another_model() -> None:
    with platform() as server:
        with application() as opened:
            fill(opened)
        wanted = settings(embedding="mistral-embed", mistral_api_key=KEY, mistral_url=server.url)
        catalog, library, embedder = open_for_reembedding(wanted)
        with closing(catalog):
            assert reembed(catalog, library, embedder, lambda progress: None) == len(TEXTS)
        with application(mistral_api_key=KEY, mistral_url=server.url) as opened:
            found = opened.retriever.search(QUESTION, opened.scope(), 1)
            assert opened.embedder.model == "mistral-embed"
            assert found[0].document.name == "nemo.txt"


def test_two_libraries_of_one_directory_have_their_own_models() -> None:
    with application() as opened:
        fill(opened)
    with application(library="other", mistral_api_key=KEY) as opened:
        assert opened.embedder.model == "mistral-embed"
        assert opened.catalog.documents(opened.library.id) == []
