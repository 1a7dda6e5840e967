from __future__ import annotations

from dataclasses import replace

import pytest

from rag.domain import Document, DocumentState, Page, PageState
from rag.intake import Estimate, Job, Stage, Table, TableRow
from rag.store.trash import Kept
from ui.report import Report, page_runs, passages_words, render_report

DOCUMENT = Document(
    *("d1", "l1", "study.pdf", "A <study>", "application/pdf", "00", 2_100_000),
    *(DocumentState.PARTIAL, "Read, except 2 pages.", 16, True, 40, 12),
)


def page(number: int, state: PageState = PageState.TEXT, reason: str = "") -> Page:
    return Page(number, str(number), "words", 0, state, reason)


PAGES = [
    *(page(number) for number in range(1, 13)),
    page(13, PageState.OCR, "Read by tesseract."),
    page(14, PageState.FAILED, "The page is <damaged>."),
    *(page(number, PageState.NEEDS_OCR, "It is a picture.") for number in (15, 16)),
]


def row(*cells: str) -> TableRow:
    return TableRow(0, 1, cells)


def test_pages_that_ended_alike_stand_together() -> None:
    runs = [(run.first.number, run.last.number, run.state) for run in page_runs(PAGES)]
    assert runs == [
        (1, 12, PageState.TEXT),
        (13, 13, PageState.OCR),
        (14, 14, PageState.FAILED),
        (15, 16, PageState.NEEDS_OCR),
    ]
    assert page_runs([]) == []


def test_what_no_ocr_reads_says_so() -> None:
    said = "No OCR is at work here. Install tesseract"
    assert said in render_report(Report(DOCUMENT, PAGES, dollars_per_page=None))
    assert said not in render_report(Report(DOCUMENT, PAGES, dollars_per_page=0.0))
    assert said not in render_report(Report(DOCUMENT, PAGES[:13], dollars_per_page=None))


def test_what_held_it_besides_is_told() -> None:
    assert "It is also in ferry.eml." in render_report(
        Report(DOCUMENT, PAGES, also_in=["ferry.eml"])
    )
    assert "also in" not in render_report(Report(DOCUMENT, PAGES))


def test_where_no_ocr_is_at_work_only_pages_that_failed_can_be_read_again() -> None:
    html = render_report(Report(DOCUMENT, PAGES, dollars_per_page=None))
    assert 'aria-label="Read again: p. 14"' in html
    assert html.count('data-event="reread"') == 1


def test_a_report_sums_up_and_tells_each_run() -> None:
    html = render_report(Report(DOCUMENT, PAGES, state="s1"))
    assert "16 pages: 12 with text, 1 by OCR, 2 needing OCR, 1 failed" in html
    assert ">p. 1–12</button><span>text</span>" in html
    assert ">p. 13</button><span>OCR</span>" in html
    assert "Read by tesseract." in html
    assert "The page is &lt;damaged&gt;." in html
    assert "A &lt;study&gt;" in html
    assert "40 passages, found by words; 12 of them by meaning, too." in html
    assert "study.pdf, 2.1 MB." in html
    assert "Read, except 2 pages." in html
    assert 'data-report="d1" data-state="s1"' in html
    assert "<h3>Tables</h3>" not in html


def test_what_was_not_read_can_be_read_again() -> None:
    html = render_report(Report(DOCUMENT, PAGES))
    assert 'data-first="14" data-last="14" aria-label="Read again: p. 14"' in html
    assert 'data-first="15" data-last="16" aria-label="Read by OCR: p. 15–16"' in html
    assert html.count('data-event="reread"') == 2
    html = render_report(Report(DOCUMENT, PAGES, reading=frozenset({14})))
    assert 'aria-label="Read again: p. 14" aria-disabled="true"' in html
    assert "Reading…" in html
    long = [page(number, PageState.NEEDS_OCR) for number in range(1, 301)]
    html = render_report(Report(DOCUMENT, long))
    assert 'data-first="1" data-last="10" aria-label="Read 10 by OCR: p. 1–300"' in html


@pytest.mark.parametrize(
    ("dollars", "needing", "failed"),
    [
        (0.004, "Read by OCR, about $0.008", "Read again, at most $0.004"),
        (0.03, "Read by OCR, about $0.06", "Read again, at most $0.03"),
    ],
)
def test_reading_again_says_what_it_costs(dollars: float, needing: str, failed: str) -> None:
    html = render_report(Report(DOCUMENT, PAGES, dollars_per_page=dollars))
    assert f'aria-label="{needing}: p. 15–16"' in html
    assert f"<span>{needing}</span>" in html
    assert f"<span>{failed}</span>" in html
    assert "$" not in render_report(Report(DOCUMENT, PAGES))


@pytest.mark.parametrize(
    ("chunks", "embedded", "words"),
    [
        (0, 0, "No passages: nothing of it can be found."),
        (1, 1, "1 passage, found by words and by meaning."),
        (9, 0, "9 passages, found by words only."),
    ],
)
def test_passages_are_counted(chunks: int, embedded: int, words: str) -> None:
    assert passages_words(replace(DOCUMENT, chunks=chunks, embedded=embedded)) == words


def test_tables_are_listed_once_with_their_rows() -> None:
    header = ("Year", "Boats")
    tables = [
        Table(1, 3, "Fleet & crew", header, (row(*header), row("2021", "40"))),
        Table(1, 4, "Fleet & crew", header, (row("2022", "41"),)),
        Table(2, 7, "", header, (row(*header), row("2023", "42"))),
    ]
    html = render_report(Report(DOCUMENT, PAGES, tables))
    assert "<h3>Tables</h3><span>2</span>" in html
    assert 'data-page="3">Fleet &amp; crew</button><span>p. 3–4 · 2 rows</span>' in html
    assert 'data-page="7">Year, Boats</button><span>p. 7 · 1 row</span>' in html


def test_what_is_under_way_is_told_with_its_cost() -> None:
    estimate = Estimate(16, 9_000, 2, 0.06, 4.0)
    asks = Job(1, "l1", "study.pdf", "00", 9, Stage.CONFIRM, document_id="d1", estimate=estimate)
    html = render_report(Report(DOCUMENT, PAGES, job=asks))
    assert "waits for your word: about $0.06" in html
    assert 'data-event="confirm" data-id="1"' in html
    assert 'data-event="reread"' not in html


@pytest.mark.parametrize(
    ("embedded", "states", "said"),
    [
        (40, (PageState.TEXT, PageState.OCR), "Embedding and OCR cost about $0.06."),
        (12, (PageState.TEXT, PageState.OCR), "would cost about $0.06. A part of it was done."),
        (0, (PageState.TEXT, PageState.OCR), "would cost about $0.06. A part of it was done."),
        (40, (PageState.TEXT, PageState.NEEDS_OCR), "$0.06. A part of it was done."),
        (0, (PageState.NEEDS_OCR, PageState.NEEDS_OCR), "$0.06. None of it was done."),
    ],
)
@pytest.mark.parametrize("stage", [Stage.DONE, Stage.FAILED, Stage.CANCELLED])
def test_what_was_not_done_is_not_said_to_have_cost_anything(
    stage: Stage, embedded: int, states: tuple[PageState, PageState], said: str
) -> None:
    estimate = Estimate(2, 9_000, 1, 0.06, 4.0)
    job = Job(1, "l1", "study.pdf", "00", 9, stage, document_id="d1", estimate=estimate)
    document = replace(DOCUMENT, chunks=40, embedded=embedded)
    pages = [page(number, state) for number, state in enumerate(states, 1)]
    assert said in render_report(Report(document, pages, job=job))


def test_parts_and_labels_are_named_as_everywhere() -> None:
    text = replace(DOCUMENT, paginated=False, state=DocumentState.READY, reason="")
    html = render_report(Report(text, [page(1), page(2)]))
    assert "2 parts: 2 with text" in html
    assert ">parts 1–2</button>" in html
    preface = [replace(page(1), label="iv"), replace(page(2), label="v")]
    assert ">p. iv–v</button>" in render_report(Report(DOCUMENT, preface))


def test_a_file_without_pages_says_why() -> None:
    broken = replace(DOCUMENT, page_count=0, reason="It is <damaged>.", chunks=0, embedded=0)
    html = render_report(Report(broken, []))
    assert "It is &lt;damaged&gt;." in html
    assert 'data-event="show"' not in html


def test_an_earlier_version_says_when_it_was_replaced() -> None:
    noon = 1_795_348_800.0  # 2026-11-22, 12:00 UTC
    html = render_report(Report(DOCUMENT, PAGES, versions=[Kept(DOCUMENT, noon)]))
    assert ">replaced on 22 Nov 2026</button>" in html
