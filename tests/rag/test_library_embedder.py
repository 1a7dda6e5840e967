"""Which embedder a library gets and keeps, where a server of one's own embeds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from ingest.reembedding import price_of_reembedding, reembed
from rag.doctor import Level, examine
from rag.embedding_connections import asked_embedding
from rag.errors import (
    AuthenticationError,
    BudgetError,
    EmbeddingMismatchError,
    ModelNotFoundError,
    NotBegunError,
    RagError,
    SettingsError,
)
from rag.wiring import build, checks, open_for_reembedding
from tests.loopback import (
    LoopbackServer,
    Status,
    Vectors,
    bag_of_words,
    listed_model,
    mistral_error,
)
from tests.rag.applications import KEY, QUESTION, TEXTS, application, fill, platform, settings

BGE, E5 = "BAAI/bge-m3", "intfloat/multilingual-e5-large"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def embedding(*models: str, api_key: str | None = None) -> LoopbackServer:
    served = [listed_model(model, max_model_len=8192) for model in models or (BGE,)]
    return LoopbackServer(served=served, api_key=api_key)


def filled(server: LoopbackServer, **given: object) -> None:
    with application(embedding=server.url, **given) as opened:
        fill(opened)


def refusal(kind: type[RagError], **given: object) -> str:
    with pytest.raises(RagError) as caught:
        build(settings(**given)).close()
    assert type(caught.value) is kind
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_a_file_is_added_and_asked_over_a_server_that_embeds() -> None:
    with embedding() as server, application(embedding=server.url) as opened:
        fill(opened)
        answer = opened.assistant().answer(QUESTION, opened.scope())

        assert (opened.library.embedding_model, opened.library.dimension) == (BGE, 1024)
        assert "12 billion parameters" in answer.text
        assert [each.quote.document.name for each in answer.citations] == ["nemo.txt"]
        sent = [request.body["input"] for request in server.asked("/v1/embeddings")]
        assert any(TEXTS["nemo.txt"] in text for texts in sent for text in texts)
        assert sent[-1] == [QUESTION]
        assert {request.body["model"] for request in server.asked("/v1/embeddings")} == {BGE}
        assert opened.meter.spent_today() == 0.0
        assert (
            opened.meter.spending.today().requests == len(sent) - 1
        )  # the first asked how long it is


def test_questions_and_passages_are_told_apart() -> None:
    with embedding(E5) as server, application(embedding=server.url) as opened:
        fill(opened)
        passages = server.asked("/v1/embeddings")
        opened.retriever.search(QUESTION, opened.scope(), 1)
        asked = server.asked("/v1/embeddings")[len(passages) :]

    texts = [text for request in passages[1:] for text in request.body["input"]]
    assert all(text.startswith("passage: ") for text in texts)
    assert [request.body["input"] for request in asked] == [[f"query: {QUESTION}"]]


def test_a_library_is_known_again_and_opened_without_asking_the_server() -> None:
    with embedding() as server:
        filled(server)
        before = len(server.requests)
        with application(embedding=server.url) as opened:
            assert (opened.embedder.model, opened.embedder.dimension) == (BGE, 1024)
            assert len(server.requests) == before
            found = opened.retriever.search(QUESTION, opened.scope(), 1)
            assert found[0].document.name == "nemo.txt"
    with application(embedding=server.url) as opened:  # the server is away now
        assert len(opened.catalog.documents(opened.library.id)) == len(TEXTS)
        with pytest.raises(NotBegunError, match="Nothing answers at"):
            opened.retriever.search(QUESTION, opened.scope(), 1)


def test_a_library_keeps_its_model_though_the_server_lists_another_first() -> None:
    with embedding() as server:
        filled(server)
    with embedding(E5, BGE) as server, application(embedding=server.url) as opened:
        opened.retriever.search(QUESTION, opened.scope(), 1)

        assert [each.body["model"] for each in server.asked("/v1/embeddings")] == [BGE]


def test_a_server_that_serves_the_librarys_model_no_more_is_refused() -> None:
    with embedding() as server:
        filled(server)
    with (
        embedding(E5) as server,
        application(embedding=server.url) as opened,
        pytest.raises(ModelNotFoundError, match=f"does not serve {BGE}. It lists: {E5}"),
    ):
        opened.retriever.search(QUESTION, opened.scope(), 1)


def test_a_library_of_a_servers_model_needs_a_server() -> None:
    with embedding() as server:
        filled(server)

    told = (
        f"The library 'documents' was embedded with {BGE} on a server of your own. Set "
        "TRAMONTANE_EMBEDDING to its address, or run `tramontane rebuild --embedding "
        "all-MiniLM-L6-v2` to embed it again here."
    )
    assert refusal(EmbeddingMismatchError) == told
    assert refusal(EmbeddingMismatchError, mistral_api_key=KEY) == told
    found = {each.subject: each for each in examine(Path("data"), checks(settings()))}
    assert (found["library"].level, found["library"].sentence) == (Level.WRONG, told)


@pytest.mark.parametrize("asked", ["all-MiniLM-L6-v2", "mistral-embed"])
def test_another_model_than_the_servers_is_refused(asked: str) -> None:
    with embedding() as server:
        filled(server)

    reason = refusal(EmbeddingMismatchError, embedding=asked, mistral_api_key=KEY)

    assert f"was embedded with {BGE} (1024 dimensions)" in reason
    assert f"`tramontane rebuild --embedding {asked}`" in reason
    assert reason.endswith(f"or set it to the address of a server of {BGE}.")


def test_another_model_of_the_server_is_refused() -> None:
    with embedding(BGE, E5) as server:
        filled(server)
        reason = refusal(EmbeddingMismatchError, embedding=server.url, embedding_model=E5)

    assert f"asks for {E5}. Run `tramontane rebuild --embedding {E5}`" in reason


def test_a_server_is_refused_where_the_library_has_another_model() -> None:
    with application() as opened:
        fill(opened)
    with embedding() as server:
        reason = refusal(EmbeddingMismatchError, embedding=server.url)

    assert "was embedded with all-MiniLM-L6-v2 (384 dimensions)" in reason
    assert f"`tramontane rebuild --embedding {server.url}`" in reason
    assert reason.endswith("or unset the setting.")


def test_an_empty_library_follows_the_server_and_waits_for_none_that_it_had() -> None:
    with application() as opened:
        assert opened.library.embedding_model == "all-MiniLM-L6-v2"
    with embedding() as server, application(embedding=server.url) as opened:
        assert (opened.library.embedding_model, opened.library.dimension) == (BGE, 1024)
    with application(embedding=server.url) as opened:  # it is away, and believed
        assert (opened.embedder.model, opened.embedder.dimension) == (BGE, 1024)
    assert "Nothing answers at" in refusal(NotBegunError, embedding=server.url, embedding_model=E5)
    assert "Nothing answers at" in refusal(NotBegunError, embedding=server.url, library="new")


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "mistral-embed"])
def test_a_served_model_cannot_take_the_name_of_one_that_is_known(name: str) -> None:
    told = f"Set TRAMONTANE_EMBEDDING={name}, or serve it under another name"
    with embedding(name) as server:
        assert told in refusal(SettingsError, embedding=server.url)
        assert told in refusal(SettingsError, embedding=server.url, embedding_model=name)


@pytest.mark.parametrize(
    ("model", "knows_german"),
    [
        (BGE, True),
        (E5, True),
        ("nomic-ai/nomic-embed-text-v2-moe", True),
        ("BAAI/bge-large-en-v1.5", False),
        ("intfloat/e5-large-v2", False),
        ("nomic-embed-text", False),
        ("sentence-transformers/all-MiniLM-L12-v2", False),
    ],
)
def test_a_model_that_knows_english_only_counts_less_for_other_languages(
    model: str, knows_german: bool
) -> None:
    german = "Rückversicherungsgesellschaften überprüfen regelmäßig ihre Schadenrückstellungen."
    with embedding(model) as server, application(embedding=server.url) as opened:
        assert opened.embedder.fluency(QUESTION) == 1.0
        assert (opened.embedder.fluency(german) == 1.0) is knows_german


def test_vectors_of_another_length_under_the_same_name_are_not_taken_over() -> None:
    with embedding() as server:
        filled(server)
    with embedding() as server:
        server.scripts["/v1/embeddings"].extend([Vectors([(0, [3.0, 4.0])])] * 3)
        with application(embedding=server.url, library="other") as opened:
            fill(opened)
            assert (opened.library.embedding_model, opened.library.dimension) == (BGE, 2)
            assert [each.embedded for each in opened.catalog.documents(opened.library.id)] == [1, 1]
            opened.catalog.verify_vectors(opened.library.id)
        assert len(server.asked("/v1/embeddings")) == 3


def test_the_servers_key_is_its_own() -> None:
    with embedding(api_key=KEY) as server:
        filled(server, embedding_api_key=KEY)
        assert "Set TRAMONTANE_EMBEDDING_API_KEY" in refusal(
            AuthenticationError, embedding=server.url, library="new", mistral_api_key="an0ther"
        )


# Embedding again


def test_a_library_is_embedded_again_by_a_server_and_back() -> None:
    with application() as opened:
        fill(opened)
    with embedding() as server:
        for wanted, model in ((server.url, BGE), ("all-MiniLM-L6-v2", "all-MiniLM-L6-v2")):
            catalog, library, embedder = open_for_reembedding(settings(embedding=wanted))
            with closing(catalog):
                price = price_of_reembedding(catalog, library, embedder)
                assert (price.dollars, price.tokens > 0) == (0.0, True)
                assert reembed(catalog, library, embedder, lambda progress: None) == len(TEXTS)
            with application(embedding=wanted) as opened:
                assert opened.library.embedding_model == opened.embedder.model == model
                found = opened.retriever.search(QUESTION, opened.scope(), 1)
                assert found[0].document.name == "nemo.txt"


def test_the_model_that_a_server_has_now_is_taken_for_embedding_again() -> None:
    with embedding() as server:
        filled(server)
    with embedding(E5) as server:
        catalog, library, embedder = open_for_reembedding(settings(embedding=server.url))
        with closing(catalog):
            assert (library.embedding_model, embedder.model) == (BGE, E5)


@pytest.mark.parametrize(
    ("configured", "name", "expected"),
    [
        ("http://host/v1", BGE, {"embedding_model": BGE}),
        ("http://host/v1", "mistral-embed", {"embedding": "mistral-embed"}),
        ("http://host/v1", "https://other", {"embedding": "https://other"}),
        ("auto", "http://host/v1", {"embedding": "http://host/v1"}),
        ("auto", BGE, {"embedding": BGE}),
    ],
)
def test_what_a_library_has_recorded_may_be_asked_for_by_name(
    configured: str, name: str, expected: dict[str, str]
) -> None:
    assert asked_embedding(settings(embedding=configured), name) == expected


# What is spent, and what the doctor says


def test_a_model_without_a_price_is_refused_under_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    with embedding("some-embed", "codestral-embed") as server:
        monkeypatch.setattr("rag.embedding_connections.MISTRAL_HOST", "127.0.0.1")
        capped = {"embedding": server.url, "daily_dollars": 1.0}
        assert "The price of some-embed is not known" in refusal(BudgetError, **capped)
        with application(**capped, embedding_model="codestral-embed", library="code") as opened:
            fill(opened)
            assert opened.meter.spent_today() > 0
    with embedding() as server:
        monkeypatch.undo()


def findings(**given: object) -> dict[str, tuple[Level, str]]:
    chosen = settings(**given)
    found = examine(chosen.data_dir, checks(chosen))
    return {each.subject: (each.level, each.sentence) for each in found}


@pytest.mark.parametrize("is_filled", [False, True])
def test_the_doctor_tries_the_server_that_embeds(is_filled: bool) -> None:
    with embedding() as server:
        if is_filled:
            filled(server)
        found = findings(embedding=server.url)

    assert found["embedding"] == (
        Level.GOOD,
        f"{BGE} gives vectors of 1,024 numbers, and reads 8,192 tokens of a text.",
    )
    assert found["library"][0] is (Level.GOOD if is_filled else Level.NOTE)
    assert not is_filled or f"embedded with {BGE} (1024 dimensions)" in found["library"][1]


def test_the_doctor_finds_what_disagrees_with_the_library() -> None:
    with embedding() as server:
        filled(server)
        away = findings(embedding="http://127.0.0.1:9")
        server.scripts["/v1/embeddings"].append(Vectors([(0, bag_of_words("a")[:768])]))
        shorter = findings(embedding=server.url)
        server.served = [listed_model(E5)]
        other = findings(embedding=server.url)

    assert [found["library"][0] for found in (away, shorter, other)] == [Level.WRONG] * 3
    assert "Nothing answers at http://127.0.0.1:9/v1" in away["library"][1]
    assert "gives vectors of 768 numbers" in shorter["library"][1]
    assert f"does not serve {BGE}. It lists: {E5}." in other["library"][1]
    assert away["embedding"] == (
        Level.NOTE,
        "Not looked at, because of what is wrong with: library.",
    )


def test_the_doctor_names_a_server_that_is_away_before_there_is_a_library() -> None:
    level, sentence = findings(embedding="http://127.0.0.1:9")["embedding"]

    assert level is Level.WRONG
    assert sentence.startswith("Nothing answers at http://127.0.0.1:9/v1.")
    assert not Path("data").exists()


def test_the_doctor_tries_la_plateformes_embedding() -> None:
    with platform() as server:
        given = {"mistral_api_key": KEY, "mistral_url": server.url}
        found = findings(**given)
        assert found["embedding"] == (
            Level.GOOD,
            "mistral-embed gives vectors of 1,024 numbers, and reads 8,000 tokens of a text.",
        )
        assert len(server.asked("/v1/embeddings")) == 1

        server.scripts["/v1/embeddings"].append(Vectors([(0, [1.0, 2.0])]))
        level, sentence = findings(**given)["embedding"]
        assert (level, "not 1024 numbers long" in sentence) == (Level.WRONG, True)

        server.scripts["/v1/embeddings"].append(Status(401, mistral_error("Unauthorized")))
        level, sentence = findings(**given)["embedding"]
        assert (level, "MISTRAL_API_KEY" in sentence) == (Level.WRONG, True)


def test_the_doctor_does_not_look_for_a_key_where_this_machine_embeds() -> None:
    with application() as opened:
        fill(opened)

    assert findings(mistral_api_key=KEY, mistral_url="http://127.0.0.1:9")["embedding"] == (
        Level.GOOD,
        "all-MiniLM-L6-v2 gives vectors of 384 numbers, and reads 256 tokens of a text.",
    )
    assert "embedding" not in findings()
