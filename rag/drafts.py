"""Checking a person's own text: each of its claims against the documents of a library."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from rag.claim_rows import Row, quote_row
from rag.claims import Statement, find_claims
from rag.domain import Document, Passage, Quote, Scope, Span, Verdict
from rag.errors import NotFoundError, QuestionError
from rag.evidence import Evidence
from rag.folding import encodable, flowing
from rag.languages import SMALL_WORDS
from rag.retrieval import LONGEST_QUESTION, Retriever
from rag.sentences import split_sentences
from rag.signs import NOT_SAID
from rag.store.catalog import Catalog
from rag.store.scopes import documents_in
from rag.verification import Checked, Verifier
from rag.wording import words

PASSAGES = 8
SILENT = "nothing in the documents speaks of this"
FAR_BELOW = 0.1  # of the bar, where a claim also has something that no passage has
STEPS_BACK = 3  # sentences that a pronoun is followed through
LONGEST_CONTEXT = 600  # characters of the sentence before that are searched with a claim
_OPENS = r"[\"“«(\s]*"
_ALONE = re.compile(  # stands for the subject of the sentence before
    rf"{_OPENS}(?P<pronoun>it|he|she|il|elle|er|es|ella|él)\b(?!['’-])",
    re.IGNORECASE,
)
_POINTING = re.compile(
    rf"{_OPENS}(?:(?:it|they|he|she|its|their|his|her|this|that|these|those|both|such|"
    r"the (?:former|latter|same)|"
    r"ils?|elles?|cela|ceci|ce|cet|cette|ces|celui-ci|celle-ci|leurs?|son|sa|ses|"
    r"er|sie|es|dies\w*|dessen|deren|ihre?[rmns]?|seine?[rmns]?|"
    r"él|ellos|ellas?|est[oae]s?|es[oae]s?|sus?)\b|c['’]est\b)",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:dear|hello|hi|hey|good (?:morning|afternoon|evening)|(?:kind|best|warm)(?:est)? "
    r"(?:regards|wishes)|regards|(?:yours )?(?:sincerely|faithfully|truly)|yours|cheers|"
    r"thank you|(?:many )?thanks|to whom it may concern|"
    r"bonjour|bonsoir|ch(?:er|ère)s?|madame|monsieur|salut|cordialement|"
    r"bien (?:à vous|cordialement)|sincères salutations|merci|"
    r"hallo|guten (?:tag|morgen)|liebe[rs]?|sehr geehrte[rs]?|"
    r"(?:mit )?(?:freundliche[nr]?|beste[nr]?|viele[nr]?|liebe[nr]?) grü(?:ße|ßen|sse|ssen)|danke|"
    r"hola|estimad[oa]s?|querid[oa]s?|un saludo|saludos|atentamente|gracias)\b",
    re.IGNORECASE,
)
LONGEST_GREETING = 8  # words
_PART = r"[A-Z0-9À-Þ][\w&.'’-]*"
_LINK = r"(?:of|de|du|des|d'|von|der|del|la|le|&|and the|for)"
_SUBJECT = re.compile(
    rf"(?:(?:The|Le|La|Les|L['’]|Der|Die|Das|El|Los|Las)\s*(?:[\w-]+\s){{0,3}}?)?"
    rf"{_PART}(?:\s(?:{_LINK}\s)?{_PART}){{0,5}}(?=\s|,)"
)
_OWNER = re.compile(r"['’]s?$")
_ARTICLES = words("the le la les der die das el los las")
_SMALL = frozenset().union(*SMALL_WORDS.values()) - _ARTICLES | words(
    "however moreover yet since before while although today then also both each here "
    "cependant toutefois ainsi seit laut jedoch desde segun"
)


@dataclass(frozen=True, slots=True)
class DraftClaim:
    """A claim of a draft, which stands at `draft.text[span.start:span.end]`.

    `said` are its words on one line; `text` is what is checked, below the line that introduces it
    and with its subject where that can be told; `context` is the sentence before that it leans on,
    empty where it stands by itself.
    """

    span: Span
    said: str
    text: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to be checked, its claims in order, and how many of its sentences claim nothing."""

    text: str
    claims: tuple[DraftClaim, ...]
    passed_over: int


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A claim of a draft as it was checked; `number` counts from 1.

    `reason` is a phrase wherever the verdict is not `supported`. `quote` is what the documents
    say of it, None where they say nothing; `nearest` is the passage that comes nearest, None only
    where there was none at all.
    """

    number: int
    span: Span
    text: str
    verdict: Verdict
    reason: str
    quote: Quote | None
    nearest: Passage | None

    @property
    def is_backed(self) -> bool:
        """Whether the documents say all of it."""
        return self.verdict is Verdict.SUPPORTED


def read_draft(text: str) -> Draft:
    """Find the claims of a text.

    Raises:
        QuestionError: it is empty.
    """
    text = encodable(text)
    if not text.strip():
        raise QuestionError("There is no text to check. Paste one, or choose a file with text.")
    reading = _Reading(text)
    found = [each for each in find_claims(text) if not _greets(each.text)]
    claims = tuple(reading.claim(statement) for statement in found)
    starts = [statement.span.start for statement in found]
    passed_over = sum(
        bisect_left(starts, each.end) == bisect_left(starts, each.start)
        for each in reading.sentences
    )
    return Draft(text, claims, passed_over)


def draft_row(claim: CheckedClaim) -> Row:
    """A checked claim as it is written out.

    Where nothing speaks of it, `document` and `page` are of what comes nearest.
    """
    where: Row = {"document": None, "page": None, "start": None, "end": None, "quote": ""}
    if claim.quote is not None:
        where = quote_row(claim.quote)
    elif claim.nearest is not None:
        document = claim.nearest.document
        where["document"] = document.name
        where["page"] = claim.nearest.page if document.paginated else None
    names = ("quote", "document", "page", "start", "end")
    found = {name: where[name] for name in names}
    said = {"claim": claim.text, "verdict": claim.verdict, "reason": claim.reason}
    return {"id": str(claim.number)} | said | found


class DraftChecker:
    """Checks the claims of drafts against what a library says."""

    def __init__(
        self, retriever: Retriever, verifier: Verifier, *, bar: float, passages: int = PASSAGES
    ) -> None:
        """Take who finds, who checks, and the evidence below which nothing speaks of a claim."""
        self._retriever = retriever
        self._verifier = verifier
        self._bar = bar
        self._passages = passages

    def check(self, draft: Draft, scope: Scope) -> Iterator[CheckedClaim]:
        """Check each claim of a draft, in order.

        Raises:
            NotFoundError: the library was deleted.
            ProviderError: the embedder's server failed.
        """
        before: Passage | None = None  # what carried the claim before this one
        for number, claim in enumerate(draft.claims, start=1):
            checked = self._check(number, claim, scope, before)
            yield checked
            before = checked.nearest if checked.is_backed else None

    def _check(
        self, number: int, claim: DraftClaim, scope: Scope, before: Passage | None
    ) -> CheckedClaim:
        span, said = claim.span, claim.said
        question = f"{claim.context} {claim.text}".strip()[:LONGEST_QUESTION]
        found = self._retriever.retrieve(question, scope, self._passages, widen=False)
        passages = list(found.passages)
        if before is not None and claim.context and before not in passages:
            passages.append(before)
        if not passages:
            return CheckedClaim(number, span, said, Verdict.UNSUPPORTED, SILENT, None, None)
        checked = self._verifier.check(claim.text, passages)
        if self._is_silent(checked, found.evidence):
            return CheckedClaim(number, span, said, Verdict.UNSUPPORTED, SILENT, None, passages[0])
        return _found(number, span, said, checked, passages[checked.at])

    def _is_silent(self, checked: Checked, evidence: Evidence) -> bool:
        """Whether nothing speaks of a claim; a source that says otherwise does speak of it."""
        if checked.verdict not in (Verdict.UNSUPPORTED, Verdict.UNCITED):
            return False
        bar = self._bar if checked.reason == NOT_SAID else self._bar * FAR_BELOW
        return evidence.is_below(bar, instructable=False)


def without_itself(
    catalog: Catalog, scope: Scope, *, name: str, sha256: str
) -> tuple[Scope, tuple[Document, ...]]:
    """A scope without the documents that are the draft's own file, and these documents.

    Those are the ones with its bytes, and those with its name: earlier versions of it.

    Raises:
        NotFoundError: nothing else is there to check it against.
    """
    allowed = documents_in(catalog, scope)
    own = tuple(each for each in allowed if each.sha256 == sha256 or (name and each.name == name))
    if not own:
        return scope, ()
    rest = frozenset(each.id for each in allowed if each not in own)
    if not rest:
        raise NotFoundError(
            f"The library holds nothing but {own[0].name} itself. Add the documents that it is to "
            "be checked against."
        )
    return Scope(scope.library_id, rest, scope.principal), own


def _found(number: int, span: Span, said: str, checked: Checked, passage: Passage) -> CheckedClaim:
    reason = "" if checked.verdict is Verdict.SUPPORTED else checked.reason
    verdict = Verdict.UNSUPPORTED if checked.verdict is Verdict.UNCITED else checked.verdict
    return CheckedClaim(number, span, said, verdict, reason, checked.quote, passage)


class _Reading:
    """The sentences of a text, and what a claim needs of those before it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.sentences = split_sentences(text)

    def claim(self, statement: Statement) -> DraftClaim:
        """A claim with its subject, and with the sentence that it leans on."""
        span, whole = statement.span, flowing(statement.text)
        said = flowing(statement.text.removeprefix(statement.lead))
        at = bisect_right(self.sentences, span.start, key=lambda each: each.start) - 1
        before = range(max(0, at - STEPS_BACK), at)
        if not before or not _POINTING.match(whole):
            return DraftClaim(span, said, whole)
        steps = [self._flowing(each) for each in before]
        anchor = next((each for each in reversed(steps) if not _POINTING.match(each)), steps[0])
        pronoun, subject = _ALONE.match(whole), _subject_of(anchor)
        if pronoun and subject:
            start, end = pronoun.span("pronoun")
            whole = f"{whole[:start]}{subject}{whole[end:]}"
        return DraftClaim(span, said, whole, anchor[:LONGEST_CONTEXT])

    def _flowing(self, at: int) -> str:
        sentence = self.sentences[at]
        return flowing(self._text[sentence.start : sentence.end])


def _greets(said: str) -> bool:
    """Whether a line opens or closes a letter, or is a name below it, and claims nothing."""
    count = len(said.split())
    if count > LONGEST_GREETING or said.rstrip().endswith(".") or any(map(str.isdigit, said)):
        return False
    return count == 1 or bool(_GREETING.match(said))


def _subject_of(sentence: str) -> str:
    """The name that a sentence begins with; empty where it begins with something else."""
    found = _SUBJECT.match(sentence)
    if not found:
        return ""
    name = _OWNER.sub("", found.group().rstrip(" ,"))
    first, *rest = name.casefold().split()
    return "" if first in _SMALL or (first in _ARTICLES and not rest) else name
