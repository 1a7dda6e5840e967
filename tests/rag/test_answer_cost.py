"""What an answer cost is all that was noted for it, once: reply, rewriting, reranking, tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.domain import Answer, Finish, Message, ToolCall, Usage
from rag.errors import NotBegunError, UnavailableError
from rag.listwise import ListwiseReranker
from rag.models import added, answer_tokens, whole_cost
from rag.retrieval import Retriever
from rag.spending import Meter, MeteredChat
from rag.store.indexes import Indexes
from rag.store.spending import NO_CAPS
from rag.toolset import tools_for
from rag.verification import Verifier
from rag.vocabulary import load_vocabulary
from tests.fakes import CARD, Item, ScriptedChat
from tests.rag.desk import QUESTION, TEXTS, Desk, answer_of, open_desk

DEAR = replace(CARD, name="dear", input_price=100.0, output_price=200.0)
FREE = replace(CARD, name="mine", input_price=None, output_price=None)
BRIEF = replace(CARD, context_tokens=6_000, tools=False)
ANSWER: list[Item] = ["12 billion [1].", Finish(Usage(1_000, 50))]
RANKED: list[Item] = ["[2] > [1]", Finish(Usage(300, 4))]
SEARCH = ToolCall("call00001", "search_documents", '{"query": "cheese from Normandy"}')
SAID = (1_000 + 50 * 2) / 1e6  # what ANSWER costs
ORDER = (300 * 100 + 4 * 200) / 1e6  # and RANKED by the dear model
LONG = tuple(
    Message(role, f"{role} {number}: {'big and blue ' * 60}")
    for number in range(12)
    for role in ("user", "assistant")
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """What Ann has."""
    with open_desk(tmp_path, "ann") as opened:
        for name, text in TEXTS.items():
            opened.add(name, text)
        yield opened


def spent(desk: Desk) -> float:
    """What the meter noted for her."""
    return desk.catalog.spending.today("ann").dollars


def asked(desk: Desk, chat: ScriptedChat, judge: ScriptedChat, *history: Message) -> Answer:
    """What one model answers Ann, over what another put in order; both are paid for."""
    meter, before = Meter(desk.catalog.spending, NO_CAPS), spent(desk)
    retriever = Retriever(
        desk.catalog,
        Indexes(desk.catalog),
        desk.embedder,
        desk.scorer,
        load_vocabulary(),
        reranker=ListwiseReranker(MeteredChat(judge, meter)),
    )
    assistant = Assistant(
        MeteredChat(chat, meter),
        retriever,
        lambda scope, manner, searcher, sources: tools_for(
            scope, searcher, desk.catalog, manner, sources
        ),
        4,
        Verifier(desk.scorer.nearest),
    )
    answer = answer_of(list(assistant.ask(QUESTION, history, desk.scope)))
    assert answer.cost == pytest.approx(spent(desk) - before, abs=2e-9)
    return answer


def test_reranking_by_chat_is_part_of_the_cost_at_its_models_price(desk: Desk) -> None:
    answer = asked(desk, ScriptedChat(ANSWER), ScriptedChat(RANKED, card=DEAR))

    assert answer.usage == Usage(1_000, 50)  # of the model that answers
    assert answer.cost == pytest.approx(SAID + ORDER)


def test_so_is_reranking_what_a_tool_finds(desk: Desk) -> None:
    calling: list[Item] = [SEARCH, Finish(Usage(900, 20))]
    answer = asked(desk, ScriptedChat(calling, ANSWER), ScriptedChat(RANKED, RANKED, card=DEAR))

    assert answer.usage == Usage(1_000 + 900, 50 + 20)
    assert answer.cost == pytest.approx(SAID + (900 + 20 * 2) / 1e6 + 2 * ORDER)


def test_so_is_rewriting_with_its_parts(desk: Desk) -> None:
    parts = (QUESTION, "Where is Camembert from?")
    rewriting: list[Item] = ["\n".join(("Nemo and Camembert?", *parts)), Finish(Usage(70, 30))]
    history = (Message("user", "What is Nemo?"), Message("assistant", "A model [1]."))
    judge = ScriptedChat(RANKED, RANKED, RANKED, card=DEAR)
    answer = asked(desk, ScriptedChat(rewriting, ANSWER), judge, *history)

    assert answer.parts == parts
    assert answer.usage == Usage(1_000 + 70, 50 + 30)
    assert answer.cost == pytest.approx(SAID + (70 + 30 * 2) / 1e6 + 3 * ORDER)


def test_so_is_summing_up_the_conversation(desk: Desk) -> None:
    summary: list[Item] = ["Things are blue.", Finish(Usage(2_000, 40))]
    rewriting: list[Item] = [QUESTION, Finish(Usage(70, 30))]
    chat = ScriptedChat(summary, rewriting, ANSWER, card=BRIEF)
    answer = asked(desk, chat, ScriptedChat(RANKED), *LONG)

    assert len(chat.prompts) == 3
    assert answer.usage == Usage(2_000 + 70 + 1_000, 40 + 30 + 50)
    told = (2_000 + 70 + 1_000 + 300 + 2 * (40 + 30 + 50 + 4)) / 1e6
    assert answer.cost == pytest.approx(told)


@pytest.mark.parametrize(
    "broken", [["Things are", UnavailableError("Away.")], ["Things are blue.", Finish()]]
)
def test_a_turn_that_never_says_what_it_took_counts_as_what_was_noted(
    desk: Desk, broken: Sequence[Item]
) -> None:
    rewriting: list[Item] = [QUESTION, Finish(Usage(70, 30))]
    chat = ScriptedChat(broken, rewriting, ANSWER, card=BRIEF)
    answer = asked(desk, chat, ScriptedChat(RANKED), *LONG)

    assert answer.usage == Usage(1_000 + 70, 50 + 30)
    assert answer.cost is not None
    assert answer.cost > (answer_tokens(BRIEF) * 2 + 1_000 + 70 + 300) / 1e6


def test_reranking_that_fails_or_says_nothing_of_its_tokens_counts_as_what_was_noted(
    desk: Desk,
) -> None:
    failing = ScriptedChat([UnavailableError("Away.")], card=DEAR)
    failed = asked(desk, ScriptedChat(ANSWER), failing)
    silent = asked(desk, ScriptedChat(ANSWER), ScriptedChat(["[1] > [2]", Finish()], card=DEAR))
    refused = asked(desk, ScriptedChat(ANSWER), ScriptedChat([NotBegunError("No.")], card=DEAR))

    assert failed.usage == silent.usage == refused.usage == Usage(1_000, 50)
    assert failed.cost == silent.cost
    assert failed.cost is not None
    assert failed.cost > SAID + answer_tokens(DEAR) * 200 / 1e6
    assert refused.cost == pytest.approx(SAID)


def test_what_runs_on_ones_own_server_adds_tokens_and_no_price(desk: Desk) -> None:
    answer = asked(desk, ScriptedChat(ANSWER, card=FREE), ScriptedChat(RANKED, card=DEAR))

    assert answer.usage == Usage(1_000, 50)
    assert answer.cost == pytest.approx(ORDER)
    assert whole_cost(FREE, Usage(100, 10), 0.0) is None
    assert added(Usage(100, 10), Usage(10, 5)) == Usage(110, 15)
    assert added(None, Usage(10, 5)) == added(Usage(10, 5), None) == Usage(10, 5)
    assert added(None, None) is None
