from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.taken import REPLACED
from rag.domain import Document, DocumentState
from rag.intake import Job, Stage
from ui.endings import KINDS, being_read, count_ends

DOCUMENT = Document(
    "d1", "l1", "a.pdf", "A", "application/pdf", "00", 9, DocumentState.READY, "", 14, True, 50, 50
)

UNREAD = replace(DOCUMENT, chunks=0, embedded=0)


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
        (job(Stage.EMBEDDING, "a.pdf is already in the library.", "d1"), {"already there": 1}),
        (job(Stage.EMBEDDING, REPLACED.format("a.pdf"), "d1"), {"as a new version": 1}),
        (job(Stage.DONE, REPLACED.format("a.pdf"), "d1"), {"as a new version": 1}),
        (job(Stage.DONE, REPLACED.format("a.pdf"), "partly"), {"partly": 1}),
        (job(Stage.DONE, of="scan"), {"needing OCR": 1}),
        (job(Stage.FAILED, of="locked"), {"needing a password": 1}),
        (job(Stage.FAILED, of="blank"), {"without text": 1}),
        (job(Stage.FAILED, of="damaged"), {"failed": 1}),
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
        "scan": replace(UNREAD, state=DocumentState.NEEDS_OCR),
        "locked": replace(UNREAD, state=DocumentState.NEEDS_PASSWORD),
        "blank": replace(UNREAD, state=DocumentState.EMPTY),
        "damaged": replace(UNREAD, state=DocumentState.DAMAGED),
    }
    assert count_ends([told], documents) == ends


def test_what_is_being_read_is_what_no_question_searches_yet() -> None:
    assert [told.stage for told in being_read(map(job, Stage))] == [
        Stage.WAITING,
        Stage.READING,
        Stage.OCR,
    ]


def test_the_page_knows_every_kind_of_end() -> None:
    script = (Path(__file__).parents[2] / "ui/static/intake.js").read_text()
    told = re.search(r"const KINDS = (\[.*?\]);", script)
    assert told is not None
    assert [kind for kind in json.loads(told[1]) if kind != "not sent"] == list(KINDS)
