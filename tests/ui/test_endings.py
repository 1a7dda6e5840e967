from __future__ import annotations

from dataclasses import replace

import pytest

from rag.domain import Document, DocumentState
from rag.intake import Job, Stage
from ui.endings import being_read, count_ends

DOCUMENT = Document(
    "d1", "l1", "a.pdf", "A", "application/pdf", "00", 9, DocumentState.READY, "", 14, True, 50, 50
)


def job(stage: Stage, outcome: str = "", of: str | None = None) -> Job:
    return Job(1, "l1", "a.pdf", "00", 9, stage, 0, 0, outcome, of)


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        (job(Stage.WAITING), {}),
        (job(Stage.READING), {}),
        (job(Stage.OCR, of="d1"), {}),
        (job(Stage.CONFIRM, of="scan"), {}),
        (job(Stage.CONFIRM, of="d1"), {"read": 1}),
        (job(Stage.EMBEDDING, of="d1"), {"read": 1}),
        (job(Stage.EMBEDDING, of="partly"), {"partly": 1}),
        (job(Stage.DONE, of="d1"), {"read": 1}),
        (job(Stage.DONE, "a.pdf is already in the library.", "d1"), {"already there": 1}),
        (job(Stage.DONE, of="scan"), {"needing OCR": 1}),
        (job(Stage.FAILED, of="by words"), {"by words only": 1}),
        (job(Stage.FAILED), {"failed": 1}),
        (job(Stage.CANCELLED), {"cancelled": 1}),
        (job(Stage.DONE), {}),
    ],
)
def test_only_what_can_be_found_counts_as_read(told: Job, ends: dict[str, int]) -> None:
    documents = {
        "d1": DOCUMENT,
        "partly": replace(DOCUMENT, state=DocumentState.PARTIAL),
        "by words": replace(DOCUMENT, embedded=3),
        "scan": replace(DOCUMENT, state=DocumentState.NEEDS_OCR, chunks=0, embedded=0),
    }
    assert count_ends([told], documents) == ends


def test_what_is_being_read_is_what_no_question_searches_yet() -> None:
    assert [told.stage for told in being_read(map(job, Stage))] == [
        Stage.WAITING,
        Stage.READING,
        Stage.OCR,
    ]
