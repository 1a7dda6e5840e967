"""The works on whole documents as rows of a batch, and as programs are given them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rag.assistant import drain
from rag.batch import BatchQuestion, Row, answer_row
from rag.claim_rows import quote_row
from rag.domain import Answer, Document, Scope
from rag.errors import InvalidReplyError, QuestionError
from rag.store.catalog import Catalog
from rag.whole.classification import Sorted, read_classes
from rag.whole.composing import kind_of
from rag.whole.extraction import Extraction, Filled, Found
from rag.whole.pages import readable_documents
from rag.whole.schemas import read_schema
from rag.whole.tasks import Tasks, drained, only_document

NO_QUOTE: Row = {"document": None, "page": None, "start": None, "end": None, "quote": None}


def task_row(question: BatchQuestion, tasks: Tasks, catalog: Catalog, scope: Scope) -> Row:
    """What a row of a batch asks for, done.

    Raises:
        RagError: it lacks something, or the model's server failed.
    """
    text = question.question
    if question.task == "write":
        kind = question.kind or kind_of(text)
        return _row(question, drain(tasks.write(text, kind, scope)))
    if question.task == "classify" and not question.documents:
        return _sorted_row(question, tasks, [text])
    documents = readable_documents(catalog, scope)
    if question.task == "summarise":
        return _row(question, drain(tasks.summarise(documents, text)))
    if question.task == "classify":
        return _sorted_row(question, tasks, documents)
    form = read_schema(_parsed(question.form, "schema"))
    answer, extraction = drained(tasks.extract(only_document(documents), form, text))
    return _row(question, answer) | extraction_row(extraction)


def _row(question: BatchQuestion, answer: Answer) -> Row:
    return answer_row(question, answer) | {"task": question.task}


def _sorted_row(question: BatchQuestion, tasks: Tasks, things: Sequence[Document | str]) -> Row:
    if not all(isinstance(thing, Document) or thing.strip() for thing in things):
        raise QuestionError("There is nothing to sort: give a text, or documents.")
    classes = read_classes(_parsed_classes(question.classes))
    most = None if question.multi else 1
    answer, found = drained(tasks.classify(things, classes, question.question, most=most))
    failed = [each for each in found if each.failed]
    if len(failed) == len(found):
        raise InvalidReplyError(failed[0].reason)
    return _row(question, answer) | {"sorted": [sorted_row(each) for each in found]}


def _parsed_classes(given: object) -> object:
    """Classes as they are given; a text that is JSON is read as such."""
    is_json = isinstance(given, str) and given.lstrip().startswith(("[", "{"))
    return _parsed(given, "classes") if is_json else given


def _parsed(given: object, name: str) -> object:
    """JSON that a row holds, as it stands or as a text.

    Raises:
        QuestionError: it is not there, or no JSON.
    """
    if given is None or given == "":
        raise QuestionError(f"The row has no {name!r}. Add it.")
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"The {name} of the row is no JSON: {error}.") from error


def extraction_row(extraction: Extraction) -> Row:
    """A filled form: its values alone, and each with its quote."""
    return {
        "document": extraction.document.name,
        "values": extraction.values,
        "fields": {name: _filled_row(filled) for name, filled in extraction.fields.items()},
    }


def _filled_row(filled: Filled) -> Any:
    if isinstance(filled, list):
        return [_filled_row(item) for item in filled]
    if isinstance(filled, Found):
        where = NO_QUOTE if filled.quote is None else quote_row(filled.quote)
        told = {"verdict": filled.verdict, "reason": filled.reason or None}
        return {"value": filled.value} | where | told
    return {name: _filled_row(each) for name, each in filled.items()}


def sorted_row(found: Sorted) -> Row:
    """An item with its classes, each with its reason and, in a document, its quote.

    `class` is the best of them, null where there is none; `reason` then says why.
    """
    classes = []
    for fit in found.fits:
        where = NO_QUOTE
        if fit.quote is not None and found.item.document is not None:
            where = quote_row(fit.quote)
        elif fit.quote is not None:
            where = NO_QUOTE | {"quote": fit.quote.text}
        score = None if fit.score is None else round(fit.score, 4)
        margin = None if fit.margin is None else round(fit.margin, 4)
        told = {"class": fit.name, "reason": fit.reason, "score": score, "margin": margin}
        classes.append(told | where)
    return {
        "item": found.item.name,
        "class": found.fits[0].name if found.fits else None,
        "classes": classes,
        "reason": found.reason or (found.fits[0].reason if found.fits else None),
    }
