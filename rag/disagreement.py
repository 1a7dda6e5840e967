"""Two passages that give different values for one thing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.amounts import amounts
from rag.contradiction import names_in
from rag.domain import Disagreement, Quote
from rag.folding import flowing, unaccented
from rag.languages import SMALL_WORDS, detect
from rag.periods import periods_of
from rag.quantities import Quantity, quantities, same
from rag.signs import telling
from rag.table_cells import TableRow, plain_cell, words_of
from rag.verification import Verifier

MOST_VALUES = 3  # of one kind in a quote: of more, nobody knows which belong together
MOST_PAIRS = 100
ALIKE, SHARED = 0.6, 0.3  # cosine without figures, and share of telling words in common
RELATED, AGAINST = 0.5, 0.7  # cosine, and what the judge says of one beside the other
SUBJECT_WORDS, LONGEST_SUBJECT = 7, 80  # words; characters
_FIGURE = re.compile(r"[$€£]?\d[\d.,  ]*%?")
_BARE = re.compile(r"[\d.,\s]+")
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
# "4.2 Notice period", "Section 7", which count no things
_NUMBERING = re.compile(
    r"(?:^|(?<=[.;:] ))\(?\d{1,3}(?:(?:\.\d{1,3})+[.)]?|[.)])\s+(?=[^\W\d_a-zß-ÿ])"
    r"|(?i:\b(?:section|article|clause|chapter|item|note|table|figure|annexe?|appendix|art\.|"
    r"chapitre|alinéa|abschnitt|artikel|kapitel|ziffer)|§+)\s*\d[\d.]*"
)
_SMALL = frozenset().union(*SMALL_WORDS.values())


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says, and a quote that says it; `besides`: another source's on the matter.

    `rows` are those of tables that the quote holds; there are none in prose.
    """

    claim: str
    quote: Quote
    besides: bool = False
    rows: tuple[TableRow, ...] = ()


def disagreements(statements: Sequence[Said], verifier: Verifier) -> tuple[Disagreement, ...]:
    """The things for which quotes of different pages give different values.

    Two quotes are about one thing if they say alike without their figures, of one period and under
    the same names; they disagree if each gives a value of one kind that the other has not. Rows of
    tables do if they have one label, and differ in a column of one head, of tables on one subject.
    """
    found: list[Disagreement] = []
    taken: set[Quote] = set()
    for one, other in itertools.islice(_pairs(statements), MOST_PAIRS):
        first, second = one.quote, other.quote
        if first in taken and second in taken:
            continue
        if one.rows and other.rows:
            difference = _in_tables(one, other)
        else:
            difference = _in_prose(one, other, verifier)
        if difference is None:
            continue
        taken |= {first, second}
        subject, value, against = difference
        found.append(Disagreement(subject, ((value, first), (against, second))))
    return tuple(found)


def _in_prose(one: Said, other: Said, verifier: Verifier) -> tuple[str, str, str] | None:
    """What two quotes differ on, and the value of each; at most one of them has rows."""
    values = _values(one.quote, other.quote)
    if values is None or not _is_one_thing(one, other, verifier):
        return None
    first, second, value = one.quote.text, other.quote.text, values[0]
    if one.rows or other.rows:
        if any(map(_BARE.fullmatch, values)):
            return None  # what a bare number counts, the head of its column says
        if one.rows:
            first, second, value = second, first, values[1]
    return _subject(first, second, value) or flowing(one.claim), *values


def _in_tables(one: Said, other: Said) -> tuple[str, str, str] | None:
    """What the rows of two quotes differ on, and the cell of each; in doubt nothing.

    Of several rows those are meant whose labels the claim names.
    """
    claimed = [each for said in (one, other) for each in amounts(said.claim, detect(said.claim))]
    named = words_of(one.claim) | words_of(other.claim)
    several = len(one.rows) > 1 or len(other.rows) > 1
    for mine, theirs in itertools.product(one.rows, other.rows):
        label = words_of(mine.label)
        if label != words_of(theirs.label) or _differ(set(mine.about), set(theirs.about)):
            continue
        if label and (label <= named or not several):
            difference = _in_cells(mine, theirs, claimed)
            if difference is not None:
                return difference
    return None


def _in_cells(
    mine: TableRow, theirs: TableRow, claimed: Sequence[Quantity]
) -> tuple[str, str, str] | None:
    """Cells below the same head, one of which is claimed, that give different values."""
    for head, cell in mine.cells:
        alike = [value for name, value in theirs.cells if words_of(name) == words_of(head)]
        if not words_of(head) or len(alike) != 1:
            continue
        value, against = plain_cell(cell), plain_cell(alike[0])
        a, b = amounts(value, None), amounts(against, None)
        if len(a) != 1 or len(b) != 1 or a[0].kind != b[0].kind or _is_near(a[0], b[0]):
            continue
        if any(_is_near(each, said) for each in (a[0], b[0]) for said in claimed):
            named = f"{plain_cell(mine.label)}, {plain_cell(head)}"
            return f"{mine.subject}: {named}" if mine.subject else named, value, against
    return None


def _pairs(statements: Sequence[Said]) -> Iterator[tuple[Said, Said]]:
    """What can disagree: quotes of different pages that bear out claims, each with the others.

    What another source has besides is only held against the claim that it was looked up for: two
    of these may disagree on what the answer says nothing about.
    """
    known: dict[tuple[Quote, str], Said] = {}
    for each in statements:
        known.setdefault((each.quote, each.claim if each.besides else ""), each)
    for one, other in itertools.combinations(known.values(), 2):
        first, second = one.quote, other.quote
        if (first.document.id, first.page) == (second.document.id, second.page):
            continue
        borne_out = not (one.besides or other.besides)
        if borne_out or (one.besides != other.besides and one.claim == other.claim):
            yield one, other


def _values(first: Quote, second: Quote) -> tuple[str, str] | None:
    """A value of each of two quotes that the other contradicts."""
    one, other = _unnumbered(flowing(first.text)), _unnumbered(flowing(second.text))
    mine, theirs = amounts(one, detect(one)), amounts(other, detect(other))
    for kind in dict.fromkeys(each.kind for each in mine):
        a = [each for each in mine if each.kind == kind]
        b = [each for each in theirs if each.kind == kind]
        if not b or max(len(a), len(b)) > MOST_VALUES:
            continue
        if not any(_is_near(x, y) for x in a for y in b):
            return _shown(one, a[0]), _shown(other, b[0])
    return None


def _unnumbered(text: str) -> str:
    """A text with spaces for the numbers of its sections."""
    return _NUMBERING.sub(lambda found: " " * len(found[0]), text)


def _is_near(one: Quantity, other: Quantity) -> bool:
    return same(one, other, loosely=True) or same(other, one, loosely=True)


def _shown(text: str, value: Quantity) -> str:
    return text[value.span.start : value.span.end].strip()


def _is_one_thing(one: Said, other: Said, verifier: Verifier) -> bool:
    first, second = flowing(one.quote.text), flowing(other.quote.text)
    if _differ(_periods(one), _periods(other)):
        return False
    if _differ(_names(one.claim), _names(other.claim)) or _differ(_names(first), _names(second)):
        return False
    words, others = telling(_without_values(first)), telling(_without_values(second))
    shared = len(words & others) / max(1, min(len(words), len(others)))
    if shared < SHARED:
        return False
    alike = verifier.similarity(_without_values(first), _without_values(second))
    if alike >= ALIKE:
        return True
    return alike >= RELATED and verifier.against(first, second) >= AGAINST


def _periods(statement: Said) -> set[str]:
    """The years that a quote speaks of, or its document's title where it names none."""
    quote = statement.quote
    own = {period for period in periods_of(quote.text) if period.isdigit()}
    title = f"{quote.document.title} {quote.document.name}"
    return own or {period for period in periods_of(title) if period.isdigit()}


def _names(text: str) -> set[str]:
    return {unaccented(name) for name in names_in(flowing(text))}


def _without_values(text: str) -> str:
    """A text without its quantities and figures."""
    for each in reversed(quantities(text)):
        text = f"{text[: each.span.start]} {text[each.span.end :]}"
    return _FIGURE.sub(" ", text)


def _differ(one: set[str], other: set[str]) -> bool:
    """Whether each of two sets has something of its own."""
    return bool(one - other) and bool(other - one)


def _subject(first: str, second: str, value: str) -> str:
    """The first quote without its value, or, if that is long, what both have in common."""
    sentence = flowing(first).strip(' .“”"|')
    if len(sentence) <= LONGEST_SUBJECT and value in sentence:
        return sentence.replace(value, "…", 1)
    common = telling(_without_values(second))
    words = [
        word
        for word in _WORD.findall(_without_values(flowing(first)))
        if unaccented(word) not in _SMALL and telling(word) & common
    ]
    return " ".join(dict.fromkeys(words[:SUBJECT_WORDS]))
