"""Retrieval, reading and refusing on XQuAD, with the embedded models.

    python -m bench.xquad [en|de|es] [EVAL_DIR]

Prints hit@1 and hit@5 by paragraph; the share of gold answers inside the first and inside all
quoted sentences; and, with the odd titles left out of the library, what share of the questions
about them is refused when 5 % of the others are.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.domain import Prompt, Source, TextDelta
from rag.evidence import USUAL_BAR
from rag.settings import Settings
from rag.wiring import Application, build

ANSWERED = 0.95


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file; where there is none, the program ends with a sentence."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        lost(f"{path} cannot be read ({error.strerror}).")
    return [json.loads(line) for line in text.splitlines() if line]


def lost(what: str) -> NoReturn:
    """End the program because something of the evaluation folder is not there."""
    print(f"{what} Name the folder that has the questions and documents.", file=sys.stderr)
    raise SystemExit(2)


def library(passages: list[dict[str, Any]], folder: Path) -> Application:
    """A library with one text file for each passage."""
    settings = Settings(data_dir=folder / "data", chat="reader", embedding="all-MiniLM-L6-v2")
    application = build(settings)
    ingestor = Ingestor(application.catalog, application.embedder, Limits(10**9, 10**6), load)
    for passage in passages:
        path = folder / f"{passage['id']}.txt"
        path.write_text(passage["text"], encoding="utf-8")
        ingestor.add(path, application.library)
    return application


def squash(text: str) -> str:
    """Lower case and single spaces, as the scorer compares."""
    return " ".join(text.lower().split())


def quality(application: Application, questions: list[dict[str, Any]]) -> None:
    """Print how often the paragraph is found and the answer quoted."""
    hits = np.zeros((len(questions), 2))
    held = np.zeros((len(questions), 2))
    reader = application._chats.named("embedded reader")
    for number, question in enumerate(questions):
        found = application.retriever.search(question["question"], application.scope(), 8)
        names = [passage.document.name for passage in found]
        gold = f"{question['passage']}.txt"
        hits[number] = [gold in names[:1], gold in names[:5]]
        sources = tuple(Source(n, passage) for n, passage in enumerate(found, start=1))
        prompt = Prompt((), question["question"], sources)
        quotes = [item.text for item in reader.stream(prompt) if isinstance(item, TextDelta)]
        answers = [squash(answer) for answer in question["answers"]]
        for column, text in enumerate([quotes[:1], quotes]):
            held[number, column] = any(answer in squash(" ".join(text)) for answer in answers)
    print("hit@1, hit@5:", hits.mean(axis=0).round(4))
    print("gold answer in the first quote, in all quotes:", held.mean(axis=0).round(4))


def refusal(application: Application, questions: list[dict[str, Any]], known: set[str]) -> None:
    """Print the share of unanswerable questions refused where 95 % of the others are answered."""
    scores: dict[bool, list[tuple[float]]] = {True: [], False: []}
    for question in questions:
        evidence = application.retriever.retrieve(question["question"], application.scope(), 8)
        found = evidence.evidence
        scores[question["passage"] in known].append((found.score,))
    shares = [(np.array(scores[kind])[:, 0] < USUAL_BAR).mean() for kind in (True, False)]
    print(f"refused by the reader: {shares[0]:.4f} of answerable, {shares[1]:.4f} of the others")
    for column, name in enumerate(("evidence",)):
        answerable = np.array(scores[True])[:, column]
        bar = np.quantile(answerable, 1 - ANSWERED)
        refused = (np.array(scores[False])[:, column] < bar).mean()
        print(f"refused by {name}: {refused:.4f} at {bar:.4f}")


def main(arguments: list[str]) -> None:
    """Run on one language."""
    language = arguments[0] if arguments else "en"
    folder = Path(arguments[1] if len(arguments) > 1 else "../shared/eval") / "xquad"
    passages = rows(folder / f"{language}.passages.jsonl")
    questions = rows(folder / f"{language}.questions.jsonl")
    with (
        tempfile.TemporaryDirectory() as temporary,
        closing(library(passages, Path(temporary))) as application,
    ):
        quality(application, questions)
    titles = sorted({passage["title"] for passage in passages})
    kept = [passage for passage in passages if titles.index(passage["title"]) % 2 == 0]
    with (
        tempfile.TemporaryDirectory() as temporary,
        closing(library(kept, Path(temporary))) as application,
    ):
        refusal(application, questions, {passage["id"] for passage in kept})


if __name__ == "__main__":
    main(sys.argv[1:])
