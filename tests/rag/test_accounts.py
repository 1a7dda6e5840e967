"""Who asks is who pays, for all that an answer takes, and the answer says what that was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rag.accounts import Account, charged_to
from rag.assistant import drain
from rag.domain import Message, Scope, SummedUp, Usage
from rag.drafts import DraftChecker, read_draft
from rag.errors import BudgetError, NotFoundError
from rag.models import la_plateforme_card, whole_cost
from rag.providers.minilm.embedder import MiniLmEmbedder
from rag.providers.minilm.judge import MiniLmJudge
from rag.providers.reader import READER, READER_CARD
from rag.store.catalog import Catalog
from rag.store.spending import DAY_SECONDS, Purpose, Spent
from rag.wiring import Application
from tests.fakes import HashEmbedder
from tests.loopback import Events, LoopbackServer, Reply, Say, Status, call, chunk
from tests.rag.applications import KEY, QUESTION, fill, platform, settings
from tests.rag.desk import answer_of
from tests.verdicts import judged

USAGE = {"prompt_tokens": 1000, "completion_tokens": 50}
TURN = 1000 * 0.15e-6 + 50 * 0.6e-6  # dollars
ANSWER = Say("Nemo has 12 billion parameters [1].", usage=USAGE)
ORDER = Say("[1] > [2]", usage=USAGE)
SEARCH = Events(
    [
        chunk({"tool_calls": [call(0, "abcdefghi", "search_documents", '{"query": "Nemo size"}')]}),
        chunk({"content": ""}, "tool_calls", USAGE),
    ]
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@contextmanager
def opened_for_money(*chat: Reply, **given: object) -> Iterator[Application]:
    """An application over La Plateforme, whose documents were embedded on another day's money."""
    with (
        platform(chat) as server,
        opened_for("ann", mistral_api_key=KEY, mistral_url=server.url, **given) as opened,
    ):
        yield opened


@contextmanager
def opened_for(person: str, **given: object) -> Iterator[Application]:
    """An application over what a person has, filled the day before."""
    chosen = settings(**given)
    catalog = Catalog(chosen.data_dir, person)
    with closing(Application(chosen, catalog, MiniLmEmbedder(), MiniLmJudge())) as opened:
        catalog.spending._now = lambda: time.time() - DAY_SECONDS
        fill(opened)
        catalog.spending._now = time.time
        assert opened.scope().principal == person
        yield opened


def spent(opened: Application, person: str) -> Spent:
    return opened.catalog.acting(person).spending.today(person)


def test_the_vector_of_a_question_is_paid_by_who_asks_and_part_of_what_the_answer_cost() -> None:
    with opened_for_money(ANSWER) as opened:
        before = spent(opened, "local")
        answer = opened.assistant().answer(QUESTION, opened.scope())

        ann = spent(opened, "ann")
        assert ann.requests == 2  # the vector and the answer
        assert answer.cost == pytest.approx(ann.dollars)
        assert answer.cost is not None
        assert answer.cost > TURN
        assert spent(opened, "local") == before  # what the documents took is nobody's


def test_the_reader_tells_what_its_search_cost() -> None:
    with opened_for_money() as opened:
        answer = opened.assistant(READER).answer(QUESTION, opened.scope())

        assert answer.cost == pytest.approx(spent(opened, "ann").dollars)
        assert answer.cost


def test_reranking_and_searches_by_tools_are_paid_by_who_asks() -> None:
    with opened_for_money(ORDER, SEARCH, ORDER, ANSWER, rerank="chat") as opened:
        answer = opened.assistant().answer(QUESTION, opened.scope())

        ann = spent(opened, "ann")
        assert [result.call.name for result in answer.tool_results] == ["search_documents"]
        assert answer.usage == Usage(2 * 1000, 2 * 50)  # of the model that answers alone
        assert ann.requests == 6  # two searches, two orders, two turns
        assert answer.cost == pytest.approx(ann.dollars)
        assert answer.cost is not None
        assert answer.cost > 4 * TURN


def test_work_on_whole_documents_is_paid_by_who_asks_for_it() -> None:
    told = Say("Nemo has 12 billion parameters [1].", usage=USAGE)
    with opened_for_money(told, embedding="all-MiniLM-L6-v2") as opened:
        work = opened.tasks().run("/summarise nemo.txt", opened.scope())
        assert work is not None
        answer = drain(work)

        assert answer.cost == pytest.approx(TURN)
        assert spent(opened, "ann").dollars == pytest.approx(TURN)
        assert spent(opened, "local") == Spent()


def test_a_text_that_is_written_is_paid_with_its_search() -> None:
    with opened_for_money(Say("Nemo has 12 billion parameters [1].", usage=USAGE)) as opened:
        before = spent(opened, "local")
        work = opened.tasks().run(
            "/write email to Ann: how many parameters Nemo has", opened.scope()
        )
        assert work is not None
        answer = drain(work)

        assert answer.cost == pytest.approx(spent(opened, "ann").dollars)
        assert answer.cost is not None
        assert answer.cost > TURN
        assert spent(opened, "local") == before


def test_a_draft_is_checked_on_the_account_of_who_wrote_it() -> None:
    with opened_for_money() as opened:
        before = spent(opened, "local")
        checker = DraftChecker(opened.retriever, opened.verifier, bar=opened.settings.bar)
        list(checker.check(read_draft("Nemo has 12 billion parameters."), opened.scope()))

        assert spent(opened, "ann").requests > 0
        assert spent(opened, "local") == before


def test_all_that_a_long_conversation_takes_is_in_the_cost_once() -> None:
    history = [
        Message(role, f"What is thing {number}? {'big and blue ' * 1_500}")
        for number in range(20)
        for role in ("user", "assistant")
    ]
    turns = (Say("Things are blue.", usage=USAGE), Say(QUESTION, usage=USAGE), ORDER)
    with (
        LoopbackServer(
            api_key=KEY,
            chat=(*turns, SEARCH, ORDER, ANSWER),
            moderations=[Status(200, judged())] * 2,
        ) as server,
        opened_for(
            "ann",
            mistral_api_key=KEY,
            mistral_url=server.url,
            rerank="chat",
            moderation="mistral",
        ) as opened,
    ):
        before = spent(opened, "local")
        events = list(opened.assistant().ask(QUESTION, history, opened.scope()))
        answer = answer_of(events)

        ann = spent(opened, "ann")
        assert SummedUp() in events
        assert [result.call.name for result in answer.tool_results] == ["search_documents"]
        assert len(server.asked("/v1/chat/moderations")) == 2
        assert ann.requests == 6 + 2 + 2  # chat, vectors, verdicts
        assert answer.usage == Usage(4 * 1000, 4 * 50)  # but for the two orders
        assert answer.cost == pytest.approx(ann.dollars, abs=2e-9)
        assert ann.dollars > 6 * TURN
        assert spent(opened, "local") == before


def test_a_wish_is_judged_on_the_account_of_who_has_it() -> None:
    with (
        LoopbackServer(
            api_key=KEY, chat=[ANSWER], moderations=[Status(200, judged())] * 2
        ) as server,
        opened_for(
            "ann", mistral_api_key=KEY, mistral_url=server.url, moderation="mistral"
        ) as opened,
    ):
        before = spent(opened, "local")
        work = opened.tasks().run("/summarise nemo.txt: its size", opened.scope())
        assert work is not None
        answer = drain(work)

        assert len(server.asked("/v1/chat/moderations")) == 2
        assert answer.cost == pytest.approx(spent(opened, "ann").dollars, abs=2e-9)
        assert answer.cost is not None
        assert answer.cost > TURN
        assert spent(opened, "local") == before


def test_one_persons_cap_does_not_stop_another() -> None:
    with opened_for_money(ANSWER, embedding="all-MiniLM-L6-v2", person_dollars=1.0) as opened:
        ledger = opened.catalog.spending
        ledger.settle(ledger.reserve("ann", Purpose.CHAT, 0.9999), 0.9999)

        with pytest.raises(BudgetError, match="TRAMONTANE_PERSON_DOLLARS"):
            opened.assistant().answer(QUESTION, opened.scope())
        work = opened.tasks().run("/summarise nemo.txt", opened.scope())
        assert work is not None
        with pytest.raises(BudgetError, match="TRAMONTANE_PERSON_DOLLARS"):
            drain(work)

        bobs = {"mistral_api_key": KEY, "mistral_url": opened.settings.mistral_url}
        with opened_for("bob", **bobs, embedding="all-MiniLM-L6-v2", person_dollars=1.0) as his:
            assert his.assistant().answer(QUESTION, his.scope()).cost
        assert ledger.today("ann").dollars == 0.9999


def test_what_is_asked_for_somebody_else_is_as_of_a_library_that_never_was() -> None:
    with opened_for_money() as opened:
        sent = opened.catalog.spending.today()
        unknown = replace(opened.scope(), library_id="f" * 16)
        foreign = replace(opened.scope(), principal="bob")
        for scope in (unknown, foreign):
            told = outcomes(opened, scope)
            assert told == ["This library no longer exists."] * 4
            (chunk, *_) = opened.catalog.all_chunks(opened.library.id)
            assert opened.catalog.chunks([chunk.id], scope) == []
            assert opened.catalog.chunked_pages([(chunk.document.id, 1)], scope) == {}
        assert opened.catalog.spending.today() == sent


def outcomes(opened: Application, scope: Scope) -> list[str]:
    """What each way to ask says of a scope."""
    checker = DraftChecker(opened.retriever, opened.verifier, bar=opened.settings.bar)
    draft = read_draft("Nemo has 12 billion parameters.")
    ways: list[Callable[[], object]] = [
        lambda: opened.retriever.search(QUESTION, scope, 3),
        lambda: opened.assistant().answer(QUESTION, scope),
        lambda: drain(opened.tasks().write("a mail about Nemo", "email", scope)),
        lambda: list(checker.check(draft, scope)),
    ]
    told = []
    for way in ways:
        with pytest.raises(NotFoundError) as caught:
            way()
        told.append(str(caught.value))
    return told


def test_an_account_is_of_parts_that_bill_somebody() -> None:
    embedder = HashEmbedder()
    assert charged_to(embedder, Account("ann")) is embedder


def test_what_was_billed_besides_counts_where_the_model_is_free_or_its_price_known() -> None:
    small, unheard = la_plateforme_card("mistral-small-latest"), la_plateforme_card("mistral-next")
    usage = Usage(1000, 50)

    assert whole_cost(small, usage, 0.5) == pytest.approx(TURN + 0.5)
    assert whole_cost(small, None, 0.0) is None
    assert whole_cost(READER_CARD, None, 0.5) == 0.5
    assert whole_cost(unheard, usage, 0.5) is None
