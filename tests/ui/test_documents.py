from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import pytest

from rag.domain import Document, DocumentState, Library
from rag.intake import Container, Estimate, Job, Stage
from ui.containing import reference
from ui.documents import STATE_WORDS, Shelf, are_running, render_documents, state_of


def document(state: DocumentState = DocumentState.READY, reason: str = "") -> Document:
    return Document(
        "d1", "l1", "a&b.pdf", "A & B", "application/pdf", "00", 9000, state, reason, 14, True
    )


def job(number: int, name: str, stage: Stage, outcome: str = "", of: str | None = None) -> Job:
    return Job(number, "l1", name, f"hash of {name}", 9000, stage, 0, 0, outcome, of)


def test_every_state_but_ready_has_a_word_for_it() -> None:
    assert set(STATE_WORDS) == set(DocumentState) - {DocumentState.READY}


def test_a_ready_document_can_be_left_out() -> None:
    html = render_documents(Shelf([document()], []))
    assert "1 chosen" in html
    assert "14 pages" in html
    assert 'role="checkbox" aria-checked="true"' in html
    assert "A &amp; B" in html
    html = render_documents(Shelf([document()], [], frozenset({"d1"})))
    assert "0 of 1 chosen" in html
    assert 'aria-checked="false"' in html


@pytest.mark.parametrize(
    ("states", "excluded", "words", "checked"),
    [
        ("rr", "", "all 2 chosen", "true"),
        ("rrs", "", "2 of 3 ready", "true"),
        ("rrs", "0", "1 of 2 chosen", "mixed"),
        ("rr", "01", "0 of 2 chosen", "false"),
    ],
)
def test_all_can_be_chosen_or_none(states: str, excluded: str, words: str, checked: str) -> None:
    documents = [
        replace(
            document(DocumentState.READY if state == "r" else DocumentState.NEEDS_OCR),
            id=str(number),
        )
        for number, state in enumerate(states)
    ]
    html = render_documents(Shelf(documents, [], frozenset(excluded)))
    assert words in html
    assert f'aria-checked="{checked}" data-event="every" aria-label="Ask all documents"' in html


def test_what_keeps_documents_from_being_asked_is_told_in_few_words() -> None:
    states = [
        *[DocumentState.READY] * 2,
        *[DocumentState.PARTIAL],
        *[DocumentState.NEEDS_OCR] * 3,
        *[DocumentState.NEEDS_PASSWORD, DocumentState.EMPTY, DocumentState.DAMAGED],
        *[DocumentState.TOO_LARGE],
    ]
    documents = [replace(document(state), id=str(id_)) for id_, state in enumerate(states)]
    reading = job(1, "scan.pdf", Stage.OCR, of="3")
    html = render_documents(Shelf(documents, [reading]))
    assert ">3 of 10 ready</span>" in html
    others = "1 being read, 2 need OCR, 1 needs a password, 1 without text, 2 failed"
    assert f'<p class="others">{others}</p>' in html
    assert "others" not in render_documents(Shelf(documents[:3], []))
    assert "others" not in render_documents(Shelf(documents[5:6], []))  # its row says it


def test_the_newest_document_comes_first() -> None:
    old, new = document(), replace(document(), id="d2", name="new.pdf", title="New")
    html = render_documents(Shelf([old, new], []))
    assert html.index('data-id="d2"') < html.index('data-id="d1"')


def test_documents_of_one_title_are_told_apart_by_their_names() -> None:
    first, second = document(), replace(document(), id="d2", name="new.pdf")
    other = replace(document(), id="d3", name="other.pdf", title="Other")
    html = render_documents(Shelf([first, second, other], []))
    for label in ("Ask a&amp;b.pdf", "Ask new.pdf", "Ask Other"):
        assert f'aria-label="{label}"' in html
    assert "A &amp; B" not in html


def test_an_unread_document_says_why_and_cannot_be_asked() -> None:
    scanned = document(DocumentState.NEEDS_OCR, "Its pages are <pictures>.")
    html = render_documents(Shelf([scanned], []))
    assert "needs OCR" in html
    assert "Its pages are &lt;pictures&gt;." in html
    assert "checkbox" not in html


def test_a_lost_file_can_be_tried_again_or_dismissed_and_one_with_a_document_cannot() -> None:
    lost = job(1, "lost.pdf", Stage.FAILED, "The server does not answer.")
    kept = job(2, "kept.pdf", Stage.FAILED, "kept.pdf is damaged.", "d1")
    html = render_documents(Shelf([], [lost, kept]))
    assert 'data-event="retry" data-id="1" aria-label="Try lost.pdf again"' in html
    assert 'aria-label="Dismiss lost.pdf"' in html
    assert "kept.pdf</span>" not in html
    assert not are_running([lost, kept])


def test_an_outcome_says_whether_the_file_was_added() -> None:
    added = job(1, "a.pdf", Stage.DONE, "a.pdf was added.", "d1")
    known = job(2, "b.pdf", Stage.DONE, "b.pdf is already in the library as a.pdf.", "d1")
    html = render_documents(Shelf([document()], [added, known]))
    assert 'data-kind="read" data-tone="">a.pdf was added.</i>' in html
    assert 'data-kind="already there" data-tone="">b.pdf is already' in html


def test_every_outcome_is_there_to_be_told() -> None:
    done = job(1, "a.pdf", Stage.DONE, "a.pdf was <added>.", "d1")
    lost = job(2, "b.pdf", Stage.FAILED, "Gone.")
    within = replace(job(3, "z.zip/c.pdf", Stage.READING), parent_id=1)
    html = render_documents(Shelf([document()], [done, lost, within], state="s1", max_file_mb=7))
    assert '<i data-job="1" data-document="d1" data-parent="" data-kind="read"' in html
    assert ">a.pdf was &lt;added&gt;.</i>" in html
    assert 'data-kind="failed" data-tone="bad">b.pdf: Gone.</i>' in html
    assert 'data-state="s1" data-reading="1" data-embedding="0" data-asking="0"' in html
    assert 'data-failed="2" data-partly=""' in html
    assert 'data-going="3:1" data-newest="3"' in html
    assert 'data-max-mb="7"' in html


def test_what_was_partly_read_is_not_counted_as_failed() -> None:
    scan = replace(document(DocumentState.NEEDS_OCR), id="d2")
    broken = replace(document(DocumentState.DAMAGED), id="d3")
    jobs = [
        job(1, "a.zip/b.pdf", Stage.FAILED, "Gone."),
        job(2, "scan.pdf", Stage.FAILED, "No OCR.", "d2"),
        job(3, "broken.pdf", Stage.DONE, "Damaged.", "d3"),
    ]
    archive = Container(7, "l1", "a.zip", "ab", 900)
    html = render_documents(Shelf([scan, broken], jobs, lost=[(archive, 4, 2)]))
    assert f'data-failed="1 3" data-partly="{reference(archive)}"' in html
    assert html.count('data-kind="failed"') == 2  # the same count where files are summed up


@pytest.mark.parametrize(
    ("state", "embedded", "stage", "kind", "said"),
    [
        (DocumentState.READY, 9, Stage.DONE, "read", "a.pdf was added."),
        (DocumentState.PARTIAL, 9, Stage.DONE, "partly", "a.pdf was added."),
        (DocumentState.NEEDS_OCR, 9, Stage.FAILED, "needing OCR", "a.pdf was added."),
        (DocumentState.READY, 4, Stage.CANCELLED, "by words only", "a.pdf: Found by words only."),
        (DocumentState.READY, 9, Stage.CANCELLED, "read", "a.pdf was added."),
    ],
)
def test_an_outcome_says_how_the_file_ended(
    state: DocumentState, embedded: int, stage: Stage, kind: str, said: str
) -> None:
    found = replace(document(state), chunks=9, embedded=embedded)
    html = render_documents(Shelf([found], [job(1, "a.pdf", stage, "a.pdf was added.", "d1")]))
    assert f'data-kind="{kind}"' in html
    assert f">{said}</i>" in html


def test_a_document_at_work_is_one_row_with_how_far_it_is() -> None:
    half = replace(document(), chunks=10, embedded=4)
    going = job(1, "a&b.pdf", Stage.EMBEDDING, "a&b.pdf was added.", "d1")
    html = render_documents(Shelf([half], [going]))
    assert html.count('class="doc ') == 1
    assert "words ready, meaning 40 %" in html
    assert 'data-event="cancel" data-id="1" aria-label="Stop A &amp; B"' in html
    assert 'role="checkbox" aria-checked="true"' in html
    assert 'data-confirm="remove"' not in html


def test_a_document_that_waits_to_be_embedded_says_only_that_its_words_are_ready() -> None:
    fresh = replace(document(), chunks=10)
    html = render_documents(Shelf([fresh], [job(1, "a.pdf", Stage.EMBEDDING, of="d1")]))
    assert "14 pages · words ready</span>" in html
    assert 'class="bar"' not in html


def test_what_is_published_in_this_moment_is_one_row() -> None:
    published = replace(document(), sha256="hash of a.pdf")
    reading = replace(job(1, "a.pdf", Stage.READING), done=14, total=14)
    html = render_documents(Shelf([published], [reading]))
    assert html.count('class="doc ') == 1
    assert "reading page 14 of 14" in html


def test_a_copy_that_waits_does_not_hide_what_is_done_to_the_document() -> None:
    published = replace(document(), sha256="hash of a.pdf", chunks=10, embedded=4)
    at_work = replace(job(1, "a.pdf", Stage.EMBEDDING, of="d1"), done=4, total=10)
    copy = replace(job(2, "copy.pdf", Stage.WAITING), sha256="hash of a.pdf")
    html = render_documents(Shelf([published], [at_work, copy]))
    (row,) = re.findall(r'<li class="doc [^>]*data-id="d1".*?</li>', html, re.DOTALL)
    assert "words ready, meaning 40 %" in row
    assert 'data-event="cancel" data-id="1"' in row
    assert 'aria-label="Cancel copy.pdf"' in html


def test_a_copy_whose_document_is_there_is_no_row_of_its_own() -> None:
    first = job(1, "boats.pdf", Stage.EMBEDDING, of="d1")
    copy = job(2, "copy of boats.pdf", Stage.EMBEDDING, of="d1")
    list_of_both = render_documents(Shelf([document()], [first, copy]))
    assert list_of_both.count('data-event="cancel"') == 1
    assert "boats.pdf</" not in list_of_both
    asking = replace(copy, stage=Stage.CONFIRM, estimate=Estimate(1, 9, 0, 0.1, 1.0))
    assert 'data-event="confirm"' in render_documents(Shelf([document()], [first, asking]))


def test_a_document_found_by_its_words_alone_can_go_on() -> None:
    half = replace(document(), chunks=10, embedded=4)
    fault = "The key is not valid."
    failed = job(1, "a.pdf", Stage.FAILED, fault, "d1")
    html = render_documents(Shelf([half], [failed]))
    assert "words only</span>" in html
    assert "It is found by its words, not by its meaning." in html
    assert f'<p class="why">{fault} <button' in html
    assert 'data-event="retry" data-id="1" aria-label="Go on with A &amp; B"' in html
    html = render_documents(Shelf([half], []))
    assert "words only</span>" in html
    assert 'data-event="retry"' not in html


def test_documents_that_a_fault_has_stopped_go_on_together() -> None:
    half = replace(document(), chunks=10, embedded=4)
    other = replace(half, id="d2", title="Other")
    fault = job(1, "a.pdf", Stage.FAILED, "The key is not valid.", "d1")
    html = render_documents(Shelf([half, other], [fault, replace(fault, id=2, document_id="d2")]))
    assert "2 documents are found by their words only." in html
    assert 'data-event="retry" data-id="all"' in html
    wished = replace(fault, id=2, document_id="d2", stage=Stage.CANCELLED)
    assert 'data-id="all"' not in render_documents(Shelf([half, other], [fault, wished]))


def test_scans_that_nobody_has_read_are_called_so() -> None:
    scan = document(DocumentState.NEEDS_OCR)
    other = replace(scan, id="d2", title="Other")
    fault = job(1, "a.pdf", Stage.FAILED, "The key is not valid.", "d1")
    jobs = [fault, replace(fault, id=2, document_id="d2")]
    told = "2 documents hold pictures of pages that nobody has read."
    html = render_documents(Shelf([scan, other], jobs))
    assert told in html
    assert "words only" not in html
    assert 'data-id="1" aria-label="Read by OCR: A &amp; B"' in html
    assert 'data-event="retry" data-id="all"' in html
    assert "Read by OCR: all</button>" in html
    html = render_documents(Shelf([scan, other], jobs, has_ocr=False))
    assert told in html
    assert 'data-event="retry"' not in html
    assert Shelf([scan, other], jobs, has_ocr=False).stalled == []


def test_what_lacks_vectors_goes_on_without_ocr() -> None:
    scan = document(DocumentState.NEEDS_OCR)
    half = replace(document(DocumentState.PARTIAL), id="d2", title="Half", chunks=10, embedded=4)
    fault = job(1, "a.pdf", Stage.FAILED, "The key is not valid.", "d1")
    jobs = [fault, replace(fault, id=2, document_id="d2")]
    html = render_documents(Shelf([scan, half], jobs, has_ocr=False))
    assert (
        "1 document is found by its words only. "
        "1 document holds pictures of pages that nobody has read." in html
    )
    assert 'data-id="2" aria-label="Go on with Half"' in html
    assert 'data-id="1" aria-label' not in html
    assert 'data-id="all"' not in html
    assert "Go on with all</button>" in render_documents(Shelf([scan, half], jobs))


def test_a_document_that_waits_for_a_word_comes_first_with_what_it_costs() -> None:
    scan, new = document(DocumentState.NEEDS_OCR), replace(document(), id="d2", title="New")
    asks = replace(
        job(1, "a.pdf", Stage.CONFIRM, of="d1"), estimate=Estimate(14, 0, 14, 0.35, 28.0)
    )
    html = render_documents(Shelf([scan, new], [asks]))
    assert html.index('data-id="d1"') < html.index('data-id="d2"')
    assert "waits for your word: about $0.35" in html
    assert "14 pages by OCR, about 28 s" in html
    assert 'data-event="confirm" data-id="1" aria-label="Go on with A &amp; B">Go on' in html
    assert 'data-event="cancel" data-id="1" aria-label="Leave it: A &amp; B">Leave it' in html
    assert not are_running([asks])


@pytest.mark.parametrize(
    ("chunks", "no", "said"),
    [
        ((0, 0), "Leave them", ""),
        ((3, 3), "Words only", ""),
        ((0, 3), "Words only", "1 of them has no words yet: “Words only” leaves it unread."),
        ((0, 0, 3), "Words only", "2 of them have no words yet: “Words only” leaves them unread."),
    ],
)
def test_words_alone_are_offered_where_there_are_words(
    chunks: Sequence[int], no: str, said: str
) -> None:
    scans = [
        replace(document(DocumentState.NEEDS_OCR), id=f"d{number}", chunks=count)
        for number, count in enumerate(chunks, 1)
    ]
    price = Estimate(14, 0, 14, 0.35, 28.0)
    asks = [
        replace(job(number, f"{number}.pdf", Stage.CONFIRM, of=f"d{number}"), estimate=price)
        for number in range(1, len(chunks) + 1)
    ]

    html = render_documents(Shelf(scans, asks))

    assert f'data-id="all">{no}</button>' in html
    assert re.findall(r"\d of them ha[^<]*", html) == ([said] if said else [])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("notes & plans.txt", "notes &amp; plans.txt"),
        (
            "Archive of the club.zip/talks/Petrel talk.pptx",
            '<span class="head">Archive of the club.zip/talks/</span><span>Petrel talk.pptx</span>',
        ),
        (
            "The minutes of the meeting of the club in May.docx",
            '<span class="head">The minutes of the meeting o</span>'
            "<span>f the club in May.docx</span>",
        ),
    ],
)
def test_of_a_long_name_the_end_stays_in_sight(name: str, shown: str) -> None:
    html = render_documents(Shelf([], [job(1, name, Stage.WAITING)]))
    assert f'title="{escape(name)}">{shown}</span><div class="work">' in html


def test_many_files_are_summed_up_and_folded() -> None:
    ready = replace(document(), chunks=10, embedded=4)
    done = job(1, "before.pdf", Stage.DONE)
    jobs = [
        *(done, job(2, "a.pdf", Stage.EMBEDDING, "a.pdf was added.", "d1")),
        *(job(number, f"{number}.pdf", Stage.WAITING) for number in range(3, 31)),
        replace(job(31, "31.pdf", Stage.READING), done=12, total=300),
    ]
    html = render_documents(Shelf([ready], jobs, since=1))
    assert "<b>1 of 30 read</b><span>words ready for 1 · meaning 40 %</span>" in html
    assert 'data-confirm="halt" data-count="30"' in html
    assert html.index("reading page 12 of 300") < html.index(">3.pdf</span>")
    assert 'data-more="going" aria-expanded="false"' in html
    assert "<span>25 more</span>" in html
    shown, folded = html.split('data-rest="going" hidden>')
    assert ">5.pdf</span>" in shown
    assert ">6.pdf</span>" in folded


def test_a_file_alone_is_not_summed_up() -> None:
    html = render_documents(Shelf([], [job(1, "a.pdf", Stage.READING)]))
    assert "Taking in" not in html
    assert 'aria-label="Cancel a.pdf"' in html


def test_a_cancelled_file_that_left_nothing_can_be_tried_again() -> None:
    html = render_documents(Shelf([], [job(1, "<b>.pdf", Stage.CANCELLED, "Cancelled.")]))
    assert ">cancelled</span>" in html
    assert 'aria-label="Try &lt;b&gt;.pdf again"' in html
    assert "<b>" not in html.replace("<b>Add documents</b>", "")


def test_an_empty_list_names_the_formats_and_takes_any_file() -> None:
    html = render_documents(Shelf([], []))
    for name in ("Word", "EPUB", "e-mail", "pictures (by OCR)", "ZIP"):
        assert name in html
    assert "accept=" not in html


def test_the_state_changes_with_the_library_and_with_what_is_read() -> None:
    library = Library("l1", "documents", "model", 2, 4)
    going = replace(job(1, "a.pdf", Stage.READING), done=3, total=14)
    known = {
        state_of(library, []),
        state_of(library, [going]),
        state_of(library, [replace(going, stage=Stage.CONFIRM)]),
        state_of(library, [replace(going, stage=Stage.DONE)]),
        state_of(replace(library, generation=5), [replace(going, stage=Stage.DONE)]),
        state_of(replace(library, vectors=1), [replace(going, stage=Stage.DONE)]),
    }
    assert len(known) == 6
    assert state_of(library, [going]) == state_of(library, [replace(going, done=4)])
