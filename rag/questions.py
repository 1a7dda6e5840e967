"""What a question names: things, people and documents by their names, and periods of time."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.domain import Span
from rag.wording import ENGLISH, GERMAN, Wording, folded, wording_of, words

_TOKEN = re.compile(r"[^\W_]+(?:[-.&/×][^\W_]+)*|§")
_INVERTED = re.compile(r"-(?:t-)?(?:il|elle|ils|elles|on|ce|je|nous|vous)$")
_YEAR = r"(?:fy ?|'?)?(?:19|20)\d\d|fy ?'?\d\d"
_MONTH = (
    "january|february|march|april|june|july|august|september|october|november|december|janvier|"
    "fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|januar|februar|"
    "marz|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|"
    "octubre|noviembre|diciembre"
)
_ORDINAL = (
    "first|second|third|fourth|premier|deuxieme|troisieme|quatrieme|1er|2e|3e|4e|ersten?|zweiten?|"
    "dritten?|vierten?|primer|segundo|tercer|cuarto|1st|2nd|3rd|4th|last"
)
_QUARTER = "quarter|half|trimestre|semestre|quartals?|halbjahre?s?"
_SUB = rf"[qht][1-4]|[1-4]q|(?:{_ORDINAL}) (?:fiscal )?(?:{_QUARTER})|(?:{_MONTH})"
_SUB += r"|(?:(?<=in )|(?<=of )|(?<=\d ))may\b|may(?= \d{4})"
_OPENING = (
    r"(?:(?:in|for|during|of|en|au|pour|im|am|fur|durante|del|de|from|nel|em|since|until)\s+)?"
    r"(?:(?:the|le|l'|das|dem|el|los|la)\s*)?"
    r"(?:(?:fiscal year|fiscal|financial year|year|jahre?|geschaftsjahr|annee|exercice|ano|"
    r"ejercicio|anno|jaar)\s+)?"
)
_LINK = r"\s+(?:(?:of|de|des|du|del)\s+)?(?:(?:the|fiscal|year|l'annee|jahres)\s+)*"
_RANGE = rf"(?:\s*(?:-|–|to|and|et|und|y|bis|a|e|en|or|through)\s*(?:in\s+)?(?:{_YEAR}))"
_PERIOD = re.compile(
    rf"(?<![\w-]){_OPENING}(?:(?:between|entre|zwischen|from|de|von)\s+)?"
    rf"(?P<core>(?:(?P<sub>{_SUB})(?:{_LINK}(?P<year>{_YEAR}))?|(?P<alone>{_YEAR})){_RANGE}?)(?!\w|[.,]\d)"
)
_LABELS = words(
    "article articles artikel articulo articolo artigo section clause chapter chapitre kapitel "
    "capitulo capitolo step etape schritt paso annex annexe anhang anexo schedule rule regel table "
    "tableau tabelle tabla figure item note § paragraph absatz model version page art sec recital"
)
_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)*[a-z]?")
_LEGAL = frozenset({"AG", "GmbH", "SE", "KG", "SA", "Inc", "Corp", "Ltd", "plc"})
_COMMON_GERMAN = re.compile(r"(?:ungen?|heit|keit|schaft|tion|tionen|tat|tum|nis|ment)$")
_BRIDGE = re.compile(r" (?:of|de|du|des|del|of the|de la) ")


@dataclass(frozen=True, slots=True)
class Token:
    """A word: as written, folded, and where it stands."""

    text: str
    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Period:
    """A time named: with its preposition, without, and the parts that can be changed alone."""

    whole: Span
    core: Span
    sub: Span | None
    year: Span | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is read."""

    text: str
    wording: Wording
    tokens: tuple[Token, ...]
    names: tuple[Span, ...]
    periods: tuple[Period, ...]

    def at(self, span: Span) -> str:
        """The text of a span."""
        return self.text[span.start : span.end]

    @property
    def content(self) -> tuple[Token, ...]:
        """The words that say what is asked: no name, no period, no small word."""
        timed = [period.whole for period in self.periods]
        return tuple(
            token
            for token in self.tokens
            if token.key not in self.wording.function
            and not _is_within(token, self.names)
            and not _is_within(token, timed)
        )

    @property
    def bare(self) -> str:
        """The text without its last mark."""
        return self.text.strip().rstrip("?!. \u00a0\u202f").lstrip("¿¡ ").strip()


def span_at(spans: Sequence[Span], position: int) -> Span | None:
    """The span that a character lies in, of some that are in order and apart."""
    before = bisect_right(spans, position, key=lambda span: span.start)
    return spans[before - 1] if before and position < spans[before - 1].end else None


@lru_cache(maxsize=256)
def read(text: str, fallback: Wording = ENGLISH, *, begins: bool = True) -> Question:
    """Read a question, in the other language if its own small words do not tell.

    Its first word is written with a capital for no other reason where it `begins` a sentence.
    """
    wording = wording_of(text, fallback)
    tokens = tuple(_tokens(text))
    periods = tuple(_periods(text))
    return Question(
        text, wording, tokens, tuple(_names(text, tokens, periods, wording, begins)), periods
    )


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        key = folded(match.group())
        inverted = _INVERTED.search(key)
        if inverted:
            cut = match.start() + inverted.start()
            tokens.append(_token(text, match.start(), cut))
            tokens.append(_token(text, cut + inverted.group().rindex("-") + 1, match.end()))
        else:
            tokens.append(_token(text, match.start(), match.end()))
    return tokens


def _token(text: str, start: int, end: int) -> Token:
    return Token(text[start:end], folded(text[start:end]), start, end)


def _periods(text: str) -> list[Period]:
    plain = folded(text)
    found: list[Period] = []
    for match in _PERIOD.finditer(plain):
        if not any(each.isdigit() for each in match["core"]) and match["core"] in ("mai", "march"):
            continue
        year = "year" if match["year"] else "alone"
        found.append(
            Period(
                Span(*match.span()),
                Span(*match.span("core")),
                Span(*match.span("sub")) if match["sub"] else None,
                Span(match.start(year), match.end("core")) if match[year] else None,
            )
        )
    return found


def _is_within(token: Token, spans: Sequence[Span]) -> bool:
    span = span_at(spans, token.start)
    return span is not None and token.end <= span.end


def _names(
    text: str,
    tokens: tuple[Token, ...],
    periods: tuple[Period, ...],
    wording: Wording,
    begins: bool,
) -> list[Span]:
    """Runs of tokens that look like names; a label with its number is one."""
    found: list[Span] = []
    run: list[Token] = []
    times = [period.core for period in periods]
    listed = False
    for position, token in enumerate(tokens):
        timed = _is_within(token, times)
        before = tokens[position - 1] if position else None
        listed = _is_listed(text[before.start if before else 0 : token.start], listed)
        touching = bool(run) and text[run[-1].end : token.start].strip() in ("", "&")
        if timed:
            joined = False
        elif touching and (_NUMBER.fullmatch(token.key) or token.text in _LEGAL):
            joined = True
        elif before is not None and before.key in _LABELS and _NUMBER.fullmatch(token.key):
            run, joined, touching = [before], True, True
        else:
            continues = listed or (bool(run) and touching)
            joined = _is_name(token, position, tokens, wording, continues, begins=begins)
        if not joined or not touching:
            _close(found, run)
            run = []
        if joined:
            run.append(token)
    _close(found, run)
    return _bridged(text, found)


def _is_listed(passed: str, before: bool) -> bool:
    """Whether what follows stands in brackets, given the text passed and whether that began so."""
    opened, closed = passed.rfind("("), passed.rfind(")")
    return before if opened == closed else opened > closed


def _close(found: list[Span], run: list[Token]) -> None:
    if run and (not found or found[-1].end <= run[0].start):
        found.append(Span(run[0].start, run[-1].end))


def _bridged(text: str, spans: list[Span]) -> list[Span]:
    """Names with "of" between them are one: "Bank of America"."""
    joined: list[Span] = []
    numbered = False  # the last of the joined
    for span in spans:
        last = joined[-1] if joined else Span(0, 0)
        between = text[last.end : span.start]
        has_digit = any(map(str.isdigit, text[span.start : span.end]))
        if joined and not numbered and text[last.start].isupper() and _BRIDGE.fullmatch(between):
            joined[-1] = Span(last.start, span.end)
        else:
            joined.append(span)
        numbered = has_digit
    return joined


def _is_name(
    token: Token,
    position: int,
    tokens: tuple[Token, ...],
    wording: Wording,
    follows: bool,
    *,
    begins: bool,
) -> bool:
    text = token.text
    if any(map(str.isdigit, text)):
        return any(map(str.isalpha, text)) and not re.fullmatch(
            r"\d+(?:st|nd|rd|th|er|e)", token.key
        )
    if not text[0].isupper():
        return any(map(str.isupper, text[1:]))
    if len(text) > 1 and text.isupper():
        return True
    if token.key in wording.function and not (follows and len(text) > 3):
        return False
    if position == 0 and (begins or wording is GERMAN):
        if len(tokens) == 1:
            return True
        after = tokens[1].text
        numbered = any(map(str.isdigit, after)) and any(map(str.isalpha, after))
        return after == "s" or numbered or (after[0].isupper() and wording is not GERMAN)
    if wording is GERMAN and not follows:
        before = tokens[position - 1]
        bare = before.key in wording.prepositions | wording.verbs | {"und", "oder", "vergleiche"}
        nominal = before.key in wording.articles | wording.owners
        legal = position + 1 < len(tokens) and tokens[position + 1].text in _LEGAL
        bare = bare or (before.text[0].islower() and before.text.endswith("t"))
        return legal or (bare and not nominal and not _COMMON_GERMAN.search(token.key))
    return wording is not GERMAN or not _COMMON_GERMAN.search(token.key)
