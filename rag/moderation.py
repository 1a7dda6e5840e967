"""Moderation on request: a question is judged before it is answered, the answer once it is whole.

Where it fails nothing passes: what cannot be judged is not answered. Documents are not judged.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import cast

from rag.domain import Answer, Event, Message
from rag.errors import BudgetError, ModerationError, ProviderError
from rag.models import answer_cost
from rag.prompts import exchanges_of
from rag.protocols import Moderator

QUESTION = "This question is not answered: moderation finds {what} in it. Ask something else."
ANSWER = "The answer is withheld: moderation finds {what} in it. Ask in other words."
UNJUDGED = "Not answered, since moderation (TRAMONTANE_MODERATION) failed: {why}"
UNSAID = "What do the documents say?"  # by who wishes nothing in words of a work on documents
CONTEXT_CHARACTERS = 4_000  # of each message that a question follows
# They name what a text is about rather than a harm in it, and documents are about little else.
SUBJECTS = frozenset({"health", "financial", "law", "pii"})
_WORDS = {
    "sexual": "sexual content",
    "hate_and_discrimination": "hate or discrimination",
    "violence_and_threats": "violence or threats",
    "dangerous_and_criminal_content": "dangerous or criminal content",
    "dangerous": "dangerous content",
    "criminal": "criminal content",
    "selfharm": "self-harm",
    "jailbreaking": "an attempt to get round the rules of a model",
}


class Moderation:
    """Judges questions and answers, and lets through what nothing is found in."""

    def __init__(self, moderator: Moderator) -> None:
        self._moderator = moderator

    def over(
        self,
        question: str,
        events: Iterator[Event],
        *,
        history: Sequence[Message] = (),
        principal: str = "local",
        is_written: bool = True,
    ) -> Iterator[Event]:
        """The events of a question, which begin once it is judged; the answer's cost has it in it.

        The last exchange of the `history` is read with the question. Where the answer `is_written`
        by a language model, it is judged as a whole: what of it was shown by then is no answer yet.

        Raises:
            ModerationError: something was found.
            ProviderError: it could not be judged; a cap on spending may be why.
            RagError: as the events do.
        """
        with closing(cast("Generator[Event, None, None]", events)):
            asked = Message("user", question.strip() or UNSAID)
            before = [
                replace(each, content=each.content[-CONTEXT_CHARACTERS:])
                for pair in exchanges_of(history)[-1:]
                for each in pair
            ]
            price = 0.0
            if question.strip():
                price = self._judged([*before, asked], QUESTION, principal)
            for event in events:
                if not isinstance(event, Answer):
                    yield event
                    continue
                if is_written and event.text:
                    said = Message("assistant", event.text)
                    price += self._judged([asked, said], ANSWER, principal)
                yield replace(event, cost=(event.cost or 0.0) + price)

    def _judged(self, messages: Sequence[Message], refusal: str, principal: str) -> float:
        """What judging the last message cost, in dollars."""
        try:
            found, bill = self._moderator.judge(messages, principal)
        except BudgetError:
            raise
        except ProviderError as error:
            raise type(error)(UNJUDGED.format(why=error)) from error
        harms = [_in_words(category) for category in found if category not in SUBJECTS]
        if harms:
            raise ModerationError(refusal.format(what=" and ".join(harms)))
        return answer_cost(*bill) or 0.0


def _in_words(category: str) -> str:
    return _WORDS.get(category, category.replace("_", " "))
