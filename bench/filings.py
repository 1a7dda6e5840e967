"""How often the page that answers is found: the questions over company filings.

    python -m bench.filings [EVAL_DIR]

Takes the filings in, searches every question, and prints hit@1, hit@5, hit@10 and MRR@10 by
distinct page, over all documents and within the right one, with the time each part took.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench.xquad import lost, rows
from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.domain import Passage
from rag.settings import Settings
from rag.wiring import build

PASSAGES = 20
DEPTHS = (1, 5, 10)
Place = tuple[str, int]


def ranked(passages: Sequence[Passage]) -> list[Place]:
    """The distinct pages of passages, in order of first appearance."""
    return list(dict.fromkeys((passage.document.name, passage.page) for passage in passages))


def figures(ranks: Sequence[int | None]) -> str:
    """The share of questions with a right page among the first k, and the mean of 1/rank."""
    found = [rank for rank in ranks if rank is not None]
    hits = [f"hit@{k} {sum(rank <= k for rank in found) / len(ranks):.3f}" for k in DEPTHS]
    reciprocal = sum(1 / rank for rank in found if rank <= DEPTHS[-1]) / len(ranks)
    return ", ".join([*hits, f"MRR@10 {reciprocal:.3f}"])


def rank_of(places: Sequence[Place], gold: set[Place]) -> int | None:
    """The rank of the first right page, counted from 1."""
    return next((rank for rank, place in enumerate(places, start=1) if place in gold), None)


def main(arguments: list[str]) -> None:
    """Run over the evaluation folder."""
    folder = Path(arguments[0] if arguments else "../shared/eval")
    questions = rows(folder / "filings.questions.jsonl")
    files = sorted((folder / "filings").glob("*.pdf"))
    asked = {place["document"] for question in questions for place in question["evidence"]}
    if missing := sorted(asked - {path.name for path in files}):
        lost(f"{folder / 'filings'} has no {missing[0]}.")
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(data_dir=Path(temporary), chat="reader", embedding="all-MiniLM-L6-v2")
        with closing(build(settings)) as application:
            started = time.perf_counter()
            ingestor = Ingestor(
                application.catalog, application.embedder, Limits(10**9, 10**6), load
            )
            library = application.library
            ids = {path.name: ingestor.add(path, library).document.id for path in files}
            taken_in = time.perf_counter()
            everywhere, within = [], []
            for question in questions:
                gold = {(place["document"], place["page"]) for place in question["evidence"]}
                right = frozenset(ids[name] for name, _ in gold)
                for ranks, chosen in ((everywhere, None), (within, right)):
                    scope = application.scope(chosen)
                    found = application.retriever.search(question["question"], scope, PASSAGES)
                    ranks.append(rank_of(ranked(found), gold))
            searched = time.perf_counter()
    print(f"all documents: {figures(everywhere)}")
    print(f"right document: {figures(within)}")
    per_search = 1000 * (searched - taken_in) / (2 * len(questions))
    print(f"taken in: {taken_in - started:.1f} s; a search: {per_search:.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1:])
