"""What the command line says to people: answers and lists on stdout, progress on stderr."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePath

from rich.console import Console
from rich.table import Table

from ingest.attachments import harmless
from rag.batch import Row
from rag.doctor import Finding, Level
from rag.domain import Answer, Citation, Document, DocumentState, Passage, Rewritten, Span
from rag.evidence import Sentence
from rag.folding import flowing
from rag.intake import Estimate
from rag.store.derived import DERIVED
from ui.evidence import against_bar, percent
from ui.hints import runnable
from ui.pages import page_words

WIDTH = 96
EXCERPT_CHARACTERS = 400
LEAST_SHOWN = 0.005  # of a score
LEAST_DOLLARS = 0.01
WORDS_ONLY = "words only"  # as long as it has not all its vectors
MARKS = {Level.GOOD: "ok", Level.NOTE: "note", Level.WRONG: "WRONG"}
STATES = {
    DocumentState.READY: "ready",
    DocumentState.PARTIAL: "partly read",
    DocumentState.NEEDS_OCR: "needs OCR",
    DocumentState.EMPTY: "empty",
    DocumentState.NEEDS_PASSWORD: "needs password",
    DocumentState.DAMAGED: "damaged",
    DocumentState.UNSUPPORTED: "unsupported",
    DocumentState.TOO_LARGE: "too large",
    DocumentState.FAILED: "failed",
}


def say(text: str) -> None:
    """Print for the reader of the output."""
    print(text)


def say_piece(text: str) -> None:
    """Print a piece of a text that goes on, at once."""
    print(text, end="", flush=True)


def tell(text: str) -> None:
    """Print beside the output how things go, without what could steer the terminal."""
    print(harmless(runnable(text)), file=sys.stderr)


def stop() -> None:
    """Let what is still buffered for a reader who has gone vanish quietly."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_row(row: Row) -> None:
    """Print a row as one line of JSON, at once; half a surrogate pair as its escape."""
    line = json.dumps(row, ensure_ascii=False)
    print(line.encode("utf-8", "backslashreplace").decode("utf-8"), flush=True)


def place(passage: Passage) -> str:
    """Where a passage stands, in words."""
    if not passage.document.paginated:
        return passage.document.name
    return f"{passage.document.name}, {page_words(passage.page, passage.label)}"


def say_answer(answer: Answer, needed: float) -> None:
    """Print what follows the streamed text: the quotes it cites, or the nearest pages.

    `needed` is the evidence below which the question was refused.
    """
    say("")
    for lines in cited(answer.citations):
        first, *more = lines.split("\n")
        say(_wrapped(first))
        for line in more:
            say(textwrap.indent(_wrapped(line, hang=0), "    "))
    if answer.refused and answer.nearest:
        say("Nearest pages:")
        for passage in answer.nearest:
            say(_wrapped(f"- {place(passage)}: {flowing(passage.text)[:160]}…"))
    if answer.refused:
        _tell_refused(answer, needed)
    if answer.notice:
        tell(f"\n{answer.notice}")


def _tell_refused(answer: Answer, needed: float) -> None:
    """Tell what was searched in vain, and the way to an answer where there is one left."""
    evidence = ""
    if answer.evidence is not None:
        evidence = f" (evidence {against_bar(answer, needed)})"
    lower = " With --bar 0 it is answered all the same." if needed > 0 and evidence else ""
    searched = f"Searched: {answer.question}{evidence}"
    tell(f"\n{searched}{'' if searched.endswith(('.', '?', '!')) else '.'}{lower}")


def tell_of_rows(failed: int, cut: int) -> None:
    """Tell how many rows of a batch have an error, and of how many the answer was cut off."""
    if failed:
        rows = (
            "1 row has an error: see its"
            if failed == 1
            else f"{failed} rows have an error: see their"
        )
        tell(f"{rows} field 'error'.")
    if cut:
        rows = (
            "1 row is not complete: see its"
            if cut == 1
            else f"{cut} rows are not complete: see their"
        )
        tell(f"{rows} field 'notice'.")


def tell_still_read(count: int) -> None:
    """Tell of a refused question that so many files could not be searched yet."""
    if not count:
        return
    files = "1 file was" if count == 1 else f"{count:,} files were"
    them = "it" if count == 1 else "them"
    read = f"`tramontane add` or `tramontane serve` has read {them}."
    tell(f"{files} not read yet. Ask again when {read}")


def cited(citations: Sequence[Citation]) -> list[str]:
    """Each source that is cited, with its quotes, a line each; none of them stands there twice."""
    places: dict[int, str] = {}
    quotes: dict[int, list[str]] = {}
    ids: dict[str, set[str]] = {}
    for citation in citations:
        ids.setdefault(citation.quote.document.name, set()).add(citation.quote.document.id)
    for citation in citations:
        quote = citation.quote
        page = f", {page_words(quote.page, quote.label)}" if quote.document.paginated else ""
        known = quote.document
        which = f" ({known.id})" if len(ids[known.name]) > 1 else ""
        places[citation.number] = f"{known.name}{which}{page}"
        said, text = quotes.setdefault(citation.number, []), flowing(quote.text)
        if not any(text in other for other in said):
            said[:] = [*(other for other in said if other not in text), text]
    numbers: dict[str, str] = {}
    for number, said in quotes.items():
        lines = f"{places[number]}: " + "\n".join(f"“{text}”" for text in said)
        numbers[lines] = f"{numbers.get(lines, '')}[{number}]"
    return [f"{shown} {lines}" for lines, shown in numbers.items()]


def tell_rewritten(rewritten: Rewritten, asked: str) -> None:
    """Tell the question as it is searched, its parts, and what else it is searched for."""
    if rewritten.question != asked or rewritten.parts:
        tell(f"Searched: {rewritten.question}")
    for part in rewritten.parts:
        tell(f"- {part}")
    tell_also(rewritten.also)


def tell_also(also: Sequence[str]) -> None:
    """Tell the phrases that a question is searched for besides its own words."""
    if also:
        tell(f"Also searched for: {'; '.join(also)}")


def tell_too_little(evidence: float, bar: float) -> None:
    """Tell that what was found answers nothing, most likely."""
    weighed = f"evidence {percent(evidence)}, needs {percent(bar)}"
    tell(f"Probably none of these answers the question ({weighed}).")


def say_passages(passages: Sequence[Passage], sentences: Sequence[Sentence]) -> None:
    """Print passages, best first; of a long one what is around its best sentence."""
    ranked = sorted(sentences, key=lambda sentence: sentence.similarity + sentence.coverage)
    best = {sentence.passage: sentence.span for sentence in ranked}
    for number, passage in enumerate(passages, start=1):
        heading = " › ".join(passage.heading)
        say(f"{number}. {place(passage)}{f' · {heading}' if heading else ''} ({_why(passage)})")
        text = excerpt(passage.text, best.get(number - 1, Span(0, 0)))
        say(textwrap.indent(_wrapped(text, hang=0), "   "))


def _why(passage: Passage) -> str:
    """The score of a passage, and what gave to it."""
    reasons = passage.reasons
    if reasons is None:
        return f"{passage.score:.3f}"
    kinds = (("words", reasons.words), ("meaning", reasons.meaning), ("title", reasons.title))
    parts = [f"{kind} {value:.2f}" for kind, value in kinds if value >= LEAST_SHOWN]
    return f"{passage.score:.3f}: {', '.join(parts)}" if parts else f"{passage.score:.3f}"


def excerpt(text: str, span: Span) -> str:
    """A text on one line; where it is long, the words around a span of it."""
    whole = flowing(text)
    if len(whole) <= EXCERPT_CHARACTERS:
        return whole
    at = len(flowing(text[: span.start]))
    room = max(0, EXCERPT_CHARACTERS - (span.end - span.start))
    start = min(max(0, at - room // 3), len(whole) - EXCERPT_CHARACTERS)
    end = start + EXCERPT_CHARACTERS
    if start > 0:
        start = whole.find(" ", start) + 1
    if end < len(whole):
        end = max(whole.rfind(" ", start, end), start + 1)
    before, after = "… " * (start > 0), " …" * (end < len(whole))
    return f"{before}{whole[start:end]}{after}"


def say_documents(documents: Sequence[Document]) -> None:
    """Print a table of documents, as wide as the terminal at most."""
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True)
    table.add_column("document", overflow="fold")
    table.add_column("title", overflow="fold")
    table.add_column("pages", justify="right", no_wrap=True)
    table.add_column("state", overflow="fold")
    for document in documents:
        state = STATES[document.state]
        if document.embedded < document.chunks:
            is_ready = document.state is DocumentState.READY
            state = WORDS_ONLY if is_ready else f"{state}, {WORDS_ONLY}"
        reason = f"{state}: {document.reason}" if document.reason else state
        pages = str(document.page_count) if document.paginated else ""
        stem = PurePath(document.name).stem.replace("-", " ").replace("_", " ")
        title = "" if document.title in (document.name, stem) else document.title
        table.add_row(document.id, document.name, title, pages, reason)
    width = None if sys.stdout.isatty() else 160
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)


def say_findings(findings: Sequence[Finding]) -> None:
    """Print what the doctor found."""
    for finding in findings:
        sentence = runnable(finding.sentence)
        say(_wrapped(f"{MARKS[finding.level]:<6} {finding.subject}: {sentence}", hang=7))


def report_findings(findings: Sequence[Finding], *, json: bool) -> None:
    """Print what was found, for people or for programs."""
    if not json:
        say_findings(findings)
        return
    for finding in findings:
        row = {"subject": finding.subject, "level": finding.level}
        say_row(row | {"sentence": runnable(finding.sentence)})


def tell_upkeep(orphans: int, mended: int, not_writable: Path | None) -> None:
    """Tell what a rebuild found: files of no document, wrong rows, no room for the indexes."""
    if mended:
        tell(f"Documents whose passages were counted or marked wrongly were mended: {mended}.")
    if orphans:
        tell(f"Stored files that no document had were deleted: {orphans}.")
    if not_writable is not None:
        tell(
            f"The folder {not_writable / DERIVED} cannot be written: the indexes are kept in "
            "memory only, and every command makes them again."
        )


def in_dollars(estimate: Estimate | None) -> str:
    """What an estimate comes to, in words."""
    if estimate is None or estimate.dollars is None:
        return "an unknown sum"
    return f"${estimate.dollars:,.2f}" if estimate.dollars >= LEAST_DOLLARS else "less than $0.01"


def in_words(estimate: Estimate) -> str:
    """What taking files in would take, in words."""
    pages = "1 page" if estimate.pages == 1 else f"{estimate.pages:,} pages"
    parts = [pages, f"{estimate.tokens:,} tokens to embed"]
    if estimate.ocr_pages:
        pages = "1 page" if estimate.ocr_pages == 1 else f"{estimate.ocr_pages:,} pages"
        parts.append(f"{pages} by OCR")
    parts.append(f"about {estimate.seconds:,.0f} s")
    parts.append(in_dollars(estimate) if estimate.dollars != 0 else "at no cost")
    return ", ".join(parts)


def _wrapped(text: str, hang: int = 4) -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
    )
