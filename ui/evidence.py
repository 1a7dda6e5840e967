"""Evidence in words: how much there is of an answer, beside how much is needed."""

from __future__ import annotations

import math

from rag.domain import Answer, ModelCard
from rag.evidence import MODEL_SHARE

SMALLEST_EVIDENCE = 0.001


def usually_needed(bar: float, card: ModelCard) -> float:
    """The evidence below which a question is refused that is not asked all the same."""
    return bar * MODEL_SHARE if card.instructable else bar


def percent(evidence: float) -> str:
    """Cut, not rounded, so that what is below a bar never reads like the bar."""
    if evidence < SMALLEST_EVIDENCE:
        return "under 0.1%"
    tenths = math.floor(1_000 * evidence + 1e-6)
    return f"{tenths / 10:g}%" if tenths < 100 else f"{tenths // 10}%"


def against_bar(answer: Answer, needed: float | None) -> str:
    """The evidence of a refusal beside what is needed, or who found none in spite of it."""
    evidence = answer.evidence or 0.0
    if needed is None:
        return percent(evidence)
    if evidence < needed:
        return f"{percent(evidence)}, needs {percent(needed)}"
    return f"{percent(evidence)}, enough to ask {answer.model}, which found no answer"
