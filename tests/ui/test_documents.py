from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.pipeline import Stage
from ingest.queue import Job
from rag.domain import Document, DocumentState, Library
from ui.documents import (
    STATE_WORDS,
    Shelf,
    are_running,
    progress_words,
    render_documents,
    state_of,
)


def document(state: DocumentState = DocumentState.READY, reason: str = "") -> Document:
    return Document(
        "d1", "l1", "a&b.pdf", "A & B", "application/pdf", "00", 9000, state, reason, 14, True
    )


def test_every_state_but_ready_has_a_word_for_it() -> None:
    assert set(STATE_WORDS) == set(DocumentState) - {DocumentState.READY}


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (Job(1, "a.pdf", Stage.WAITING), "waiting"),
        (Job(1, "a.pdf", Stage.READING), "reading"),
        (Job(1, "a.pdf", Stage.READING, 3, 14), "reading page 3 of 14"),
        (Job(1, "a.pdf", Stage.EMBEDDING, 31, 50), "embedding 62 %"),
        (Job(1, "a.pdf", Stage.FAILED, outcome="The server is gone."), "The server is gone."),
    ],
)
def test_progress_is_told_in_words(job: Job, words: str) -> None:
    assert progress_words(job) == words


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


def test_the_newest_document_comes_first() -> None:
    old, new = document(), replace(document(), id="d2", name="new.pdf", title="New")
    html = render_documents(Shelf([old, new], []))
    assert html.index('data-id="d2"') < html.index('data-id="d1"')


def test_an_unread_document_says_why_and_cannot_be_asked() -> None:
    scanned = document(DocumentState.NEEDS_OCR, "Its pages are <pictures>.")
    html = render_documents(Shelf([scanned], []))
    assert "needs OCR" in html
    assert "Its pages are &lt;pictures&gt;." in html
    assert "checkbox" not in html


def test_a_lost_file_can_be_tried_again_or_dismissed_and_one_with_a_document_cannot() -> None:
    lost = Job(1, "lost.pdf", Stage.FAILED, outcome="The server does not answer.")
    kept = Job(2, "kept.pdf", Stage.FAILED, outcome="kept.pdf is damaged.", document_id="d1")
    html = render_documents(Shelf([], [lost, kept]))
    assert 'data-event="retry" data-id="1" aria-label="Try lost.pdf again"' in html
    assert 'aria-label="Dismiss lost.pdf"' in html
    assert "kept.pdf</span>" not in html
    assert not are_running([lost, kept])


def test_an_outcome_says_whether_the_file_was_added() -> None:
    added = Job(1, "a.pdf", Stage.DONE, outcome="a.pdf was added.", document_id="d1")
    known = Job(2, "b.pdf", Stage.DONE, outcome="b.pdf is already in the library as a.pdf.")
    html = render_documents(Shelf([], [added, known]))
    assert 'data-tone="" data-added>a.pdf was added.</i>' in html
    assert 'data-tone="">b.pdf is already' in html


def test_every_outcome_is_there_to_be_told() -> None:
    done = Job(1, "a.pdf", Stage.DONE, outcome="a.pdf was <added>.", document_id="d1")
    lost = Job(2, "b.pdf", Stage.FAILED, outcome="Gone.")
    html = render_documents(Shelf([document()], [done, lost], state="s1", max_file_mb=7))
    assert '<i data-job="1" data-document="d1" data-tone="">a.pdf was &lt;added&gt;.</i>' in html
    assert '<i data-job="2" data-document="" data-tone="bad">b.pdf: Gone.</i>' in html
    assert 'data-state="s1"' in html
    assert 'data-max-mb="7"' in html


def test_the_state_changes_with_the_library_and_with_what_is_read() -> None:
    library = Library("l1", "documents", "model", 2, 4)
    job = Job(1, "a.pdf", Stage.READING, 3, 14)
    known = {
        state_of(library, []),
        state_of(library, [job]),
        state_of(library, [replace(job, stage=Stage.DONE)]),
        state_of(replace(library, generation=5), [replace(job, stage=Stage.DONE)]),
    }
    assert len(known) == 4
    assert state_of(library, [job]) == state_of(library, [replace(job, done=4)])
