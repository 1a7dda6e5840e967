from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.batch import BatchQuestion, answer_row, run
from tests.endings import CASES, Case
from tests.stages import Stage, ending_of, ending_of_batch, open_stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("endings")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found = request.param
    assert isinstance(found, Case)
    return found


def test_an_answer_ends_as_it_should(stage: Stage, case: Case) -> None:
    (expected,) = stage.prepare(case)
    opened = stage.application

    answer = opened.assistant().answer(case.question, opened.scope())

    assert ending_of(answer) == expected


def test_a_row_of_a_batch_ends_alike(stage: Stage, case: Case) -> None:
    (expected,) = stage.prepare(case)
    opened = stage.application

    (row,) = run(
        [BatchQuestion(question=case.question, id="1")],
        lambda asked: answer_row(asked, opened.assistant().answer(asked.question, opened.scope())),
    )

    assert ending_of_batch(row) == expected
