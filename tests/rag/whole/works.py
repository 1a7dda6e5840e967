"""Works over the desk's library, with a scripted model or the embedded reader."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag.domain import Answer, Document, Event, TextDelta
from rag.protocols import ChatModel
from rag.providers.reader import EmbeddedReader
from rag.verification import Verifier
from rag.vocabulary import load_vocabulary
from rag.whole.resources import Resources
from rag.whole.sheet import Sheet
from rag.whole.tasks import Tasks
from tests.rag.desk import Desk


def resources(desk: Desk, chat: ChatModel) -> Resources:
    verifier = Verifier(desk.scorer.nearest)
    return Resources(chat, desk.catalog, desk.retriever, desk.scorer, verifier, 4)


def tasks(desk: Desk, chat: ChatModel) -> Tasks:
    return Tasks(resources(desk, chat))


def reader(desk: Desk) -> EmbeddedReader:
    return EmbeddedReader(desk.scorer, load_vocabulary())


def sheet(desk: Desk, chat: ChatModel) -> Sheet:
    return Sheet(resources(desk, chat), "a request")


def named(desk: Desk, name: str) -> Document:
    return next(each for each in desk.catalog.documents(desk.library.id) if each.name == name)


def said(value: object, quote: str, source: int = 1) -> dict[str, object]:
    """One value as a model is to give it."""
    return {"value": value, "source": source, "quote": quote}


def reply(value: object) -> list[str]:
    """A turn that is JSON."""
    return [json.dumps(value)]


def checked_answer(desk: Desk, events: Sequence[Event]) -> Answer:
    """The answer, after checking that each quote opens on its page."""
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.text == "".join(each.text for each in events if isinstance(each, TextDelta))
    for citation in answer.citations:
        quote = citation.quote
        page = desk.catalog.page(quote.document.id, quote.page)
        assert page.text[quote.start : quote.end] == quote.text
        assert answer.text[citation.marker.start : citation.marker.end] == f"[{citation.number}]"
    return answer
