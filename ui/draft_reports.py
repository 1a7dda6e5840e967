"""What checking a draft found, in words and as files: Markdown, CSV and HTML."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from rag.domain import Document, Passage, Quote, Verdict
from rag.drafts import CheckedClaim, Draft, draft_row
from rag.folding import flowing
from ui.pages import page_words

Format = Literal["md", "csv", "html"]
MEDIA_TYPES: Mapping[Format, str] = {"md": "text/markdown", "csv": "text/csv", "html": "text/html"}
VERDICTS: Mapping[Verdict, str] = {
    Verdict.SUPPORTED: "backed",
    Verdict.PARTLY: "partly backed",
    Verdict.UNSUPPORTED: "not backed",
    Verdict.UNCITED: "not backed",
}
LONGEST_QUOTE = 600  # characters of a quote that are shown
UNTITLED = "The text"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[\d.,]+%?")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&]|^[-+]|^\d+[.)])")
_GAP = re.compile(r"\n[^\S\n]*\n\s*")
_HEADING = re.compile(r"(#{1,6})[ \t]+")
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2530; --soft: #5f6978; --paper: #fbfaf7;
  --line: #e5e1d8; --good: #dcefdf; --good-ink: #22633a; --warn: #fbeed6; --warn-ink: #8f5300; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ebf0; --soft: #9aa5b3; --paper: #12171e;
  --line: #2a3340; --good: #1c3527; --good-ink: #8fd3a6; --warn: #3a2d16; --warn-ink: #e5b566; } }
body { margin: 0 auto; max-width: 44rem; padding: 2.5rem 1.25rem; background: var(--paper);
  color: var(--ink); font: 17px/1.6 "Source Serif 4", Georgia, serif; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; }
h1, p, li { overflow-wrap: anywhere; } .text p, .text h3 { white-space: pre-wrap; }
.facts, .where, .why { font: 14px/1.5 system-ui, sans-serif; color: var(--soft); margin: .2em 0; }
mark { color: inherit; border-radius: 3px; padding: 1px 0; white-space: normal; }
mark.supported { background: var(--good); }
mark.partly { background: var(--warn); border-bottom: 2px dotted var(--warn-ink); }
mark.unsupported { background: var(--warn); border-bottom: 2px solid var(--warn-ink); }
sup a { font: 600 11px system-ui, sans-serif; color: inherit; text-decoration: none; }
ol { padding-left: 1.8em; border-top: 1px solid var(--line); padding-top: 1em; }
li { margin-bottom: 1em; } blockquote { margin: .3em 0; color: var(--soft); }
.verdict { font: 600 13px system-ui, sans-serif; color: var(--warn-ink); }
.verdict.supported { color: var(--good-ink); }
""".strip()


@dataclass(frozen=True, slots=True)
class DraftReport:
    """A draft under the name of its file, if it has one, and what checking it found so far.

    `own` are the documents left out because they are the draft itself.
    """

    draft: Draft
    checked: tuple[CheckedClaim, ...] = ()
    name: str = ""
    own: tuple[Document, ...] = ()

    @property
    def backed(self) -> int:
        """How many of its statements are backed."""
        return sum(claim.is_backed for claim in self.checked)

    @property
    def is_backed(self) -> bool:
        """Whether each statement that was checked is backed."""
        return self.backed == len(self.checked)


def summary(report: DraftReport) -> str:
    """How many statements are backed, in one line."""
    count = len(report.checked)
    if not count:
        return "No statement to check"
    statements = "statement" if count == 1 else "statements"
    return f"{report.backed:,} of {count:,} {statements} backed"


def details(report: DraftReport) -> list[str]:
    """What else is to be said of it: sentences."""
    said = []
    partly = sum(claim.verdict is Verdict.PARTLY for claim in report.checked)
    if partly:
        said.append(f"{partly:,} {'is' if partly == 1 else 'are'} backed in part.")
    passed = report.draft.passed_over
    if passed:
        lines = "1 line" if passed == 1 else f"{passed:,} lines"
        claims = "claims" if passed == 1 else "claim"
        said.append(f"{lines} {claims} nothing (headings, questions, greetings).")
    if report.own:
        names = ", ".join(dict.fromkeys(document.name for document in report.own))
        said.append(f"Left out, because it is the text itself: {names}.")
    return said


def place_of(found: Quote | Passage) -> str:
    """Where a quote or a passage stands, in words."""
    if not found.document.paginated:
        return found.document.name
    return f"{found.document.name}, {page_words(found.page, found.label)}"


def shown_quote(quote: Quote) -> str:
    """A quote on one line, not too long."""
    text = flowing(quote.text)
    if len(text) <= LONGEST_QUOTE:
        return text
    return f"{text[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …"


def exported(report: DraftReport, form: Format) -> str:
    """The whole report as a file of that format."""
    return {"md": _markdown, "csv": _csv, "html": _html}[form](report)


def paragraphs(report: DraftReport) -> Iterator[list[tuple[str, CheckedClaim | None]]]:
    """The text of a draft, paragraph by paragraph, in pieces: claims, and what is between them."""
    text, position = report.draft.text, 0
    paragraph: list[tuple[str, CheckedClaim | None]] = []
    for claim in (*report.checked, None):
        start = len(text) if claim is None else claim.span.start
        if start < position:
            continue
        before, *more = _GAP.split(text[position:start])
        paragraph.append((before, None))
        for piece in more:
            yield paragraph
            paragraph = [(piece, None)]
        if claim is not None:
            position = claim.span.end
            paragraph.append((text[start:position], claim))
    yield paragraph


def render_paragraph(
    pieces: Sequence[tuple[str, CheckedClaim | None]], mark: Callable[[str, CheckedClaim], str]
) -> str:
    """A paragraph as HTML; `mark` makes that of a claim, whose words are escaped already."""
    heading = _HEADING.match("".join(text for text, _ in pieces))
    inner = "".join(
        escape(text) if claim is None else mark(escape(text), claim) for text, claim in pieces
    )
    if not inner.strip():
        return ""
    if heading and inner.startswith(heading.group()):
        return f"<h3>{inner[heading.end() :].strip()}</h3>"
    return f"<p>{inner.strip()}</p>"


def _markdown(report: DraftReport) -> str:
    lines = [f"# {_plain(report.name or UNTITLED)}, checked", "", f"**{summary(report)}.**", ""]
    lines += [f"{' '.join(map(_plain, details(report)))}", ""] if details(report) else []
    for claim in report.checked:
        lines.append(f"{claim.number}. **{VERDICTS[claim.verdict]}**: {_plain(claim.text)}")
        if claim.reason:
            lines.append(f"   *{_plain(claim.reason)}*")
        if claim.quote is not None:
            lines += ["", f"   > “{_plain(shown_quote(claim.quote))}”", "   >"]
            lines.append(f"   > {_plain(place_of(claim.quote))}")
        elif claim.nearest is not None:
            lines += ["", f"   Nearest: {_plain(place_of(claim.nearest))}"]
        lines.append("")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", flowing(text))


def _csv(report: DraftReport) -> str:
    file = io.StringIO()
    file.write("\ufeff")  # without it, spreadsheets read another encoding
    names = ["id", "claim", "verdict", "reason", "quote", "document", "page", "start", "end"]
    table = csv.DictWriter(file, names)
    table.writeheader()
    for claim in report.checked:
        table.writerow({name: _cell(value) for name, value in draft_row(claim).items()})
    return file.getvalue()


def _cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _html(report: DraftReport) -> str:
    name = escape(report.name or UNTITLED)
    body = "".join(render_paragraph(pieces, _marked) for pieces in paragraphs(report))
    notes = "".join(map(_footnote, report.checked))
    said = "".join(f'<p class="facts">{escape(sentence)}</p>' for sentence in details(report))
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}, checked</title><style>{_STYLE}</style></head><body>"
        f'<h1>{name}</h1><p class="facts"><b>{escape(summary(report))}</b></p>{said}'
        f'<main class="text">{body}</main><h2>What the documents say</h2><ol>{notes}</ol>'
        "</body></html>\n"
    )


def _marked(words: str, claim: CheckedClaim) -> str:
    number = claim.number
    title = escape(": ".join(filter(None, [VERDICTS[claim.verdict], claim.reason])))
    return (
        f'<mark class="{claim.verdict}" title="{title}">{words}</mark>'
        f'<sup id="claim-{number}"><a href="#note-{number}">{number}</a></sup>'
    )


def _footnote(claim: CheckedClaim) -> str:
    verdict = f'<span class="verdict {claim.verdict}">{VERDICTS[claim.verdict]}</span>'
    why = f'<p class="why">{escape(claim.reason)}</p>' if claim.reason else ""
    where = ""
    if claim.quote is not None:
        where = (
            f"<blockquote>“{escape(shown_quote(claim.quote))}”</blockquote>"
            f'<p class="where">{escape(place_of(claim.quote))}</p>'
        )
    elif claim.nearest is not None:
        where = f'<p class="where">Nearest: {escape(place_of(claim.nearest))}</p>'
    back = f'<a href="#claim-{claim.number}">↑</a>'
    return f'<li value="{claim.number}" id="note-{claim.number}">{verdict} {back}{why}{where}</li>'
