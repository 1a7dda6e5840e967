"""Whether a line of a paragraph goes on in the next one, which begins with a capital or figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.abbreviations import leads_on
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
_DAY_AT_END = re.compile(  # "who took office on 3", "wurde am 3."; no "Page 3", no "May 3"
    rf"(?<![^\W\d_])(?!(?:page|p|seite|pagina|página|{MONTH})\b)[a-zà-ÿ]+\s(?:[1-9]|[12]\d|3[01])\.?\s*\Z"
)
_MONTH_AT_BEGIN = re.compile(
    rf"\s*(?:{MONTH})\b\.?(?:,?\s(?:\d{{4}}\b|[a-zà-ÿ])|\s*[.,;]|\s*\Z)", re.IGNORECASE
)
_DATE_AT_BEGIN = re.compile(  # no item of a list: "3. Mai 2021 eröffnet"
    rf"\s*(?:[1-9]|[12]\d|3[01])\.\s(?:{MONTH})\b", re.IGNORECASE
)
_FIGURE_AT_END = re.compile(
    r"[^\W\d_]\s[$€£]?\d[\d.,]*(?<![.,])\s*\Z"
)  # one, and no column of them
_LARGE_AT_END = re.compile(
    r"\d\s(?:thousand|million|billion|trillion|Tausend|Millionen|Milliarden|Mio\.|Mrd\.)\s*\Z"
)
_LEADING = (*"0123456789.", "thousand", "llion", "Tausend", "Millionen", "Milliarden")
# What is counted, as the end of a sentence, or with what follows a thing: "Crowns. The next".
_COUNTED_LAST = re.compile(r"\s*[^\W\d_]+[.;)]")
_COUNTED = re.compile(
    r"\s*[^\W\d_]+(?:[.,;)]|\s(?:in|for|from|of|by|and|or|per|to|with|für|von|und|im|pro|aus|zu)\b)"
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


def may_lead_on(line: str, following: str) -> bool:
    """Whether a line may surely belong to what was said before it: a glance at both ends."""
    return line.rstrip().endswith(_LEADING) or following.lstrip()[:1].isdigit()


def goes_further(line: str, following: str, said: Callable[[], str]) -> bool:
    """Whether a line surely belongs to what was said before it, however its words look.

    After an abbreviation that leads on, in the midst of a date, or as what a figure counts. `said`
    gives the sentence that the first line ends, or stands in.
    """
    if line.rstrip().endswith(".") and leads_on(line, following):
        return True
    if _DAY_AT_END.search(line) and _MONTH_AT_BEGIN.match(following):
        return True
    if _DATE_AT_BEGIN.match(following) and not _STOPPED.search(line):
        return _has_verb(said())
    is_large = _LARGE_AT_END.search(line)
    if not is_large and not _FIGURE_AT_END.search(line):
        return False
    counted = _COUNTED if is_large else _COUNTED_LAST
    return bool(counted.match(following)) and _has_verb(said())


def is_running(said: str) -> bool:
    """Whether what was said before a line is running text that has not come to its end."""
    return _has_verb(said) and not _STOPPED.search(said)


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
