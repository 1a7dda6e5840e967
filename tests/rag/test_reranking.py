"""What every reranker promises, and what becomes of a question when one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from rag.errors import ProviderError, RateLimitError, SettingsError, UnavailableError
from rag.listwise import ListwiseReranker
from rag.protocols import Reranker
from rag.providers.rerank_server import RerankServer
from rag.reranking import RERANKED, reranked
from rag.wiring import checks
from tests.fakes import ScriptedChat
from tests.loopback_rerank import RerankLoopback
from tests.rag.applications import KEY, QUESTION, application, fill, settings

TEXTS = ["Camembert ripens.", "Nemo has parameters.", "Nemo has how many parameters: 12 billion."]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Judge:
    """A reranker that gives the scores it was given, or fails."""

    model, place = "judge", "the tests"

    def __init__(self, scores: Sequence[float] = (), error: ProviderError | None = None) -> None:
        self.scores = scores
        self.error = error
        self.asked: list[tuple[str, list[str]]] = []

    def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((question, list(texts)))
        if self.error is not None:
            raise self.error
        return list(self.scores)


def by_server() -> Iterator[Reranker]:
    with RerankLoopback() as server:
        yield RerankServer(server.url, model=None, api_key=None, timeout_seconds=5)


def by_prompt() -> Iterator[Reranker]:
    yield ListwiseReranker(ScriptedChat(["[3] > ", "[2] > [1]"]))


@pytest.fixture(params=[by_server, by_prompt])
def reranker(request: pytest.FixtureRequest) -> Iterator[Reranker]:
    build: Callable[[], Iterator[Reranker]] = request.param
    yield from build()


def test_each_text_gets_a_score_in_its_place(reranker: Reranker) -> None:
    scores = reranker.rerank(QUESTION, TEXTS)

    assert len(scores) == 3
    assert scores[2] > scores[1] > scores[0]


def test_a_reranker_says_who_it_is_and_where(reranker: Reranker) -> None:
    reranker.rerank(QUESTION, TEXTS)

    assert reranker.model in ("tiny-reranker", "scripted")
    assert reranker.place.startswith("http://127.0.0.1:") or reranker.place == "the tests"


def test_hits_take_the_order_of_the_reranker_and_scores_still_fall() -> None:
    judge = Judge([0.1, 0.9, 0.5])

    found = reranked("Q?", [("a", 3.0), ("b", 2.0), ("c", 1.0), ("d", 0.5)], ["A", "B", "C"], judge)

    assert found.hits == (("b", 3.0), ("c", 2.0), ("a", 1.0), ("d", 0.5))
    assert found.notice == ""
    assert judge.asked == [("Q?", ["A", "B", "C"])]


def test_equals_keep_their_order() -> None:
    hits = [("a", 3.0), ("b", 2.0), ("c", 1.0)]

    assert reranked("Q?", hits, ["A", "B", "C"], Judge([0.5, 0.5, 0.5])).hits == tuple(hits)


def test_only_the_first_candidates_are_shown() -> None:
    judge = Judge(range(RERANKED))
    hits = [(number, -float(number)) for number in range(40)]

    found = reranked("Q?", hits, ["text"] * 40, judge).hits

    assert len(judge.asked[0][1]) == RERANKED
    assert [item for item, _ in found] == [*reversed(range(RERANKED)), *range(RERANKED, 40)]


def test_without_a_reranker_or_a_choice_nothing_changes() -> None:
    judge = Judge()

    assert reranked("Q?", [("a", 2.0), ("b", 1.0)], ["A", "B"], None).hits == (("a", 2.0), ("b", 1))
    assert reranked("Q?", [("a", 2.0)], ["A"], judge).hits == (("a", 2.0),)
    assert reranked("Q?", [], [], judge).hits == ()
    assert judge.asked == []


@pytest.mark.parametrize("kind", [UnavailableError, RateLimitError])
def test_a_reranker_that_fails_leaves_the_order_and_a_notice(kind: type[ProviderError]) -> None:
    hits = [("a", 2.0), ("b", 1.0)]

    found = reranked("Q?", hits, ["A", "B"], Judge(error=kind("Nothing answers.")))

    assert found.hits == tuple(hits)
    assert found.notice == (
        "The reranker at the tests does not answer: the passages are in their own order. "
        "`tramontane doctor` says why."
    )


# Wired


def test_reranking_is_off_by_default() -> None:
    assert settings().rerank == "off"
    assert "reranking" not in [check.subject for check in checks(settings())]


def test_a_server_reranks_what_is_found() -> None:
    with RerankLoopback() as server, application(chat="reader", rerank=server.url) as opened:
        fill(opened)
        found = opened.retriever.search(QUESTION, opened.scope(), 2)

    body = server.asked()[0].body
    assert body["query"] == QUESTION
    assert any("12 billion" in text for text in body["documents"])
    assert found[0].document.name == "nemo.txt"


def test_a_question_is_answered_while_the_reranker_is_away() -> None:
    with RerankLoopback() as gone:
        url = gone.url
    with application(chat="reader", rerank=url) as opened:
        fill(opened)
        found = opened.retriever.retrieve(QUESTION, opened.scope(), 2)
        answer = opened.assistant().answer(QUESTION, opened.scope())

    assert found.passages[0].document.name == "nemo.txt"
    assert not answer.refused
    assert answer.notice.startswith(found.notice)
    assert found.notice.startswith(f"The reranker at {url}/v1 does not answer")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rerank": "chat", "chat": "reader"}, "the embedded reader, which answers here, cannot"),
        ({"rerank": "chat"}, "the embedded reader, which answers here, cannot"),
        ({"rerank": "http:///v1"}, "TRAMONTANE_RERANK is not an address"),
        ({"rerank": "cohere"}, "TRAMONTANE_RERANK must be off, chat, or an address"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said), application(**given):
        pass


def look(**given: object) -> str:
    (check,) = [each for each in checks(settings(**given)) if each.subject == "reranking"]
    return str(check.look())


def test_the_doctor_tries_a_server_that_reranks() -> None:
    with RerankLoopback(api_key=KEY) as server:
        said = look(chat="reader", rerank=server.url, rerank_api_key=KEY)
        with pytest.raises(ProviderError, match=r"wants a key\. Set TRAMONTANE_RERANK_API_KEY"):
            look(chat="reader", rerank=server.url)

    assert said == f"tiny-reranker at {server.url}/v1 puts passages in order."


def test_the_doctor_looks_at_the_library_though_reranking_is_wrong() -> None:
    with application(chat="reader"):
        pass

    subjects = {each.subject: each for each in checks(settings(chat="reader", rerank="chat"))}

    assert "has 0 documents" in str(subjects["library"].look())
    with pytest.raises(SettingsError, match="cannot rank"):
        subjects["reranking"].look()
