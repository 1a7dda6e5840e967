"""What the loopback server answers by itself: a sentence of the sources, with its number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any


def quoted_answer(messages: Sequence[Mapping[str, Any]]) -> str:
    """The sentence of the last message's sources that shares most words with its question.

    Sources are paragraphs that begin with `[1]` and a line that names them; what follows the last
    "question:" is the question, and the answer itself where there are no sources.
    """
    text = str(messages[-1].get("content") or "") if messages else ""
    shown, _, question = text.rpartition("uestion:")
    numbered = re.split(r"^\[(\d+)\]", shown, flags=re.MULTILINE)
    if len(numbered) == 1:
        return question.strip()
    words = set(re.findall(r"\w{4,}", question.lower()))
    best = (0, "I cannot tell from the sources.")
    for number, source in zip(numbered[1::2], numbered[2::2], strict=True):
        passage = source.partition("\n")[2] or source
        for sentence in re.split(r"(?<=[.!?])\s+|\n{2,}", passage):
            shared = len(words & set(re.findall(r"\w{4,}", sentence.lower())))
            if shared > best[0]:
                best = (shared, f"{' '.join(sentence.split())} [{number}]")
    return best[1]
