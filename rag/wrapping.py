"""Whether a line of a paragraph goes on in the next one, which begins with a capital or figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.expectation import MONTH

# What makes a short line a statement, unless it asks: "The owner is Mara Lind", no "What is new".
SAYS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|ist|sind|wird|werden|hat|haben|est|sont|sera|seront"
    r"|es|fue|será|sono|sarà|são|foi|heeft|zijn|wordt)\b"
)
ASKS = re.compile(
    r"(?i)\W*(?:what|who|how|why|when|where|which|was|wer|wie|warum|wann|wo|que|qui|comment|pourquoi"
    r"|quand|où|qué|quién|cómo|che|chi|come|perché|wat|hoe|waarom)\b"
)
_DID = re.compile(r"\b[a-z]{3,}ed\b")  # "carried", no "Consolidated" of a heading
_STOPPED = re.compile(r"[.!?…:;。！？।॥۔][\"'”’»)\]]*\s*\Z")
_AMOUNT = re.compile(r"\d[.,]\d\d(?:\s?(?:[€$£]|[A-Z]{3}))?\s*\Z")
_DATE = re.compile(  # "3 May 2021", "3. Mai 2021", "May 3, 2021"
    rf"\b(?:\d{{1,2}}\.?\s(?:{MONTH})\s\d{{4}}|(?:{MONTH})\s\d{{1,2}},?\s\d{{4}})\b", re.IGNORECASE
)
_LETTERS = re.compile(r"[^\W\d_]{2}")
# Of a paragraph whose lines are all shorter and of which none ends in a full stop, each is for
# itself: the lines of a receipt, an address, a poster.
NARROW = 40  # characters
# A line is full when the next word would have made it longer than this share of the longest one.
FULL = 0.8


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What the lines of a paragraph tell together: the length of the longest in characters."""

    longest: int
    is_stopped: bool  # its last line ends in a full stop
    is_list: bool  # its lines are short, and none ends in a full stop


def paragraph_of(lines: Sequence[str]) -> Paragraph:
    """What lines without a blank one between them tell; at least one."""
    longest = max(len(line) for line in lines)
    is_list = longest < NARROW and not any(_STOPPED.search(line) for line in lines)
    return Paragraph(longest, _is_ended(lines[-1]), is_list)


def is_alone(line: str, following: str, paragraph: Paragraph) -> bool:
    """Whether a line is an entry of its own: of a receipt, or of a list without marks."""
    if not following.lstrip()[0].isdigit() and not following.lstrip()[0].isupper():
        return False
    is_entry = len(line) < NARROW and bool(_AMOUNT.search(line)) and not _has_verb(line)
    return paragraph.is_list or is_entry


def is_unfinished(line: str, following: str, paragraph: Paragraph) -> bool:
    """Whether a line is a sentence that has not ended: with a verb, full, and no full stop.

    Only in a paragraph that comes to a full stop; however short its lines are on the page.
    """
    next_word = following.split(maxsplit=1)[0]
    return (
        paragraph.is_stopped
        and not _STOPPED.search(line)
        and _has_verb(line)
        and len(line) + len(next_word) >= FULL * paragraph.longest
    )


def tells_dates(line: str, following: str) -> bool:
    """Whether dates in two lines are words of a sentence, not the heads of columns."""
    if line.rstrip().endswith(":") or not _LETTERS.search(without_dates(following)):
        return False
    goes_on = following.lstrip()[0].islower() or _is_ended(following)
    return _has_verb(line) or goes_on


def without_dates(line: str) -> str:
    """A line with each date that names its month as one figure, and so one cell."""
    return _DATE.sub("1", line)


def _is_ended(line: str) -> bool:
    return bool(_STOPPED.search(line)) and not line.rstrip().endswith((":", ";"))


def _has_verb(line: str) -> bool:
    return bool(SAYS.search(line) or _DID.search(line)) and not ASKS.match(line)
