from __future__ import annotations

import pytest

from ingest.pipeline import Stage
from ingest.queue import Job
from rag.domain import Document, DocumentState
from ui.documents import STATE_WORDS, are_running, progress_words, render_documents


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
    html = render_documents([document()], [], frozenset())
    assert "1 of 1 asked" in html
    assert "14 pages" in html
    assert 'role="checkbox" aria-checked="true"' in html
    assert "A &amp; B" in html
    html = render_documents([document()], [], frozenset({"d1"}))
    assert "0 of 1 asked" in html
    assert 'aria-checked="false"' in html


def test_an_unread_document_says_why_and_cannot_be_asked() -> None:
    scanned = document(DocumentState.NEEDS_OCR, "Its pages are <pictures>.")
    html = render_documents([scanned], [], frozenset())
    assert "needs OCR" in html
    assert "Its pages are &lt;pictures&gt;." in html
    assert "checkbox" not in html


def test_a_lost_file_stays_until_it_is_dismissed_and_one_with_a_document_does_not() -> None:
    lost = Job(1, "lost.pdf", Stage.FAILED, outcome="The server does not answer.")
    kept = Job(2, "kept.pdf", Stage.FAILED, outcome="kept.pdf is damaged.", document_id="d1")
    html = render_documents([], [lost, kept], frozenset())
    assert 'aria-label="Dismiss lost.pdf"' in html
    assert "kept.pdf</span>" not in html
    assert not are_running([lost, kept])


def test_the_newest_outcome_is_announced() -> None:
    done = Job(1, "a.pdf", Stage.DONE, outcome="a.pdf was added.", document_id="d1")
    assert '<p class="sr" role="status">a.pdf was added.</p>' in render_documents(
        [document()], [done], frozenset()
    )
