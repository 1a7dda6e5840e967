from __future__ import annotations

import csv
import io
import re

import pytest

from rag.domain import Document, DocumentState, Passage, Quote, Span, Verdict
from rag.drafts import CheckedClaim, Draft, read_draft
from ui.draft_reports import (
    DraftReport,
    Format,
    details,
    exported,
    paragraphs,
    render_paragraph,
    shown_quote,
    summary,
)

HOSTILE = "<img src=x onerror=alert(1)> & \"'"
DOCUMENT = Document(
    *("d1", "l1", f"{HOSTILE}.pdf", "A guide", "application/pdf", "00", 1),
    *(DocumentState.READY, "", 9, True),
)
TEXT = "# Boats\n\nThere are forty-one boats. There are\nno ferries.\n\n- All are blue.\n"
CLAIMS = ("There are forty-one boats.", "There are\nno ferries.", "All are blue.")
VERDICTS = (Verdict.SUPPORTED, Verdict.PARTLY, Verdict.UNSUPPORTED)


def quote(text: str) -> Quote:
    return Quote(DOCUMENT, 3, "iii", 5, 5 + len(text), text)


def claim(number: int, text: str, words: str, verdict: Verdict, said: str) -> CheckedClaim:
    start = text.index(words)
    passage = Passage(DOCUMENT, 3, "iii", 0, 90, said, (), 1.0, (1,))
    return CheckedClaim(
        *(number, Span(start, start + len(words)), " ".join(words.split()), verdict),
        *("" if verdict is Verdict.SUPPORTED else f"because {HOSTILE}", None, passage),
    )


@pytest.fixture
def report() -> DraftReport:
    checked = [
        claim(number, TEXT, words, verdict, HOSTILE)
        for number, (words, verdict) in enumerate(zip(CLAIMS, VERDICTS, strict=True), start=1)
    ]
    first = CheckedClaim(
        *(1, checked[0].span, checked[0].text, Verdict.SUPPORTED, "", quote(HOSTILE)),
        checked[0].nearest,
    )
    draft = Draft(TEXT, read_draft(TEXT).claims, 1)
    return DraftReport(draft, (first, *checked[1:]), f"{HOSTILE}.md", (DOCUMENT,))


def test_a_summary_counts_what_is_backed(report: DraftReport) -> None:
    assert summary(report) == "1 of 3 statements backed"
    assert not report.is_backed
    assert details(report) == [
        "1 is backed in part.",
        "1 line claims nothing (headings, questions, greetings).",
        f"Left out, because it is the text itself: {HOSTILE}.pdf.",
    ]


def test_a_text_without_statements_has_nothing_to_check() -> None:
    report = DraftReport(read_draft("# Boats"))
    assert summary(report) == "No statement to check"
    assert report.is_backed


def test_the_text_is_whole_in_paragraphs_and_each_claim_in_its_place(report: DraftReport) -> None:
    found = list(paragraphs(report))
    assert len(found) == 3
    whole = "\n\n".join("".join(text for text, _ in pieces) for pieces in found)
    assert whole == TEXT
    assert [
        (text, each.number) for pieces in found for text, each in pieces if each is not None
    ] == [(words, number) for number, words in enumerate(CLAIMS, start=1)]


def test_what_is_not_checked_yet_is_text(report: DraftReport) -> None:
    begun = DraftReport(report.draft, report.checked[:1])
    assert [len(pieces) for pieces in paragraphs(begun)] == [1, 3, 1]


def test_a_heading_is_one_and_words_are_escaped() -> None:
    assert render_paragraph([("## A <b>", None)], lambda words, _: words) == "<h3>A &lt;b&gt;</h3>"
    assert render_paragraph([("a <b> & c", None)], lambda words, _: words) == (
        "<p>a &lt;b&gt; &amp; c</p>"
    )
    assert render_paragraph([(" \n", None)], lambda words, _: words) == ""


def test_a_long_quote_is_cut_at_a_word() -> None:
    assert shown_quote(quote("words\n" * 300)).endswith(" words …")
    assert shown_quote(quote("two\nwords")) == "two words"


@pytest.mark.parametrize("form", ["md", "html"])
def test_no_markup_of_a_document_survives_an_export(report: DraftReport, form: Format) -> None:
    content = exported(report, form)
    assert "<img" not in content.replace("\\<img", "")
    assert "onerror" in content


def test_html_is_one_page_with_footnotes_that_loads_nothing(report: DraftReport) -> None:
    html = exported(report, "html")
    assert re.findall(r'<mark class="(\w+)"', html) == ["supported", "partly", "unsupported"]
    for number in (1, 2, 3):
        assert f'href="#note-{number}"' in html
        assert f'id="note-{number}"' in html
    assert "default-src 'none'" in html
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", html)
    assert "<script" not in html


def test_markdown_shows_words_as_they_are(report: DraftReport) -> None:
    text = exported(report, "md")
    assert "2. **partly backed**: There are no ferries." in text
    assert "> “\\<img src=x onerror=alert(1)\\> \\& \"'”" in text
    assert text.count("\n# ") == 0


def test_no_cell_is_a_formula() -> None:
    texts = ["=HYPERLINK(1) is here.", "+1 is one more.", "@all are here.", "-5%", "- an item."]
    draft = Draft("\n".join(texts), (), 0)
    report = DraftReport(
        draft,
        tuple(
            claim(number, draft.text, text, Verdict.SUPPORTED, "")
            for number, text in enumerate(texts, start=1)
        ),
    )
    content = exported(report, "csv")
    assert content.startswith("\ufeffid,claim,verdict,reason,quote,document,page,start,end")
    cells = [row["claim"] for row in csv.DictReader(io.StringIO(content.lstrip("\ufeff")))]
    expected = ["'=HYPERLINK(1) is here.", "'+1 is one more.", "'@all are here.", "-5%"]
    assert cells == [*expected, "'- an item."]
