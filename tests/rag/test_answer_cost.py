"""What an answer cost is all that it took: the reply, rewriting, reranking, searches by tools."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.assistant import Assistant
from rag.domain import Answer, Finish, Message, Scope, ToolCall, Usage
from rag.errors import UnavailableError
from rag.listwise import ListwiseReranker
from rag.models import total_cost, total_usage
from rag.retrieval import Retriever
from rag.store.indexes import Indexes
from rag.toolset import tools_for
from rag.verification import Verifier
from rag.vocabulary import load_vocabulary
from tests.fakes import CARD, Item, ScriptedChat
from tests.rag.desk import QUESTION, Desk, answer_of

DEAR = replace(CARD, name="dear", input_price=100.0, output_price=200.0)
FREE = replace(CARD, name="mine", input_price=None, output_price=None)
ANSWER: list[Item] = ["12 billion [1].", Finish(Usage(1_000, 50))]
RANKED: list[Item] = ["[2] > [1]", Finish(Usage(300, 4))]
SEARCH = ToolCall("call00001", "search_documents", '{"query": "cheese from Normandy"}')


def asked(desk: Desk, chat: ScriptedChat, judge: ScriptedChat, *history: Message) -> Answer:
    """The answer of one model, over what another put in order."""
    retriever = Retriever(
        desk.catalog,
        Indexes(desk.catalog),
        desk.embedder,
        desk.scorer,
        load_vocabulary(),
        reranker=ListwiseReranker(judge),
    )
    assistant = Assistant(
        chat,
        retriever,
        lambda scope, manner, sources: tools_for(scope, retriever, desk.catalog, manner, sources),
        4,
        Verifier(desk.scorer.nearest),
    )
    return answer_of(list(assistant.ask(QUESTION, history, Scope(desk.library.id))))


def test_reranking_by_chat_is_part_of_the_cost_at_its_models_price(desk: Desk) -> None:
    answer = asked(desk, ScriptedChat(ANSWER), ScriptedChat(RANKED, card=DEAR))

    assert answer.usage == Usage(1_300, 54)
    assert answer.cost == pytest.approx((1_000 + 50 * 2 + 300 * 100 + 4 * 200) / 1e6)


def test_so_is_reranking_what_a_tool_finds(desk: Desk) -> None:
    calling: list[Item] = [SEARCH, Finish(Usage(900, 20))]
    answer = asked(desk, ScriptedChat(calling, ANSWER), ScriptedChat(RANKED, RANKED, card=DEAR))

    assert answer.usage == Usage(1_000 + 900 + 600, 50 + 20 + 8)
    assert answer.tool_results[0].bills == ((DEAR, Usage(300, 4)),)


def test_so_is_rewriting_with_its_parts(desk: Desk) -> None:
    parts = (QUESTION, "Where is Camembert from?")
    rewriting: list[Item] = ["\n".join(("Nemo and Camembert?", *parts)), Finish(Usage(70, 30))]
    history = (Message("user", "What is Nemo?"), Message("assistant", "A model [1]."))
    judge = ScriptedChat(RANKED, RANKED, RANKED)
    answer = asked(desk, ScriptedChat(rewriting, ANSWER), judge, *history)

    assert answer.parts == parts
    assert answer.usage == Usage(1_000 + 70 + 900, 50 + 30 + 12)


def test_a_reranker_that_failed_or_says_nothing_of_its_tokens_costs_nothing_known(
    desk: Desk,
) -> None:
    failed = asked(desk, ScriptedChat(ANSWER), ScriptedChat([UnavailableError("Away.")]))
    silent = asked(desk, ScriptedChat(ANSWER), ScriptedChat(["[1] > [2]", Finish()]))

    assert failed.usage == silent.usage == Usage(1_000, 50)


def test_what_runs_on_ones_own_server_adds_tokens_and_no_price() -> None:
    bills = [(FREE, Usage(100, 10)), (CARD, Usage(10, 5))]

    assert total_usage(bills) == Usage(110, 15)
    assert total_cost(bills) == pytest.approx((10 + 5 * 2) / 1e6)
    assert total_cost(bills[:1]) is None
    assert (total_usage([]), total_cost([])) == (None, None)
