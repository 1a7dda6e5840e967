from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.domain import DocumentState, Finish, Message, ModelCard, Prompt, TextDelta, Usage
from rag.errors import (
    AuthenticationError,
    BudgetError,
    DocumentError,
    InvalidReplyError,
    NotBegunError,
    NotFoundError,
    RagError,
    RateLimitError,
)
from rag.intake import OcrPage
from rag.listwise import ListwiseReranker
from rag.models import answer_cost, answer_tokens
from rag.prompts import prompt_tokens
from rag.protocols import Vectors
from rag.reranking import reranked
from rag.spending import Meter, MeteredChat, MeteredEmbedder, MeteredOcr, day_in_words
from rag.store.catalog import Catalog
from rag.store.spending import Caps, Spending, Spent
from tests.fakes import CARD, HashEmbedder, Item, ScriptedChat

PROMPT = Prompt((Message("user", "What does the lighthouse of Camarat cost?"),))
HIGHEST = answer_cost(CARD, Usage(prompt_tokens(PROMPT, CARD), answer_tokens(CARD))) or 0.0
FREE = ModelCard("mine", "127.0.0.1:8000", 32_000)
NEW = ModelCard("mistral-next", "La Plateforme", 32_000)


@pytest.fixture
def spending(tmp_path: Path) -> Iterator[Spending]:
    catalog = Catalog(tmp_path)
    yield catalog.spending
    catalog.close()


Paid = Callable[..., MeteredChat]


@pytest.fixture
def paid(spending: Spending) -> Paid:
    """A metered model that replays turns, under a cap of so many dollars a day."""

    def build(
        *turns: Sequence[Item], cap: float | None = None, card: ModelCard = CARD
    ) -> MeteredChat:
        return MeteredChat(ScriptedChat(*turns, card=card), Meter(spending, Caps(daily=cap)))

    return build


def test_an_answer_counts_what_it_used(paid: Paid, spending: Spending) -> None:
    items = list(paid(["It is ", "free."], cap=1.0).stream(PROMPT))

    assert items == [TextDelta("It is "), TextDelta("free."), Finish(Usage(10, 5))]
    assert spending.today() == Spent(0.00002, 10, 5, 1)


def test_an_answer_under_way_holds_its_highest_price(paid: Paid, spending: Spending) -> None:
    stream = paid(["It is ", "free."], cap=1.0).stream(PROMPT)

    next(stream)

    assert spending.today().held == pytest.approx(HIGHEST, abs=1e-9)
    list(stream)
    assert spending.today().held == 0


def test_a_request_that_could_pass_the_cap_is_not_sent(spending: Spending) -> None:
    chat = ScriptedChat(["Yes."])
    metered = MeteredChat(chat, Meter(spending, Caps(daily=HIGHEST / 2)))

    with pytest.raises(BudgetError, match=r"more than the cap of \$0\.00\d+ a day allows"):
        list(metered.stream(PROMPT))

    assert chat.prompts == []
    assert spending.today() == Spent()


@pytest.mark.parametrize(
    "fault", [AuthenticationError("No."), RateLimitError("Wait."), NotBegunError("Gone.")]
)
def test_a_request_that_never_began_costs_nothing(
    fault: RagError, paid: Paid, spending: Spending
) -> None:
    with pytest.raises(type(fault)):
        list(paid([fault]).stream(PROMPT))

    assert spending.today() == Spent()


@pytest.mark.parametrize(
    "turn", [["It is ", RateLimitError("Wait.")], [InvalidReplyError("Cut.")], [ScriptedChat.CUT]]
)
def test_a_request_that_may_be_billed_counts_at_its_highest_price(
    turn: list[Item], paid: Paid, spending: Spending
) -> None:
    with suppress(RateLimitError, InvalidReplyError):
        list(paid(turn).stream(PROMPT))

    assert spending.today().dollars == pytest.approx(HIGHEST, abs=1e-9)
    assert spending.today().held == 0


def test_an_answer_that_is_stopped_counts_at_its_highest_price(
    paid: Paid, spending: Spending
) -> None:
    stream = paid(["It is ", "free."]).stream(PROMPT)
    next(stream)

    del stream

    assert spending.today().dollars == pytest.approx(HIGHEST, abs=1e-9)


def test_a_model_of_ones_own_is_free_and_its_tokens_count(paid: Paid, spending: Spending) -> None:
    list(paid(["Yes."], cap=0.0, card=FREE).stream(PROMPT))

    assert spending.today() == Spent(0.0, 10, 5, 1)


@pytest.mark.parametrize(
    "card", [NEW, *(replace(NEW, place=f"api{of}.mistral.ai") for of in ("", ".eu"))]
)
def test_a_price_that_nobody_knows_is_refused_under_a_cap(card: ModelCard, paid: Paid) -> None:
    with pytest.raises(BudgetError) as refused:
        list(paid(["Yes."], cap=100.0, card=card).stream(PROMPT))

    assert str(refused.value) == (
        "The price of mistral-next is not known, so no cap on spending can hold for it. Choose "
        "another model, or unset TRAMONTANE_DAILY_DOLLARS and TRAMONTANE_PERSON_DOLLARS."
    )
    assert list(paid(["Yes."], card=card).stream(PROMPT))[-1] == Finish(Usage(10, 5))


def test_what_is_asked_on_anothers_account_is_not_sent(paid: Paid, spending: Spending) -> None:
    chat = paid(["Yes."])
    with pytest.raises(NotFoundError, match="There is no such person here"):
        list(chat.stream(replace(PROMPT, principal="bob")))

    assert spending.today() == Spent()


def test_threads_that_ask_at_once_do_not_pass_the_cap(spending: Spending) -> None:
    cap = HIGHEST * 2.5
    models = [ScriptedChat(["It is ", "free."]) for _ in range(6)]
    begun, go_on = threading.Barrier(len(models) + 1), threading.Event()
    refused: list[str] = []

    def ask(chat: ScriptedChat) -> None:
        stream = MeteredChat(chat, Meter(spending, Caps(daily=cap))).stream(PROMPT)
        try:
            next(stream)
        except BudgetError as error:
            refused.append(str(error))
        begun.wait()
        go_on.wait()
        list(stream)

    threads = [threading.Thread(target=ask, args=(chat,)) for chat in models]
    with ExitStack() as stack:
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
        begun.wait()
        held = spending.today().held
        go_on.set()

    assert held == pytest.approx(2 * HIGHEST, abs=1e-8)
    assert len(refused) == 4
    assert sum(len(chat.prompts) for chat in models) == 2
    assert spending.today() == Spent(0.00004, 20, 10, 2)


def test_a_reranking_that_may_not_be_paid_for_refuses_the_question(paid: Paid) -> None:
    reranker = ListwiseReranker(paid(["[2] > [1]"], cap=0.0001))

    with pytest.raises(BudgetError, match="TRAMONTANE_DAILY_DOLLARS"):
        reranked("Q?", [("a", 1.0), ("b", 0.5)], ["a", "b"], reranker)


def test_embedding_is_paid_for(spending: Spending) -> None:
    embedder = HashEmbedder("mistral-embed")
    metered = MeteredEmbedder(embedder, Meter(spending, Caps(daily=0.000001)))

    vectors = metered.embed(["boats in winter"])  # 5 tokens at $0.10 a million

    assert np.array_equal(vectors, HashEmbedder().embed(["boats in winter"]))
    assert spending.today() == Spent(0.0000005, 5, 0, 1)
    with pytest.raises(BudgetError):
        metered.embed(["boats in winter", "and in summer"])
    assert embedder.embedded == ["boats in winter"]


class CountingEmbedder(HashEmbedder):
    """Says how many tokens it bills, takes two texts a request, and fails at the word "fault"."""

    def requests_of(self, texts: Sequence[str]) -> list[list[str]]:
        return [list(texts[start : start + 2]) for start in range(0, len(texts), 2)]

    def embed_counted(self, texts: Sequence[str]) -> tuple[Vectors, int]:
        if "fault" in texts:
            raise RateLimitError("Wait.")
        return self.embed(texts), 2 * len(texts)


class AskedEmbedder(HashEmbedder):
    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return self.embed([f"query: {text}" for text in texts])


def test_questions_are_paid_for_and_told_from_passages(spending: Spending) -> None:
    asked, plain = AskedEmbedder("mistral-embed"), HashEmbedder("mistral-embed")
    for embedder in (asked, plain):
        metered = MeteredEmbedder(embedder, Meter(spending, Caps()))
        assert metered.embed_questions(["boats in winter"]).shape == (1, 64)

    assert (asked.embedded, plain.embedded) == (["query: boats in winter"], ["boats in winter"])
    assert spending.today().dollars == pytest.approx(2 * 5 * 0.1 / 1e6)
    capped = MeteredEmbedder(asked, Meter(spending, Caps(daily=0.0000001)))
    with pytest.raises(BudgetError, match=r"^The library is embedded with mistral-embed.* TRAMON"):
        capped.embed_questions(["boats in winter"])
    assert len(asked.embedded) == 1


def test_embedding_counts_the_tokens_that_were_billed(spending: Spending) -> None:
    metered = MeteredEmbedder(CountingEmbedder("mistral-embed"), Meter(spending, Caps()))

    assert metered.embed(["a", "b", "c"]).shape == (3, 64)

    assert spending.today() == Spent(0.0000006, 6, 0, 2)


def test_of_texts_in_several_requests_those_that_were_sent_are_paid(spending: Spending) -> None:
    metered = MeteredEmbedder(CountingEmbedder("mistral-embed"), Meter(spending, Caps()))

    with pytest.raises(RateLimitError):
        metered.embed(["a", "b", "fault"])

    assert spending.today() == Spent(0.0000004, 4, 0, 1)


class ScriptedOcr:
    """Reads every picture alike, save an empty one."""

    name = "scripted OCR"
    dollars_per_page = 0.004

    def read(self, image: bytes) -> OcrPage:
        if not image:
            raise DocumentError(DocumentState.FAILED, "There is no picture.")
        return OcrPage("Boats.", ())


def test_pages_read_by_ocr_are_paid_for(spending: Spending) -> None:
    ocr = MeteredOcr(ScriptedOcr(), Meter(spending, Caps(daily=0.006)))
    with pytest.raises(DocumentError):
        ocr.read(b"")

    assert ocr.read(b"picture").text == "Boats."

    assert spending.today().dollars == 0.004
    with pytest.raises(BudgetError):
        ocr.read(b"picture")


def test_the_day_is_told_in_a_sentence(paid: Paid, spending: Spending) -> None:
    list(paid(["Yes."]).stream(PROMPT))
    paid_for = Meter(spending, Caps(daily=2.0, person=0.5))

    assert day_in_words(Meter(spending, Caps())) == (
        "Less than $0.0001 today (1 request, 15 tokens). There is no cap. "
        "The day ends at 00:00 UTC."
    )
    assert "The cap is $2.00 a day and $0.50 a day for each person." in day_in_words(paid_for)
