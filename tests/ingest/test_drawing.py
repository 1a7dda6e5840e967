from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import drawing
from ingest.child import TooSlowError
from ingest.drawing import Drawing
from ingest.intake import open_intake
from ingest.sandbox import Sandbox
from rag.domain import DocumentState
from rag.errors import DocumentError
from rag.settings import load_settings
from rag.store.catalog import Catalog
from tests.ingest.sandboxes import HOSTILE, LIMITS
from tests.ingest.scanning import Counting

SLOW = Path("slow.pdf")


class Scripted:
    """Draws pages, except that all of one file take too long, and of another none is there."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __call__(self, path: Path, number: int, width_pixels: int) -> bytes:
        self.asked.append((path.name, number))
        if path == SLOW:
            raise TooSlowError(f"Page {number} took too long.")
        if path.name == "empty.pdf":
            raise DocumentError(DocumentState.FAILED, "There is nothing to draw.")
        return b"picture"


def test_a_page_that_took_too_long_is_refused_at_once_from_then_on() -> None:
    scripted = Scripted()
    draw = Drawing(scripted)
    for _ in range(3):
        with pytest.raises(TooSlowError, match=r"^Page 1 took too long\.$") as refused:
            draw(SLOW, 1, 900)
        assert refused.value.state is DocumentState.FAILED
    with pytest.raises(TooSlowError, match="Page 2"):
        draw(SLOW, 2, 900)
    assert scripted.asked == [("slow.pdf", 1), ("slow.pdf", 2)]


def test_other_pages_are_drawn_at_each_look() -> None:
    scripted = Scripted()
    draw = Drawing(scripted)
    for _ in range(2):
        assert draw(Path("quick.pdf"), 1, 900) == b"picture"
        with pytest.raises(DocumentError, match="nothing to draw"):
            draw(Path("empty.pdf"), 1, 900)
    assert len(scripted.asked) == 4


def test_no_more_pages_are_remembered_than_is_sane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_REMEMBERED", 2)
    scripted = Scripted()
    draw = Drawing(scripted)
    for number in (1, 2, 3, 3, 2, 1):
        with pytest.raises(TooSlowError):
            draw(SLOW, number, 900)
    assert [number for _, number in scripted.asked] == [1, 2, 3, 1]


def test_a_process_that_hangs_is_too_slow(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    short = replace(LIMITS, idle_seconds=0.5)
    with (
        Sandbox(1, short, command=HOSTILE) as sandbox,
        pytest.raises(TooSlowError, match="took longer than 1 seconds"),
    ):
        sandbox.read(file, "sleep", max_pages=1)


def test_pages_for_people_are_drawn_through_it(
    catalog: Catalog, embedder: Counting, tmp_path: Path
) -> None:
    with closing(
        open_intake(load_settings({"data_dir": tmp_path}), catalog, embedder, None)
    ) as intake:
        assert isinstance(intake.draw, Drawing)
