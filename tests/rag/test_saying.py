from __future__ import annotations

import logging
from pathlib import Path

import pytest

from rag import saying
from rag.saying import SaidOnce
from rag.store.derived import provide


def test_each_cause_is_said_once_of_each_subject() -> None:
    once = SaidOnce()
    said = [("a", "full"), ("a", "busy"), ("a", "full"), ("b", "full"), ("a", "busy")]
    assert [once.is_new(*each) for each in said] == [True, True, False, True, False]
    once.is_well("a")
    assert once.is_new("a", "full")
    assert not once.is_new("b", "full")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saying, "MOST_REMEMBERED", 3)
    once = SaidOnce()
    for number in range(10):
        assert once.is_new("a", str(number))
        assert not once.is_new("a", str(number))
    assert once.is_new("a", "0")


def test_an_index_that_cannot_be_written_is_told_once_by_its_librarys_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "derived").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        for generation in range(3):
            folder = tmp_path / "derived" / "hash" / f"vectors-{generation}"
            assert provide(folder, {}, lambda _: None, "Coast") is None
    (line,) = caplog.messages
    assert line.startswith("the index of the library 'Coast' cannot be written in ")
