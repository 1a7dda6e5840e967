"""Knowing that nothing is there, on XQuAD in three languages, with the embedded models.

    python -m bench.refusal [EVAL_DIR]

Prints, for a library of the even titles and one of the odd ones, the share of the questions on the
other titles that is refused when 5 % of the rest are; the same with only the paragraph left out
that holds the answer; and what the usual bar refuses of each, the same bar in every language.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.xquad import library, rows
from rag.domain import Scope
from rag.evidence import USUAL_BAR
from rag.wiring import Application

LANGUAGES = ("en", "de", "es")
REFUSED = 0.05
PASSAGES = 8

Scores = NDArray[np.float64]
Rows = list[dict[str, Any]]


def score(application: Application, question: str, scope: Scope) -> float:
    """The evidence for one question."""
    return application.retriever.retrieve(question, scope, PASSAGES).evidence.score


def report(name: str, answerable: Scores, others: Scores) -> None:
    """Print what is refused at 5 % of the answerable, and at the usual bar."""
    bar = float(np.quantile(answerable, REFUSED))
    usual = [float((scores < USUAL_BAR).mean()) for scores in (answerable, others)]
    print(
        f"{name}: {(others < bar).mean():.3f} refused at {bar:.3f}; at the usual bar "
        f"{usual[0]:.3f} of the answerable and {usual[1]:.3f} of the others"
    )


def half(passages: Rows, questions: Rows, kept: Collection[str]) -> tuple[Scores, Scores]:
    """The scores of answerable questions and of others, with only some titles in the library."""
    there = [passage for passage in passages if passage["title"] in kept]
    known = {passage["id"] for passage in there}
    scores: dict[bool, list[float]] = {True: [], False: []}
    with (
        tempfile.TemporaryDirectory() as temporary,
        closing(library(there, Path(temporary))) as application,
    ):
        scope = application.scope()
        for question in questions:
            found = score(application, question["question"], scope)
            scores[question["passage"] in known].append(found)
    return np.array(scores[True]), np.array(scores[False])


def near(passages: Rows, questions: Rows) -> tuple[Scores, Scores]:
    """The scores of all questions, and of the same without the paragraph that answers."""
    whole: list[float] = []
    without: list[float] = []
    with (
        tempfile.TemporaryDirectory() as temporary,
        closing(library(passages, Path(temporary))) as application,
    ):
        documents = application.catalog.documents(application.library.id)
        ids = {document.name: document.id for document in documents}
        scope = application.scope()
        for question in questions:
            gold = ids[f"{question['passage']}.txt"]
            others = application.scope(frozenset(ids.values()) - {gold})
            whole.append(score(application, question["question"], scope))
            without.append(score(application, question["question"], others))
    return np.array(whole), np.array(without)


def main(arguments: list[str]) -> None:
    """Run on every language."""
    folder = Path(arguments[0] if arguments else "../shared/eval") / "xquad"
    for language in LANGUAGES:
        passages = rows(folder / f"{language}.passages.jsonl")
        questions = rows(folder / f"{language}.questions.jsonl")
        titles = sorted({passage["title"] for passage in passages})
        report(f"{language}, even titles", *half(passages, questions, titles[::2]))
        report(f"{language}, odd titles", *half(passages, questions, titles[1::2]))
        report(f"{language}, near misses", *near(passages, questions))


if __name__ == "__main__":
    main(sys.argv[1:])
