"""Picking the value of a field from passages without a language model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rag.domain import Passage, Quote
from rag.evidence import SentenceScorer
from rag.folding import flowing, fold
from rag.languages import SMALL_WORDS
from rag.polarity import denials
from rag.providers.reader import choose
from rag.quantities import quantities
from rag.verification import quote_of
from rag.whole.dates import dates_in
from rag.whole.schemas import Field, wrong_with
from rag.whole.values import find, numbers_of

SHORTEST_STEM, STEM = 3, 4  # letters by which a word is told
LEAST_HELD = 0.6  # of the words of a field, by the sentence that its number is taken from
CHOSEN = 0.3  # what a sentence that answers is preferred by
FEWEST_WORDS = 4  # with a number; what is shorter is a heading
FAR = 300  # characters from those words to a number that count as much as all of them
_NUMBER = re.compile(
    r"(?<![\w.,-])[$€£]?\s?(\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
    r"(?![\w-])"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "milliers": 1e3, "millions": 1e6}
_SCALES |= {"milliard": 1e9, "milliards": 1e9, "millionen": 1e6, "milliarden": 1e9}
_IN_PERCENT = re.compile(r"percent|%|prozent|pour cent", re.IGNORECASE)
_PERCENT = re.compile(r"\s*(?:%|percent|per cent|prozent|pour cent)", re.IGNORECASE)
_NEXT_WORD = re.compile(r"\s*[-–]?\s*([^\W\d_]+)")
_SMALL = frozenset(word for words in SMALL_WORDS.values() for word in words)
_WORD = re.compile(r"(?=\w*[^\W\d_])[^\W_]+")  # "7b" too, which tells one model from another


class Picker:
    """Picks values by the sentences that are nearest to what is looked for."""

    def __init__(self, scorer: SentenceScorer) -> None:
        """Take what measures sentences."""
        self._scorer = scorer

    def pick(self, field: Field, passages: Sequence[Passage]) -> tuple[Any, Quote] | None:
        """A value of the type of the field and the sentence it stands in; None where none fits."""
        sentences = self._scorer.score(field.asked, passages)
        texts = [passages[each.passage].text[each.span.start : each.span.end] for each in sentences]
        titles = {flowing(each.document.title).casefold() for each in passages}
        titles |= {flowing(head).casefold() for each in passages for head in each.heading}
        chosen = choose(field.asked, sentences, texts, titles)
        found: list[tuple[int, Any]] = [(at, _value(field, texts[at])) for at in chosen]
        if field.kind in ("number", "integer"):
            numbers = [
                (worth + sentences[at].similarity + CHOSEN * (at in chosen), at, value)
                for at, text in enumerate(texts)
                for worth, value in _numbers(field, text)
            ]
            found = [(at, value) for _, at, value in sorted(numbers, key=lambda it: -it[0])]
        for at, value in found:
            if value is not None and not wrong_with(value, field):
                sentence = sentences[at]
                return value, quote_of(passages[sentence.passage], sentence.span)
        return None


def _value(field: Field, text: str) -> Any:
    """What a sentence has of the type of a field that is no number."""
    if field.choices:
        said = [choice for choice in field.choices if find(str(choice), text) is not None]
        return said[0] if len(said) == 1 else None
    if field.is_date:
        days = [days for _, days in dates_in(text) if len(days) == 1]
        return next(iter(days[0])).isoformat() if days else None
    if field.kind == "boolean":
        return denials(text) % 2 == 0
    return flowing(text).strip(" |-*•")


def _numbers(field: Field, text: str) -> list[tuple[float, float | int]]:
    """The numbers of a sentence that may be a field's, each with how likely it is.

    The sentence has to speak of the field, in the words of its name or of its description, and a
    number that stands near them is likelier.
    """
    plain = fold(text).text
    words = [(match.start(), match.group()[:STEM]) for match in _WORD.finditer(plain)]
    said = {stem for _, stem in words}
    wanted = [_stems(field.label), _stems(field.description)]
    held = max((len(stems & said) / len(stems) for stems in wanted if stems), default=0.0)
    if held < LEAST_HELD or len(text.split()) < FEWEST_WORDS:
        return []
    asked = wanted[0] | wanted[1]
    places = [place for place, stem in words if stem in asked]
    in_percent = bool(_IN_PERCENT.search(field.asked))
    wants_year = bool({"year", "anne", "jahr"} & asked)
    found: list[tuple[float, float | int]] = []
    for start, value, after in _written(field, plain, text):
        is_year = value.is_integer() and bool(_YEAR.fullmatch(f"{value:.0f}"))
        if is_year != wants_year or bool(_PERCENT.match(after)) != in_percent:
            continue
        distance = min(abs(start - place) for place in places)
        number = int(value) if value.is_integer() else value
        found.append((held - distance / FAR, number))
    return found


def _stems(text: str) -> set[str]:
    words = _WORD.findall(fold(text).text)
    long = (word for word in words if len(word) >= SHORTEST_STEM or word[0].isdigit())
    return {word[:STEM] for word in long if word not in _SMALL}


def _written(field: Field, plain: str, text: str) -> list[tuple[int, float, str]]:
    """The numbers of a sentence: where each stands, what it is, and what follows it."""
    found = [
        (match.start(), _scaled(match[1], plain[match.end() :], field), plain[match.end() :])
        for match in _NUMBER.finditer(plain)
    ]
    if found:
        return found
    return [
        (each.span.start, each.readings[0][0] / each.worth, text[each.span.end :])
        for each in quantities(text)
        if each.spelled
    ]


def _scaled(figures: str, after: str, field: Field) -> float:
    """What figures stand for, with the word for thousands or millions behind them."""
    readings = numbers_of(figures)
    value = max(readings) if re.fullmatch(r"\d{1,3}([.,])\d{3}", figures) else min(readings)
    word = _NEXT_WORD.match(after)
    scale = _SCALES.get(word[1], 1.0) if word else 1.0
    said = {name for name in _SCALES if name in field.asked.lower()}
    return value if said else round(value * scale, 6)
