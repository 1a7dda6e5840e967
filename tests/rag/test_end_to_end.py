from pathlib import Path

import pytest

from rag.domain import Answer, Message, TextDelta
from rag.errors import AuthenticationError
from rag.wiring import Application
from tests.loopback import LoopbackServer, Say
from tests.rag.applications import KEY, QUESTION, application, fill, platform


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check_cited(answer: Answer, opened: Application) -> None:
    (citation,) = answer.citations
    page = opened.catalog.page(citation.quote.document.id, citation.quote.page)
    assert citation.quote.document.name == "nemo.txt"
    assert page.text[citation.quote.start : citation.quote.end] == citation.quote.text
    assert "12 billion parameters" in citation.quote.text
    assert answer.text.endswith("[1]")
    assert not answer.refused


def test_la_plateforme_end_to_end() -> None:
    with (
        platform() as server,
        application(mistral_api_key=KEY, mistral_url=server.url) as opened,
    ):
        fill(opened)
        answer = opened.assistant().answer(QUESTION, opened.scope())

        check_cited(answer, opened)
        (embedded, *_) = server.asked("/v1/embeddings")
        (chat,) = server.asked("/v1/chat/completions")
        assert embedded.body["model"] == "mistral-embed"
        assert chat.body["model"] == "mistral-small-latest"
        assert [tool["function"]["name"] for tool in chat.body["tools"]] == [
            *("search_documents", "open_page", "read_range", "find_text", "list_documents"),
            *("outline", "query_table", "calculate", "today"),
        ]
        assert answer.usage is not None
        vector = 10 * 0.1  # of the question
        assert answer.cost == pytest.approx((vector + 10 * 0.15 + 5 * 0.6) / 1e6)


def test_a_server_of_ones_own_end_to_end() -> None:
    with LoopbackServer() as server, application(chat=server.url + "/v1") as opened:
        fill(opened)
        answer = opened.assistant().answer(QUESTION, opened.scope())

        check_cited(answer, opened)
        (chat,) = server.asked("/v1/chat/completions")
        assert len(chat.body["tools"]) == 9
        assert server.asked("/v1/embeddings") == []
        assert (answer.model, answer.cost) == ("mistral-small-latest", None)


def test_the_reader_end_to_end() -> None:
    with application() as opened:
        fill(opened)

        check_cited(opened.assistant().answer(QUESTION, opened.scope()), opened)
        refused = opened.assistant().answer("Who won the chess olympiad in 1956?", opened.scope())
        assert refused.refused
        assert len(refused.nearest) == 2


def test_a_follow_up_end_to_end() -> None:
    history = (Message("user", "What is Nemo?"), Message("assistant", "A model [1]."))
    with (
        platform(chat=[Say(QUESTION)]) as server,
        application(mistral_api_key=KEY, mistral_url=server.url) as opened,
    ):
        fill(opened)
        events = list(opened.assistant().ask("How many does it have?", history, opened.scope()))

    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.question == QUESTION
    assert answer.citations[0].quote.document.name == "nemo.txt"
    assert answer.text == "".join(each.text for each in events if isinstance(each, TextDelta))


def test_a_wrong_key_is_one_sentence_without_the_key() -> None:
    with (
        platform() as server,
        application(
            mistral_api_key="another-k3y-0123456789",
            mistral_url=server.url,
            embedding="all-MiniLM-L6-v2",
        ) as opened,
    ):
        fill(opened)
        with pytest.raises(AuthenticationError) as caught:
            opened.assistant().answer(QUESTION, opened.scope())
    assert "MISTRAL_API_KEY" in str(caught.value)
    assert "another" not in str(caught.value)
