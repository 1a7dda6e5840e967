"""What rules see in a claim and in the words of a text that carry it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.alignment import Nearest, align
from rag.amounts import amounts
from rag.contradiction import evidence_of, faults
from rag.denied import denies_otherwise
from rag.denied_around import is_denied_around
from rag.domain import Span
from rag.emphasis import plain, without_emphasis
from rag.folding import flowing, fold, unaccented
from rag.grids import is_in_table
from rag.languages import SMALL_WORDS, detect
from rag.numerals import SPELLED
from rag.periods import periods_of
from rag.polarity import generalised, opposed
from rag.ranks import is_ranked
from rag.refuted import refutation
from rag.sentences import split_sentences
from rag.stretched import added, overstated
from rag.trends import is_moved
from rag.wording import words as word_set
from rag.worked_out import has_worked_out

WINDOW_WORDS = 60
STEM = 5  # letters by which two forms of a word are compared
SHORTEST_QUOTE, MOST_ADDED = 4, 3  # words of a claim that is its evidence shortened
NOT_SAID = "the source does not say this"
_LIMITS = re.compile(
    r"no|not?n?|never|none|neither|nor|cannot|without|except\w*|unless|only|if|"
    r"may|might|could|some|"
    r"most|many|(?:ca|do|does|did|is|are|was|were|wo|has|have|should|must|could|would)n|"
    r"up|least|nearly|almost|about|partly|hardly|fail\w*|not|ne|pas|sans|sauf|si|peut|certains?|"
    r"certaines|plupart|aucune?|jamais|presque|environ|kein\w*|nicht|nie|niemals|keinesfalls|weder|ohne|ausser|wenn|kann|"
    r"manche|nunca|sin|salvo|puede|algunos"
)
_WORD = re.compile(r"[^\W_]+")
_PAUSE = re.compile(r"[,;:]\s")
_JOINING = word_set(
    "and or but et ou mais und oder aber y o pero compared versus vs against from contre"
)
_SMALL = frozenset().union(*SMALL_WORDS.values())
# Small words that say something, so that a claim that has one more is not its evidence shortened.
_MEANT = word_set(
    "after before during under over between all any more most other no not than without only "
    "apres avant pendant sous sur entre tout tous toute toutes deux plus moins sans depuis chez "
    "selon meme aussi nach vor unter uber zwischen mehr gegen antes desde sobre contra"
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What rules see in a claim and the words that carry it.

    `held` is the share of its telling words that the text has, `near` those of the evidence;
    `fault` is what it cannot carry, None where it could, and `stretched` what it only limits;
    `added` is a part of the claim that it has nothing of. Where no rule finds a fault, `figures`
    says that the claim has some, `worked_out` that one follows from others, `in_table` that all
    stand in their cells.
    """

    span: Span
    window: str
    verbatim: bool
    fault: str | None
    held: float
    near: float
    stretched: str
    added: str
    opposed: tuple[str, str] | None
    denied: bool
    generalised: str
    figures: bool
    worked_out: bool
    in_table: bool


def signs(
    claim: str, text: str, nearest: Nearest | None = None, context: str = "", table: str = ""
) -> Signs:
    """What rules see of a claim in a text that stands under a context.

    `table` is the text with its rows cell by cell below their heads, where these are known.

    Marks of emphasis are left out of all three before any rule reads them.
    """
    claim, context = without_emphasis(flowing(claim)), without_emphasis(context)
    stated = plain(text)
    text = stated.text
    found = align(claim, text, nearest)
    span = found.span
    carried = text[span.start : span.end]
    evidence = evidence_of(text, carried, span.start, context)
    read = window(claim, text, span)
    wanted = telling(claim)
    if wanted & telling(context) - telling(text):
        read = f"{context}: {read}"
    verbatim = _is_verbatim(claim, text)
    fault = "" if verbatim else next((each.reason for each in faults(claim, evidence)), "")
    if not verbatim and not fault:
        verbatim = _is_shortened(claim, text, span)
        fault = "" if verbatim else refutation(claim, text, table)
    held = _share(wanted, telling(f"{context} {text}"))
    strange = not found.found or (not held and detect(claim) in (None, evidence.language))
    return Signs(
        stated.original(span),
        read,
        verbatim,
        fault or (NOT_SAID if strange else None),
        held,
        _share(wanted, telling(f"{context} {carried}")),
        "" if verbatim or fault else _stretched(claim, text),
        "" if verbatim or fault else added(claim, text),
        opposed(claim, carried),
        denies_otherwise(claim, carried),
        generalised(claim, carried),
        bool(amounts(claim, detect(claim) or evidence.language) or periods_of(claim)),
        not (verbatim or fault) and has_worked_out(claim, text),
        not (verbatim or fault) and _is_in_table(claim, text, table or text),
    )


def _is_in_table(claim: str, text: str, table: str) -> bool:
    """Whether a table bears out what a claim says: its figures, its rank, or what rose or fell."""
    return is_in_table(claim, table) or is_ranked(claim, text) or is_moved(claim, text)


def _stretched(claim: str, text: str) -> str:
    """Why a text says a claim only in part, or less surely; empty where it does not."""
    found = overstated(claim, text)
    if found is None:
        return ""
    limit, said = found
    return f"the source says “{limit}”" if limit else f"the source does not say “{said}”"


def window(claim: str, text: str, span: Span) -> str:
    """Some 60 words around the span that carries a claim: what it is read beside.

    These are the span's sentences, those that hold what it lacks of the claim, and its neighbours,
    in their order.
    """
    sentences = _sentences(text)
    words = [telling(text[each.start : each.end]) for each in sentences]
    sizes = [len(text[each.start : each.end].split()) for each in sentences]
    chosen = [
        at for at, each in enumerate(sentences) if each.start < span.end and span.start < each.end
    ]
    if not chosen:
        return flowing(text[span.start : span.end])
    room = WINDOW_WORDS - sum(sizes[at] for at in chosen)
    missing = telling(claim).difference(*(words[at] for at in chosen))
    taken = set(chosen)
    rest = [at for at in range(len(sentences)) if at not in taken]
    rest.sort(key=lambda at: (-len(words[at] & missing), abs(at - chosen[0])))
    for at in rest:
        if sizes[at] <= room:
            room -= sizes[at]
            chosen.append(at)
    read = [sentences[at] for at in sorted(chosen)]
    return " ".join(flowing(text[each.start : each.end]) for each in read)


@lru_cache(maxsize=64)
def _sentences(text: str) -> tuple[Span, ...]:
    return tuple(split_sentences(text)) or (Span(0, len(text)),)


@lru_cache(maxsize=4096)
def telling(text: str) -> frozenset[str]:
    """The words of a text that tell something, by their first letters, and its figures."""
    found: set[str] = set()
    for word in _WORD.findall(unaccented(text)):
        if word[0].isdigit():
            found.add(word)
        elif len(word) > 2 and word not in _SMALL:
            found.add(word[:STEM])
    return frozenset(found)


def _share(wanted: frozenset[str], there: frozenset[str]) -> float:
    return len(wanted & there) / len(wanted) if wanted else 1.0


def _is_shortened(claim: str, text: str, span: Span) -> bool:
    """Whether a claim is its evidence with words left out, none of which denies or limits it."""
    carried = text[span.start : span.end]
    said = [unaccented(word) for word in _WORD.findall(claim)]
    there = [unaccented(word) for word in _WORD.findall(carried)]
    matching = difflib.SequenceMatcher(None, said, there, autojunk=False).get_matching_blocks()
    kept = {at for block in matching for at in range(block.a, block.a + block.size)}
    added = [word for at, word in enumerate(said) if at not in kept]
    if any(word not in _SMALL or word in _MEANT or _LIMITS.fullmatch(word) for word in added):
        return False
    if len(kept) < SHORTEST_QUOTE or len(said) - len(kept) > MOST_ADDED:
        return False
    used = {at for block in matching for at in range(block.b, block.b + block.size)}
    left_out = [at for at in range(min(used), max(used)) if at not in used]
    if any(_LIMITS.fullmatch(there[at]) for at in left_out):
        return False
    gaps = _gaps(left_out)
    if any(_is_clause(carried, there, gap) or _is_another(there, gap) for gap in gaps):
        return False
    places = [match.span() for match in _WORD.finditer(carried)]
    first, last = places[min(used)][0], places[max(used)][1]
    return not is_denied_around(text, span.start + first, span.start + last)


def _gaps(places: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of numbers that follow each other, as first and last."""
    found: list[tuple[int, int]] = []
    for at in places:
        if found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


def _is_clause(carried: str, there: Sequence[str], gap: tuple[int, int]) -> bool:
    """Whether words that were left out end one clause and begin another: a comma is among them."""
    first, last = gap
    spans = [match.span() for match in _WORD.finditer(carried)]
    inside = carried[spans[first][0] : spans[last][1]]
    bounded = carried[spans[last][1] :].lstrip()[:1] in (",", ")", ";")
    return bool(_PAUSE.search(inside)) and not bounded


def _is_another(there: Sequence[str], gap: tuple[int, int]) -> bool:
    """Whether words that were left out hold a figure besides the one before: "and 20 minutes"."""
    words = there[gap[0] : gap[1] + 1]
    return any(word in _JOINING for word in words) and any(
        word[0].isdigit() or word in SPELLED for word in words
    )


def _is_verbatim(claim: str, text: str) -> bool:
    said = fold(claim).text.strip(' .“”"»«')
    if not said:
        return False
    there = fold(text).text
    places = re.finditer(rf"(?<!\w){re.escape(said)}(?![\w%]|[.,]\d)", there)
    return any(not is_denied_around(there, *place.span()) for place in places)
