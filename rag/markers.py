"""The markers that models write for their sources, and where code stands, which has none.

`[1]`, `[1, 2]`, `[1-3]`, `[^1]`, `[Source 1]`, `[S1]`, `(Source 1)`, `【1†source】` and `¹`.
Every repetition is bounded, so that what is held back of a stream is too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.domain import Span

WIDEST_RANGE = 16  # sources
LONGEST_MARKER = 450  # characters
LONGEST_INLINE_CODE = 300

_NAMES = "sources source quellen quelle fuentes fuente"  # also in round brackets
_SHORT_NAMES = "documents document docs doc refs ref src"
_LINKS = "and et und y"


def _any_of(words: str) -> str:
    return "(?:" + "|".join(words.split()) + ")"


def _beginning_of_any(words: str) -> str:
    """A pattern for any beginning of the words, the empty one included."""
    beginnings = {word[:length] for word in words.split() for length in range(len(word) + 1)}
    return "(?:" + "|".join(sorted(beginnings, key=len, reverse=True)) + ")"


# No source has the number 0: `x[0]` and the interval `[0, 1]` are the model's own words.
_NUMBER = r"0{0,2}[1-9]\d{0,2}"
_NAMED = rf"(?:\^|s(?=\d)|{_any_of(_NAMES + ' ' + _SHORT_NAMES)}[ \t]{{0,2}}[.:#]?[ \t]{{0,2}})?"
_LINK = rf"[ \t]{{0,2}}(?:[,;&–—-]|{_any_of(_LINKS)})[ \t]{{0,2}}"
_LIST = rf"{_NAMED}{_NUMBER}(?:{_LINK}{_NAMED}{_NUMBER}){{0,15}}"
_BRACKETED = (
    rf"(?P<space>[ \t]{{0,8}})(?i:\[(?P<square>{_LIST})\]"
    rf"|\((?P<round>{_any_of(_NAMES)}[ \t]{{0,2}}:?[ \t]{{0,2}}(?<=[\s:])"
    rf"{_NUMBER}(?:{_LINK}{_NUMBER}){{0,15}})\)"
    rf"|【(?P<lens>{_LIST})(?:†[^】\n]{{0,40}})?】)"
)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUPERSCRIPT = rf"(?P<raised>[{_RAISED}]{{1,3}}(?:[ ,]?[{_RAISED}]{{1,3}}){{0,7}})"
_MARKER = re.compile(f"{_BRACKETED}|{_SUPERSCRIPT}")
_FIGURES = str.maketrans(_RAISED, "0123456789")
_RANGE = re.compile(r"(\d+)[ \t]*[–—-][ \t]*(?:[^\d,;&]{0,12}?)(\d+)|(\d+)")

_WORDS = f"{_NAMES} {_SHORT_NAMES} {_LINKS} s"
_INSIDE = rf"(?:[\d,;&^.:# \t–—-]|{_any_of(_WORDS)}){{0,{LONGEST_MARKER}}}"
_MAY_BECOME_MARKER = re.compile(
    rf"[ \t]{{0,8}}(?i:[\[]{_INSIDE}(?:{_beginning_of_any(_WORDS)}|\])"
    rf"|\((?:{_any_of(_NAMES)}{_INSIDE}(?:{_beginning_of_any(_LINKS)}|\))|{_beginning_of_any(_NAMES)})"
    rf"|【[^】\n]{{0,{LONGEST_MARKER}}}】?)?\Z"
    rf"|[{_RAISED}][{_RAISED} ,]*+\Z"
)

# A superscript is a marker after a word, unless it may be an exponent or part of a formula.
_LETTER = rf"[^\W\d_{_RAISED}]"
_BEFORE_RAISED = re.compile(rf"(?:{_LETTER}+|(?:{_LETTER}{{3}}|[.!?…])[)\]]|[.,;:!?…\"'”’»])\Z")
_UNITS = (
    "metre metres meter meters mètre mètres mile miles pixel pixels px sec second seconds "
    "mm cm dm dam hm km nm µm um ft yd mi inch inches foot feet sq ha mol kg mg ms co no so nh ch "
    "ho po mc sin cos tan cot sec csc log ln exp chi phi psi rho tau eta lim cc"
)
_NEVER_BEFORE_RAISED = frozenset(_UNITS.split())
_AFTER_RAISED = "⁺⁻⁼⁽⁾ⁿ⁄/^"

# Code as Markdown has it: between two fences, or between runs of as many backticks on one line.
_CODE = re.compile(
    r"^ {0,3}```+[^`\n]*\n(?:(?! {0,3}```)[^\n]*\n)*+(?: {0,3}```+|[^\n]*\Z)"
    rf"|(?<!`)(`+)(?!`)[^\n]{{1,{LONGEST_INLINE_CODE}}}?(?<!`)\1(?!`)",
    re.MULTILINE,
)
_FENCE = re.compile(r"\s*(?:```+[^`\n]*|~~~+[^~\n]*)")
_BACKTICKS = re.compile(r"`+")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker as it was written: `space` goes before it, `inside` are its words and numbers.

    A `raised` one is a superscript: of its run of figures each may be a number of its own. After a
    `glued` one comes a round bracket, with which `[1]` would be a link.
    """

    span: Span
    space: str
    inside: str
    raised: bool
    glued: bool

    def numbers(self) -> list[int]:
        """The numbers it names, in its order, ranges written out; none for too wide a range."""
        if self.inside.isdecimal():
            return [int(self.inside)]
        found: list[int] = []
        for first, last, single in _RANGE.findall(self.inside):
            if single:
                found.append(int(single))
            elif 0 < int(last) - int(first) < WIDEST_RANGE:
                found += range(int(first), int(last) + 1)
        return found

    @property
    def is_range(self) -> bool:
        """Whether it names numbers by the first and the last only."""
        if self.inside.isdecimal():
            return False
        matches = _RANGE.findall(self.inside)
        return len(matches) == 1 and bool(matches[0][0])


def find_markers(text: str, part: Span, code: Sequence[Span]) -> Iterator[Marker]:
    """The markers in a part of a text, outside of its code."""
    for match in _MARKER.finditer(text, part.start, part.end):
        span = Span(*match.span())
        if is_within(match.start() + len(match["space"] or ""), code):
            continue
        glued = text.startswith("(", span.end)
        if match["raised"]:
            if _is_raised_marker(text, span):
                inside = match["raised"].translate(_FIGURES)
                yield Marker(span, "", inside, raised=True, glued=glued)
        elif not (match["square"] and glued):  # that is a link
            inside = match["square"] or match["round"] or match["lens"]
            yield Marker(span, match["space"], inside, raised=False, glued=glued)


def _is_raised_marker(text: str, span: Span) -> bool:
    line = text.rfind("\n", 0, span.start) + 1
    before = _BEFORE_RAISED.search(text, max(line, span.start - 40), span.start)
    if before is None or text[span.end : span.end + 1] in (*_AFTER_RAISED, *_RAISED):
        return False
    word = before.group()
    if not word[0].isalpha() or not word[-1].isalpha():
        return True
    short = len(word) == 1 or (len(word) == 2 and not word.islower())
    return not short and word.casefold() not in _NEVER_BEFORE_RAISED


def code_spans(text: str) -> list[Span]:
    """Where code stands in a text, in order."""
    return [Span(*match.span()) for match in _CODE.finditer(text)] if "`" in text else []


def is_fence(line: str) -> bool:
    """Whether a line only begins or ends code, as Markdown has it: "```python"."""
    return bool(_FENCE.fullmatch(line))


def is_within(position: int, spans: Sequence[Span]) -> bool:
    """Whether a position is in one of the spans, which are in order."""
    before = bisect_right(spans, position, key=lambda span: span.start) - 1
    return before >= 0 and position < spans[before].end


def settled_markers(text: str, code: Sequence[Span]) -> int:
    """Up to where nothing that may follow changes what is a marker in a text, and what is code."""
    waiting = _MAY_BECOME_MARKER.search(text, max(0, len(text) - LONGEST_MARKER))
    settled = waiting.start() if waiting else len(text)
    if code and code[-1].end == len(text) and "\n" not in text[code[-1].start :]:
        settled = min(settled, code[-1].start)  # its last run of backticks may be longer
    line = max(text.rfind("\n") + 1, len(text) - 2 * LONGEST_INLINE_CODE)
    for run in _BACKTICKS.finditer(text, line):
        may_close = len(text) <= run.end() + LONGEST_INLINE_CODE + len(run.group())
        at_end = run.end() == len(text)
        if at_end or (may_close and not is_within(run.start(), code)):
            return min(settled, run.start())
    return settled
