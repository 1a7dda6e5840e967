from __future__ import annotations

import io
import sys

import pytest

from ui.confirming import is_meant


class Terminal(io.StringIO):
    """What a person types, or sees."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "means"), [("y\n", True), ("n\n", False)])
def test_a_person_at_a_terminal_is_asked(
    typed: str, means: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", seen)
    assert is_meant("Delete 2 documents?", yes=False) is means
    assert "Delete 2 documents?" in seen.getvalue()
    assert ("Nothing was deleted." in seen.getvalue()) is not means


def test_who_has_said_yes_is_not_asked_nor_is_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Terminal()
    monkeypatch.setattr(sys, "stderr", seen)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert is_meant("Delete 2 documents?", yes=True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert is_meant("Delete 2 documents?", yes=False)
    assert seen.getvalue() == ""
