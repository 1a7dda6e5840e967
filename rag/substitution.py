"""A question asked again, of another name, another time, or with another phrase in it."""

from __future__ import annotations

import re

from rag.domain import Span
from rag.questions import Period, Question, Token, read, span_at
from rag.wording import folded, words

NAME, CODE, ACRONYM = "name", "code", "acronym"
LONGEST_ACRONYM = 4
_NEXT_TO_ENTITY = words(
    "for at with by of from fur bei mit von pour chez avec de du para con di per voor van bij about"
)


def changed(rest: Question, earlier: Question) -> str:
    """The question before, with the names and times of this one in place of its own."""
    text = earlier.text
    if rest.periods:
        text = timed_anew(earlier, rest.periods[0], rest)
    for name in rest.names[:1]:
        now = read(text, earlier.wording)
        first = _token_before(rest, name)
        last = rest.names[-1]
        named = rest.text[name.start : last.end]
        if first and first not in _NEXT_TO_ENTITY and first in rest.wording.prepositions:
            text = phrase_swapped(read(rest.text[: last.end], rest.wording), now)
        else:
            text = named_anew(now, named)
    return text


def _token_before(question: Question, span: Span) -> str:
    keys = [token.key for token in question.tokens if token.end <= span.start]
    return next((key for key in reversed(keys) if key not in question.wording.articles), "")


def named_anew(earlier: Question, name: str) -> str:
    """The question about another name: in the place of one of its kind, or of the last."""
    if not earlier.names:
        return _appended(earlier, name)
    kinds = _kinds(name)
    alike = [span for span in earlier.names if _alike(_kinds(earlier.at(span)), kinds)]
    if NAME in kinds:  # "R&D" is what is asked of a company, not another one
        alike = alike or [each for each in earlier.names if ACRONYM not in _kinds(earlier.at(each))]
    place = (alike or list(earlier.names))[-1]
    label, _, code = earlier.at(place).rpartition(" ")
    if label and CODE in kinds and " " not in name and any(map(str.isdigit, code)):
        place = Span(place.end - len(code), place.end)  # "Fehler F3"
    name = re.sub(r"['’]s?$", "", name)
    return earlier.text[: place.start] + name + earlier.text[place.end :]


def _alike(one: set[str], other: set[str]) -> bool:
    return bool((one & other) - {CODE})


def _kinds(name: str) -> set[str]:
    """What names of one kind have in common: their label, or the letters of a code."""
    words = re.sub(r"['’]s?$", "", name).split()
    last = words[-1]
    if any(map(str.isdigit, last)):
        letters = re.sub(r"[\W\d_]", "", last)
        label = words[0] if len(words) > 1 else letters
        return {CODE, folded(label), folded(letters)} - {""}
    short = len(words) == 1 and last.isupper() and len(last) <= LONGEST_ACRONYM
    return {ACRONYM if short else NAME}


def timed_anew(earlier: Question, period: Period, rest: Question) -> str:
    """The question about another time: the year, the part of the year, or both."""
    if not earlier.periods:
        return _appended(earlier, rest.at(period.whole).strip())
    old = earlier.periods[-1]
    new = rest.at(period.core)
    place = old.core
    if period.year and not period.sub and old.sub and old.year:
        place = old.year
    elif period.sub and not period.year and old.sub:
        place = old.sub
    elif period.sub and not period.year and old.year:
        new = f"{new} {earlier.at(old.year)}"
    elif len(earlier.periods) > 1:
        place = Span(earlier.periods[0].core.start, old.core.end)
    return earlier.text[: place.start] + new + earlier.text[place.end :]


def phrase_swapped(rest: Question, earlier: Question) -> str:
    """The question before with "for landlords" in place of "for tenants"."""
    first = rest.tokens[0].key
    timed = [period.whole for period in earlier.periods]
    for token in reversed(earlier.tokens[1:]):
        if token.key == first and not span_at(timed, token.start):
            end = _phrase_end(earlier, token)
            return earlier.text[: token.start] + rest.bare + earlier.text[end:]
    return _appended(earlier, rest.bare)


def _phrase_end(question: Question, first: Token) -> int:
    wording = question.wording
    stops = wording.prepositions | wording.verbs
    timed = [period.whole for period in question.periods]
    end = first.end
    for token in question.tokens:
        if token.start <= first.start:
            continue
        if token.key in stops or "," in question.text[end : token.start]:
            break
        if span_at(timed, token.start):
            break
        end = token.end
    return end


def _appended(earlier: Question, addition: str) -> str:
    return f"{earlier.text.strip().rstrip('?!. ')} {addition}{mark(earlier.text)}"


def mark(text: str) -> str:
    """The question mark of a text, as its language sets it."""
    return " ?" if text.rstrip().endswith((" ?", "\u00a0?", "\u202f?")) else "?"
