"""Paying for requests: what each may cost at most is set aside before it is sent, then settled.

The wrappers here stand before whatever is billed, so that nothing else need think of money. A
request that the provider refused, or never began to answer, cost nothing; one that ended without
saying what it used counts as what was set aside, since it may have been billed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np

from rag.accounts import Account
from rag.catalogue import LA_PLATEFORME
from rag.domain import Finish, Message, ModelCard, Prompt, TextDelta, ToolCall, Usage
from rag.errors import (
    AuthenticationError,
    BudgetError,
    ContextLengthError,
    DocumentError,
    ModelNotFoundError,
    NotBegunError,
    PolicyError,
    RateLimitError,
    StoreError,
)
from rag.intake import OcrPage
from rag.models import answer_cost, answer_tokens, embedding_cost
from rag.prompts import prompt_tokens
from rag.protocols import (
    Asymmetric,
    Bill,
    ChatModel,
    Counting,
    Embedder,
    Moderator,
    Ocr,
    PromptCounter,
    Vectors,
)
from rag.setting_aside import Queue
from rag.store.spending import (
    DAILY_SETTING,
    PERSON_SETTING,
    Caps,
    Purpose,
    Reservation,
    Spending,
    in_dollars,
)

logger = logging.getLogger(__name__)

MISTRAL_HOST = "mistral.ai"  # and what is below it, such as api.eu.mistral.ai
ONLY_EMBEDDING = (
    "The library is embedded with {model}, so every question is too, and that is billed whichever "
    "model answers. {why}"
)
_UNBILLED = (
    AuthenticationError,
    BudgetError,
    ContextLengthError,
    DocumentError,
    ModelNotFoundError,
    NotBegunError,
    PolicyError,
    RateLimitError,
)


@dataclass(frozen=True, slots=True)
class Meter:
    """Where money is counted, and how much may be spent.

    A request waits in `queue` where only what others have set aside keeps it from being sent.
    """

    spending: Spending
    caps: Caps
    queue: Queue = field(default_factory=lambda: Queue(0.0))

    def charge(self, account: Account, purpose: Purpose, dollars: float) -> Charge:
        """The charge of one request that costs `dollars` at most; to be entered."""
        return Charge(self, account, purpose, dollars)

    def own_account(self) -> Account:
        """An account of whoever this meter is for."""
        return Account(self.spending.principal)

    def spent_today(self) -> float:
        """The dollars that all together have spent since the day of UTC began."""
        return self.spending.today().dollars


class Charge:
    """One request on an account: set aside on entering, and settled once, at the latest on leaving.

    A catalog that cannot be written at the end costs no answer: the sum then stays set aside.
    """

    def __init__(self, meter: Meter, account: Account, purpose: Purpose, dollars: float) -> None:
        self._meter = meter
        self._account = account
        self._purpose = purpose
        self._dollars = dollars
        self._reservation: Reservation | None = None
        self._has_begun = False
        self._is_settled = False

    def __enter__(self) -> Self:
        """Set the highest price aside, once requests under way leave room for it.

        Raises:
            BudgetError: a cap would be passed.
        """
        if self._dollars > 0:
            meter, person = self._meter, self._account.person
            self._reservation = meter.queue.reserve(
                meter.spending, person, self._purpose, self._dollars, meter.caps
            )
        return self

    def begun(self) -> None:
        """Something of the answer arrived: it is billed now, whatever follows."""
        self._has_begun = True

    def settle(self, dollars: float, usage: Usage | None = None) -> None:
        """Say what it did cost."""
        if self._is_settled:
            return
        self._is_settled = True
        self._account.add(dollars)
        spending = self._meter.spending
        try:
            if self._reservation is not None:
                spending.settle(self._reservation, dollars, usage)
            elif usage is not None and usage != Usage(0, 0):
                spending.record(self._account.person, self._purpose, usage)
        except StoreError as error:
            logger.warning("What a request cost could not be noted. %s", error)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Settle at the highest price, or at nothing, where nobody said what it cost."""
        if self._is_settled or self._reservation is None:
            return
        if self._has_begun or not isinstance(error, _UNBILLED):
            self.settle(self._reservation.dollars)
            return
        try:
            self._meter.spending.release(self._reservation)
        except StoreError as fault:
            logger.warning("What was set aside could not be given back. %s", fault)


class MeteredChat:
    """A chat model whose every request is paid for, on the account of whoever asks."""

    def __init__(self, chat: ChatModel, meter: Meter, account: Account | None = None) -> None:
        self._chat = chat
        self._meter = meter
        self._account = account

    def charged_to(self, account: Account) -> Self:
        """The same on this account, whoever a prompt is from."""
        return type(self)(self._chat, self._meter, account)

    @property
    def card(self) -> ModelCard:
        """What is known by now of the model."""
        return self._chat.card

    def connect(self) -> ModelCard:
        """Find out what is not known yet. Raises as the model does."""
        return self._chat.connect()

    def count(self, prompt: Prompt) -> int | None:
        """The tokens of a prompt by the server's own count, None where it does not tell."""
        return self._chat.count(prompt) if isinstance(self._chat, PromptCounter) else None

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Yield what the model does.

        Raises:
            BudgetError: a cap would be passed; nothing was sent.
            ProviderError: as the model does.
        """
        highest = highest_price(prompt, self.card, self._meter.caps)
        account = self._account or Account(prompt.principal)
        with self._meter.charge(account, Purpose.CHAT, highest) as charge:
            for item in self._chat.stream(prompt):
                charge.begun()
                if isinstance(item, Finish) and item.usage is not None:
                    charge.settle(answer_cost(self.card, item.usage) or 0.0, item.usage)
                yield item


class MeteredEmbedder:
    """An embedder whose texts are paid for.

    They count as many tokens as its server billed; where that is not told, as it allows for.
    """

    def __init__(self, embedder: Embedder, meter: Meter, account: Account | None = None) -> None:
        self._embedder = embedder
        self._meter = meter
        self._account = account

    def charged_to(self, account: Account) -> Self:
        """The same on this account."""
        return type(self)(self._embedder, self._meter, account)

    @property
    def model(self) -> str:
        """The name recorded with every library embedded by it."""
        return self._embedder.model

    @property
    def dimension(self) -> int:
        """The length of its vectors."""
        return self._embedder.dimension

    @property
    def max_tokens(self) -> int:
        """How much of a text it reads."""
        return self._embedder.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the embedder's own tokens, an upper bound at worst."""
        return self._embedder.count_tokens(texts)

    def fluency(self, text: str) -> float:
        """How well it knows the language of a text."""
        return self._embedder.fluency(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors in the order of the texts.

        Raises:
            BudgetError: a cap would be passed; nothing was sent.
            ProviderError: as the embedder does.
        """
        if not isinstance(self._embedder, Counting):
            return self._paid(texts)
        lots = self._embedder.requests_of(texts) or [[]]
        return np.concatenate([self._paid(lot) for lot in lots])

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """The same for questions. Raises alike, and says that embedding is what is billed."""
        try:
            return self._embed_questions(texts)
        except BudgetError as error:
            raise type(error)(ONLY_EMBEDDING.format(model=self.model, why=error)) from error

    def _embed_questions(self, texts: Sequence[str]) -> Vectors:
        if not isinstance(self._embedder, Asymmetric):
            return self.embed(texts)
        tokens = sum(self.count_tokens(texts))
        price = embedding_cost(self.model, tokens)
        account = self._account or self._meter.own_account()
        with self._meter.charge(account, Purpose.EMBEDDING, price) as charge:
            vectors = self._embedder.embed_questions(texts)
            charge.settle(price, Usage(tokens, 0))
        return vectors

    def _paid(self, texts: Sequence[str]) -> Vectors:
        """The vectors of one request."""
        tokens = sum(self.count_tokens(texts))
        price = embedding_cost(self.model, tokens)
        account = self._account or self._meter.own_account()
        with self._meter.charge(account, Purpose.EMBEDDING, price) as charge:
            if isinstance(self._embedder, Counting):
                vectors, tokens = self._embedder.embed_counted(texts)
            else:
                vectors = self._embedder.embed(texts)
            charge.settle(embedding_cost(self.model, tokens), Usage(tokens, 0))
        return vectors


class MeteredModerator:
    """Moderation whose requests are paid for; they count as many tokens as it allows for."""

    def __init__(self, moderator: Moderator, meter: Meter) -> None:
        self._moderator = moderator
        self._meter = meter

    @property
    def card(self) -> ModelCard:
        """The model that judges, and its price."""
        return self._moderator.card

    def count(self, messages: Sequence[Message]) -> Usage:
        """The tokens that judging these takes, an upper bound at worst."""
        return self._moderator.count(messages)

    def judge(self, messages: Sequence[Message], principal: str) -> tuple[tuple[str, ...], Bill]:
        """The categories in which the last message goes too far, and what that took.

        Raises:
            BudgetError: a cap would be passed; nothing was sent.
            ProviderError: as the moderator does.
        """
        highest = answer_cost(self.card, self.count(messages)) or 0.0
        with self._meter.charge(Account(principal), Purpose.MODERATION, highest) as charge:
            found, (card, usage) = self._moderator.judge(messages, principal)
            charge.settle(answer_cost(card, usage) or 0.0, usage)
        return found, (card, usage)


class MeteredOcr:
    """An OCR whose pages are paid for."""

    def __init__(self, ocr: Ocr, meter: Meter) -> None:
        self._ocr = ocr
        self._meter = meter

    @property
    def name(self) -> str:
        """What it is called."""
        return self._ocr.name

    @property
    def dollars_per_page(self) -> float:
        """What a page costs."""
        return self._ocr.dollars_per_page

    def read(self, image: bytes) -> OcrPage:
        """The words on a picture, in reading order.

        Raises:
            BudgetError: a cap would be passed; nothing was sent.
            DocumentError: this picture cannot be read.
            ProviderError: as the OCR does.
        """
        with self._meter.charge(self._meter.own_account(), Purpose.OCR, self.dollars_per_page):
            return self._ocr.read(image)


def highest_price(prompt: Prompt, card: ModelCard, caps: Caps) -> float:
    """What a request may cost at most, in dollars; a model on one's own server costs nothing.

    Raises:
        BudgetError: there is a cap, and a price that nobody knows.
    """
    if card.input_price is None or card.output_price is None:
        if caps and (card.place == LA_PLATEFORME or MISTRAL_HOST in card.place):
            raise BudgetError(
                f"The price of {card.name} is not known, so no cap on spending can hold for it. "
                f"Choose another model, or unset {DAILY_SETTING} and {PERSON_SETTING}."
            )
        return 0.0
    most = Usage(prompt_tokens(prompt, card), answer_tokens(card))
    return answer_cost(card, most) or 0.0


def day_in_words(meter: Meter) -> str:
    """What this day came to so far, of how much, in a sentence."""
    spent, caps = meter.spending.today(), meter.caps
    tokens = spent.input_tokens + spent.output_tokens
    requests = "1 request" if spent.requests == 1 else f"{spent.requests:,} requests"
    held = f", and {in_dollars(spent.held)} more set aside" if spent.held else ""
    limits = [
        f"{in_dollars(cap)} {whose}"
        for cap, whose in ((caps.daily, "a day"), (caps.person, "a day for each person"))
        if cap is not None
    ]
    cap = f"The cap is {' and '.join(limits)}." if limits else "There is no cap."
    sum_ = in_dollars(spent.dollars)
    return (
        f"{sum_[0].upper()}{sum_[1:]} today ({requests}, {tokens:,} tokens){held}. {cap} "
        "The day ends at 00:00 UTC."
    )
