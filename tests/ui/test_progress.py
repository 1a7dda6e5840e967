from __future__ import annotations

from dataclasses import replace

import pytest

from rag.domain import Document, DocumentState
from rag.intake import Estimate, Job, Stage
from ui.documents import Shelf, render_documents
from ui.progress import (
    cost,
    details,
    fault_of,
    progress_words,
    render_shared,
    render_work,
    shared_faults,
    tally,
)

DOCUMENT = Document(
    "d1", "l1", "a.pdf", "A", "application/pdf", "00", 9, DocumentState.READY, "", 14, True, 50, 31
)


def job(stage: Stage, done: int = 0, total: int = 0, outcome: str = "") -> Job:
    return Job(1, "l1", "a.pdf", "00", 9, stage, done, total, outcome)


def estimate(dollars: float | None, seconds: float = 40.0) -> Estimate:
    return Estimate(12, 41_000, 1, dollars, seconds)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (job(Stage.WAITING), "waiting"),
        (job(Stage.READING), "reading"),
        (job(Stage.READING, 12, 300), "reading page 12 of 300"),
        (job(Stage.OCR), "waiting for OCR"),
        (job(Stage.OCR, 2, 12), "OCR page 3 of 12"),
        (job(Stage.OCR, 12, 12), "OCR page 12 of 12"),
        (job(Stage.EMBEDDING), "words ready"),
        (job(Stage.EMBEDDING, 31, 50), "words ready, meaning 62 %"),
        (job(Stage.EMBEDDING, 499, 500), "words ready, meaning 99 %"),
        (job(Stage.FAILED, outcome="The server is gone."), "The server is gone."),
        (
            replace(job(Stage.CONFIRM), estimate=estimate(0.35)),
            "waits for your word: about $0.35",
        ),
    ],
)
def test_progress_is_told_in_words(told: Job, words: str) -> None:
    assert progress_words(told) == words


def test_what_the_library_has_is_newer_than_what_the_job_told() -> None:
    assert progress_words(job(Stage.EMBEDDING, 0, 50), DOCUMENT) == "words ready, meaning 62 %"


@pytest.mark.parametrize(
    ("dollars", "words"),
    [(0.35, "about $0.35"), (0.004, "less than $0.01"), (None, "an unknown sum")],
)
def test_what_is_to_be_paid_is_told(dollars: float | None, words: str) -> None:
    assert cost(estimate(dollars)) == words


def test_what_is_paid_for_is_told_with_the_time_it_takes() -> None:
    assert details(estimate(0.35)) == "1 page by OCR, 41,000 tokens to embed, about 40 s"
    assert details(estimate(0.35, 240.0)).endswith("about 4 min")


def test_a_cost_that_nobody_is_asked_for_is_told_quietly() -> None:
    paid = replace(job(Stage.EMBEDDING, 31, 50, "a.pdf was added."), estimate=estimate(0.012))
    assert '<p class="why">about $0.01</p>' in render_work(paid, DOCUMENT)
    free = replace(paid, estimate=estimate(0.0))
    assert "$" not in render_work(free, DOCUMENT)


def test_a_fault_that_is_waited_out_is_told_and_an_outcome_is_not() -> None:
    fault = "La Plateforme is <over> its limit."
    late = job(Stage.EMBEDDING, 31, 50, fault)
    assert fault_of(late) == fault
    shown = render_work(late, DOCUMENT)
    assert "La Plateforme is &lt;over&gt; its limit. It is tried again soon.</p>" in shown
    assert fault_of(job(Stage.EMBEDDING, outcome="a.pdf was added.")) == ""
    assert fault_of(job(Stage.FAILED, outcome=fault)) == ""


def test_a_fault_that_several_files_wait_out_is_told_once() -> None:
    full = job(Stage.READING, outcome="There is no <room>.")
    away = job(Stage.EMBEDDING, outcome="The server is gone.")
    read = job(Stage.EMBEDDING, outcome="a.pdf was read in part.")
    faults = shared_faults([full, full, away, read, read])
    assert faults == {"There is no <room>.": 2}
    assert render_shared(faults).count("2 files wait. There is no &lt;room&gt;. They are") == 1
    jobs = [replace(full, id=1, name="b.pdf"), replace(full, id=2, name="c.pdf")]
    html = render_documents(Shelf([], jobs))
    assert html.count("There is no &lt;room&gt;.") == 1
    assert html.count("b.pdf") > 0


def test_files_taken_in_together_are_summed_up() -> None:
    paid = replace(job(Stage.EMBEDDING), document_id="d1", estimate=estimate(0.02))
    asked = replace(job(Stage.CONFIRM), document_id="d1", estimate=estimate(5.0))
    waiting = job(Stage.WAITING)
    found = tally([paid, asked, waiting], {"d1": DOCUMENT})
    assert found.reading == "2 of 3 read"
    assert found.finding == "words ready for 2 · meaning 62 % · about $0.02"
    assert tally([paid, paid], {"d1": DOCUMENT}).reading == "2 files read"
    assert tally([paid], {"d1": DOCUMENT}).reading == "1 file read"
    assert tally([waiting], {}).finding == ""


def test_what_could_not_be_read_is_not_counted_as_read() -> None:
    going = replace(job(Stage.EMBEDDING), document_id="d1")
    damaged = replace(job(Stage.DONE), document_id="d2")
    lost = job(Stage.FAILED, outcome="There is no room.")
    partly = replace(job(Stage.EMBEDDING), document_id="d3")
    documents = {
        "d1": DOCUMENT,
        "d2": replace(DOCUMENT, state=DocumentState.DAMAGED, chunks=0, embedded=0),
        "d3": replace(DOCUMENT, state=DocumentState.PARTIAL),
    }
    jobs = [going, damaged, lost, partly]
    found = tally(jobs, documents)
    assert found.reading == "4 files: 1 read, 1 partly, 2 failed"
    assert found.settled == 1.0
    found = tally([*jobs, job(Stage.READING)], documents)
    assert found.reading == "1 of 5 read, 1 partly, 2 failed"
    assert found.settled == 0.8


def test_an_archive_that_was_opened_is_no_file_of_its_own() -> None:
    within = replace(job(Stage.READING), parent_id=1)
    assert tally([job(Stage.DONE), within, within], {}).reading == "0 of 2 read"
