"""Reordering what a search found by a model that reads question and passage together.

Bi-encoders and word statistics judge a passage without the question beside it; a cross-encoder, or
a chat model that is asked, reads both (Nogueira and Cho 2019, arXiv:1901.04085). It is slower, so
only the first candidates are shown to it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rag.errors import BudgetError, PolicyError, ProviderError
from rag.protocols import Reranker

RERANKED = 30  # candidates

T = TypeVar("T")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reranked(Generic[T]):
    """Hits, best first; `notice` is a sentence for the user when they could not be reranked."""

    hits: tuple[tuple[T, float], ...]
    notice: str = ""


def reranked(
    question: str,
    hits: Sequence[tuple[T, float]],
    texts: Sequence[str],
    reranker: Reranker | None,
) -> Reranked[T]:
    """The hits with the first of them in the reranker's order, whatever happens to its server.

    `hits` come best first with their scores; `texts` are what the reranker reads of the first of
    them, `RERANKED` at most. Equals keep their order. The scores stay where they are: the best
    score goes to whichever hit is first now, so they still fall from hit to hit.
    """
    shown = min(len(texts), len(hits), RERANKED)
    if reranker is None or shown < 2:
        return Reranked(tuple(hits))
    try:
        scores = reranker.rerank(question, texts[:shown])
    except BudgetError:  # a question that may not be paid for is refused, and says why
        raise
    except PolicyError as error:
        return Reranked(tuple(hits), f"{error} The passages are in their own order.")
    except ProviderError as error:
        _logger.warning("The passages were not reranked. %s", error)
        return Reranked(tuple(hits), unanswered(reranker))
    order = sorted(range(shown), key=lambda position: -scores[position])
    order += range(shown, len(hits))
    items = [hits[position][0] for position in order]
    return Reranked(tuple(zip(items, (score for _, score in hits), strict=True)))


def unanswered(reranker: Reranker) -> str:
    """What a user is told when a reranker failed."""
    return (
        f"The reranker at {reranker.place} does not answer: the passages are in their own order. "
        "`tramontane doctor` says why."
    )
