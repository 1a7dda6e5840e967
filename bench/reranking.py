"""What reranking changes, and what it costs, on XQuAD with the embedded embedder.

    python -m bench.reranking [URL [EVAL_DIR]] [--model NAME] [--key KEY] [--language en|de|es]

With the URL of a server that has `/v1/rerank` it measures that one. Without, it measures the
listwise prompt before a chat model that ranks by the words a passage shares with the question: that
says nothing of a real model's judgement, but that the order it asks for is the order that comes.
Prints hit@1 and hit@5 by paragraph and the milliseconds of a search, without and with reranking.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.xquad import library, rows
from rag.domain import Finish, ModelCard, Prompt, TextDelta, ToolCall
from rag.listwise import ListwiseReranker
from rag.protocols import Reranker
from rag.providers.rerank_server import RerankServer
from rag.retrieval import Retriever
from rag.wiring import Application


class OverlapChat:
    """A chat model that orders numbered passages by the share of the question's words in them."""

    card = ModelCard("word overlap", "this process", 32_000)

    def connect(self) -> ModelCard:
        """What is known of it: everything."""
        return self.card

    def stream(self, prompt: Prompt) -> Iterator[TextDelta | ToolCall | Finish]:
        """Reply with an order, such as "[2] > [1]"."""
        shown, _, _ = prompt.messages[-1].content.rpartition("\n\nQuestion: ")
        wanted = _words(prompt.question)
        shared = [len(wanted & _words(text)) for text in shown.split("\n\n")]
        order = sorted(range(len(shared)), key=lambda position: -shared[position])
        yield TextDelta(" > ".join(f"[{position + 1}]" for position in order))
        yield Finish()


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", text.lower()))


def measured(
    retriever: Retriever, application: Application, questions: Sequence[dict[str, Any]]
) -> tuple[float, float, float, int]:
    """hit@1, hit@5, the median milliseconds of a search, and how often the reranker failed."""
    firsts = fives = failures = 0
    milliseconds = []
    for question in questions:
        start = time.perf_counter()
        found = retriever.retrieve(question["question"], application.scope(), 5)
        milliseconds.append(1000 * (time.perf_counter() - start))
        names = [passage.document.name for passage in found.passages]
        gold = f"{question['passage']}.txt"
        firsts += gold in names[:1]
        fives += gold in names
        failures += bool(found.notice)
    count = len(questions)
    return firsts / count, fives / count, statistics.median(milliseconds), failures


def compare(
    application: Application, reranker: Reranker, questions: Sequence[dict[str, Any]]
) -> None:
    """Print a line without and a line with reranking, and what it added."""
    parts = (
        application.catalog,
        application.indexes,
        application.embedder,
        application.scorer,
        application.vocabulary,
    )
    plain, better = Retriever(*parts), Retriever(*parts, reranker=reranker)
    plain.retrieve(questions[0]["question"], application.scope(), 5)  # opens the indexes
    without = measured(plain, application, questions)
    with_it = measured(better, application, questions)
    print(f"{len(questions)} questions, {reranker.model} at {reranker.place}")
    for name, (first, five, milliseconds, _) in (("without", without), ("with", with_it)):
        print(f"{name:8} hit@1 {first:.4f}  hit@5 {five:.4f}  p50 {milliseconds:.1f} ms")
    print(f"reranking adds {with_it[2] - without[2]:.1f} ms; {with_it[3]} searches went without it")


def main() -> None:
    """Measure the reranker given on the command line."""
    parser = argparse.ArgumentParser(description="What reranking changes, and what it costs.")
    parser.add_argument("url", nargs="?", help="a server with /v1/rerank")
    parser.add_argument("eval_dir", nargs="?", default="../shared/eval", type=Path)
    parser.add_argument("--model", help="which of its models")
    parser.add_argument("--key", help="its key")
    parser.add_argument("--language", default="en", choices=["en", "de", "es"])
    parser.add_argument("--questions", default=200, type=int, help="about how many, spread evenly")
    given = parser.parse_args()
    folder = given.eval_dir / "xquad"
    questions = rows(folder / f"{given.language}.questions.jsonl")
    reranker: Reranker = ListwiseReranker(OverlapChat())
    if given.url:
        reranker = RerankServer(given.url, model=given.model, api_key=given.key, timeout_seconds=60)
    with (
        tempfile.TemporaryDirectory() as temporary,
        closing(
            library(rows(folder / f"{given.language}.passages.jsonl"), Path(temporary))
        ) as application,
    ):
        compare(application, reranker, questions[:: max(1, len(questions) // given.questions)])


if __name__ == "__main__":
    main()
