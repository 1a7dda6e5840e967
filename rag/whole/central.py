"""The sentences that say most of a document, chosen without a language model.

A sentence counts by how near it is to the whole document in meaning (centroid-based extraction,
Radev et al. 2004), by how much the document uses its words (SumBasic, Nenkova and Vanderwende
2005), and by where it stands; of two that say the same the better one is taken (maximal marginal
relevance, Carbonell and Goldstein 1998), and none from a section that has given its share.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from rag.domain import Document, Passage, Quote, Span, TextDelta
from rag.folding import flowing
from rag.languages import SMALL_WORDS
from rag.protocols import Vectors
from rag.sentences import split_sentences
from rag.store.catalog import Catalog
from rag.store.places import ChunkedPage
from rag.verification import quote_of
from rag.whole.pages import pages_of
from rag.whole.resources import Resources
from rag.whole.sheet import Sheet

FEWEST, MOST = 5, 10  # quotes of one document
FEWEST_OF_SET, MOST_OF_SET = 1, 4  # quotes of one document of several
MOST_DOCUMENTS = 40  # of a set that are quoted
MOST_MEASURED = 500  # sentences of a document whose meaning is compared
QUOTES_A_ROOT = 0.6  # of the number of sentences: 5 of 70, 8 of 180, 10 of 280
SHORTEST_WORDS, LONGEST_WORDS = 8, 60
LONGEST_CHARACTERS = 420
MEANING, WORDS, PLACE, TITLED, FIGURES = 1.0, 0.8, 0.4, 0.3, 0.15
LEANS_ON_OTHERS, REFERS, HEDGES = 0.5, 0.8, 0.2
SAYS_WHAT_IT_IS, SAYS_WHAT_HAPPENED = 0.35, 0.25
FIRST_WORDS = 8  # of a sentence, where its subject is
SHORTEST_TELLING = 20  # characters of a sentence in a script that parts no words
USUAL_WORDS, TOO_LONG = 25, 0.01  # what each word more takes away
MOST_EARLY = 2.5  # times the place: what a long document is about stands in its first part
LEAD, LEADING = 0.4, 12  # what the first sentence gets more, and the twelfth no longer
REGIONS = 12  # of a document, each of which counts as a section
REPEATS = 0.9  # how much being like a sentence that is taken counts against one
SAME, OUTDONE = 0.9, 2.0  # from how alike on nothing is said anew, and what that counts
SAME_SECTION = 0.25  # what each sentence taken from its section counts against one
PLAIN_LETTERS = 0.6  # of a sentence's words that are lower-case words
LEFT_OUT = "{count} more documents are not quoted here: name those that matter to you."

_WORD = re.compile(r"[^\W\d_][^\W\d]*")
_FIGURE = re.compile(r"\d")
_ENDS = re.compile(r"[.!…。！।][\"'”’»)\]]*$")
_LEANS = re.compile(
    r"(?:this|these|that|those|it|they|he|she|his|her|its|their|such|however|therefore|thus|also|"
    r"but|and|or|so|then|moreover|furthermore|in addition|for example|as a result|the (?:latter|"
    r"former|following|above)|ce|cet|cette|ces|il|elle|ils|elles|cela|celui|celle|mais|donc|ainsi|"
    r"toutefois|cependant|or|en effet|par exemple|dieser?|diese[ms]?|er|sie|es|aber|jedoch|daher|"
    r"este|esta|estos|pero|sin embargo|(?:some|most|many|all|each|one|two|three|both|none|several) "
    r"(?:of )?(?:them|these|those|three|two)|the others?|others|all (?:two|three|four)|both|"
    r"un(?:e)? (?:second|deuxième|troisième|autre)e?|les (?:uns|unes|autres|deux|trois))\b",
    re.IGNORECASE,
)
_LEANS_EARLY = re.compile(
    r"^(?:\S+\s+){1,5}?(?:this|these|those|such|above|aforementioned|ce|cet|cette|ces|dieser?|"
    r"diese[ms]?)\b",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"\b(?:see|refer to|set forth|incorporated (?:herein )?by reference|pursuant to|voir|"
    r"conformément à|siehe|gemäß)\b|\bindicate by\b|\bnotes? \d+|\bforward-looking\b",
    re.IGNORECASE,
)
_HEDGES = re.compile(r"\b(?:could|may|might|pourrai(?:t|ent)|könnten?|podrían?)\b", re.IGNORECASE)
_IS = re.compile(
    r"^(?:\S+\s+){1,7}?(?:is|are|was|were|est|sont|ist|sind|es|son|è|sono|é|são)\s+(?:now\s+)?"
    r"(?:an?|the|one|incorporated|founded|un|une|le|la|les|des|l['’]\S+|eine?|der|die|das|el|los|una|il|o|um|uma)\b"
    r"|\b(?:describes?|announced|reports?|agrees?|décrit|présente|beschreibt)\b",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"\b(?:increased|decreased|grew|declined|rose|fell|announced|completed|agreed|approved|decided|"
    r"elected|ratified|designated|appointed|concluded|launched|released|acquired|found that|shows?|"
    r"must|shall|augment\w+|diminu\w+|annonc\w+|approuv\w+|décid\w+|publi\w+|doi(?:t|vent)|montre|"
    r"stieg|sank|beschloss\w*|muss|müssen|aumentó|disminuyó|aprobó)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"^(?:[-*•▪●◦]\s+)?[\"'“«„(]?[^\W\d_]")
_NO_PROSE = re.compile(r"[☐☒☑□■]|\.{4,}|_{3,}|https?://|(?i:by check mark|^item \d)")
_SMALL = frozenset(word for words in SMALL_WORDS.values() for word in words)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence that could be quoted.

    `place` is where it stands, from 1 down to 0 at the end of the document, and `rank` how many
    come before it. It `leads` its section, or `answers` the question that stands before it.
    """

    page: Passage
    span: Span
    text: str
    section: tuple[str, ...]
    leads: bool
    place: float
    rank: int
    answers: bool

    @property
    def quote(self) -> Quote:
        return quote_of(self.page, self.span)


def quote_central_sentences(
    documents: Sequence[Document], resources: Resources, sheet: Sheet
) -> Generator[TextDelta, None, str]:
    """Add the sentences of each document that say most, as quotes; return what to say of it."""
    several = len(documents) > 1
    for document in documents[:MOST_DOCUMENTS]:
        quotes = central_quotes(document, resources, of_set=several)
        if several and quotes:
            yield from sheet.say("\n\n" * bool(sheet.text) + f"**{document.title}**")
        for quote in quotes:
            yield from sheet.quote("\n- " if sheet.text else "- ", quote)
    left = len(documents) - MOST_DOCUMENTS
    return LEFT_OUT.format(count=left) if left > 0 else ""


def central_quotes(
    document: Document, resources: Resources, *, of_set: bool = False
) -> list[Quote]:
    """The sentences that say most of a document, in the order in which they stand there."""
    pages = pages_of(resources.catalog, document)
    sections = _sections(resources.catalog, document, pages)
    found = _sentences(pages, sections) or _sentences(pages, sections, of_any_kind=True)
    if not found:
        return []
    by_words = _by_words(found)
    chosen = sorted(range(len(found)), key=lambda at: -by_words[at] - PLACE * found[at].place)
    kept = sorted(chosen[:MOST_MEASURED])
    measured = [found[at] for at in kept]
    vectors = resources.scorer.vectors([each.text for each in measured])
    scores = _scores(measured, vectors, [by_words[at] for at in kept], document, resources)
    fewest, most = (FEWEST_OF_SET, MOST_OF_SET) if of_set else (FEWEST, MOST)
    count = min(most, max(fewest, round(QUOTES_A_ROOT * math.sqrt(len(found)))))
    taken = _spread(measured, vectors, scores, count)
    return [measured[at].quote for at in sorted(taken)]


def _sections(
    catalog: Catalog, document: Document, pages: Sequence[Passage]
) -> dict[int, ChunkedPage]:
    scope = catalog.scope(document.library_id, frozenset({document.id}))
    found = catalog.chunked_pages([(document.id, page.page) for page in pages], scope)
    return {number: page for (_, number), page in found.items()}


def _sentences(
    pages: Sequence[Passage], sections: dict[int, ChunkedPage], *, of_any_kind: bool = False
) -> list[_Sentence]:
    """The sentences of running text, each with the first headings it stands under."""
    found: list[_Sentence] = []
    section: tuple[str, ...] = ()
    total = sum(len(page.text) for page in pages)
    before = 0
    for page in pages:
        chunks = sections[page.page].chunks if page.page in sections else ()
        asked = False
        for span in split_sentences(page.text):
            text = flowing(page.text[span.start : span.end])
            answers, asked = asked, text.endswith(("?", "？"))
            if not (_tells(text) if of_any_kind else _is_running(text)):
                continue
            at = (it.chunk for it in chunks if it.chunk.start <= span.start < it.chunk.end)
            heading = next((chunk.heading[:2] for chunk in at), section)
            leads = heading != section or not found
            section = heading
            place = 1 - (before + span.start) / total
            found.append(_Sentence(page, span, text, section, leads, place, len(found), answers))
        before += len(page.text)
    return found


def _is_running(text: str) -> bool:
    """Whether a text is a sentence that can stand for itself, and no heading, row or form."""
    words = text.split()
    if not SHORTEST_WORDS <= len(words) <= LONGEST_WORDS or len(text) > LONGEST_CHARACTERS:
        return False
    if not _ENDS.search(text) or not _BEGINS.match(text) or _NO_PROSE.search(text) or "|" in text:
        return False
    plain = sum(bool(_WORD.match(word)) and word[0].islower() for word in words)
    return not text[0].islower() and plain >= PLAIN_LETTERS * len(words)


def _tells(text: str) -> bool:
    """Whether a text is a sentence of whatever script, or a line with words."""
    letters = sum(letter.isalpha() for letter in text)
    return SHORTEST_TELLING <= len(text) <= LONGEST_CHARACTERS and letters >= 0.5 * len(text)


def _content(text: str) -> set[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return {word[:6] for word in words if len(word) > 3 and word not in _SMALL}


def _by_words(sentences: Sequence[_Sentence]) -> list[float]:
    """How much the document uses the words of each sentence, 0 to 1."""
    words = [_content(each.text) for each in sentences]
    counts = Counter(word for each in words for word in each)
    raw = [
        math.fsum(math.log(1 + counts[word]) for word in each) / (len(each) + 4) for each in words
    ]
    top = max(raw) or 1.0
    return [value / top for value in raw]


def _scores(
    sentences: Sequence[_Sentence],
    vectors: Vectors,
    by_words: Sequence[float],
    document: Document,
    resources: Resources,
) -> list[float]:
    centre = vectors.mean(axis=0)
    meaning = vectors @ (centre / (np.linalg.norm(centre) or 1.0))
    titled = vectors @ resources.scorer.vectors([document.title])[0]
    named = _content(document.title)
    early = min(MOST_EARLY, 0.5 + len(sentences) / MOST_MEASURED * MOST_EARLY)
    return [
        MEANING * float(meaning[at])
        + WORDS * by_words[at]
        + PLACE * (early * each.place**3 + 0.5 * each.leads)
        + LEAD * max(0.0, 1 - each.rank / LEADING)
        + TITLED * float(titled[at])
        + _manner(each, named)
        for at, each in enumerate(sentences)
    ]


def _manner(sentence: _Sentence, named: set[str]) -> float:
    """How well a sentence is made to be quoted; `named` are the words of the document's title."""
    text = sentence.text
    leans = bool(_LEANS.match(text)) or sentence.answers
    worth = FIGURES * bool(_FIGURE.search(text)) - LEANS_ON_OTHERS * leans
    worth -= LEANS_ON_OTHERS / 2 * bool(_LEANS_EARLY.match(text))
    worth -= TOO_LONG * max(0, len(text.split()) - USUAL_WORDS)
    worth -= REFERS * bool(_REFERS.search(text)) + HEDGES * bool(_HEDGES.search(text))
    worth += SAYS_WHAT_HAPPENED * bool(_HAPPENED.search(text))
    subject = " ".join(text.split()[:FIRST_WORDS])
    if _IS.match(text) and named & _content(subject):
        worth += SAYS_WHAT_IT_IS * sentence.place
    return worth


def _spread(
    sentences: Sequence[_Sentence], vectors: Vectors, scores: Sequence[float], count: int
) -> list[int]:
    """The best sentences that neither repeat one another nor crowd one section."""
    taken: list[int] = []
    given: Counter[tuple[str, ...]] = Counter()
    places = [(*each.section, str(int(each.place * REGIONS))) for each in sentences]
    like = np.zeros(len(sentences), dtype=np.float32)
    while len(taken) < min(count, len(sentences)):
        worth = [
            score
            - REPEATS * max(0.0, float(like[at]))
            - OUTDONE * (like[at] > SAME)
            - SAME_SECTION * given[places[at]]
            for at, score in enumerate(scores)
        ]
        best = max((at for at in range(len(worth)) if at not in taken), key=worth.__getitem__)
        taken.append(best)
        given[places[best]] += 1
        like = np.maximum(like, vectors @ vectors[best])
    return taken
