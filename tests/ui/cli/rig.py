"""What a command printed, and the shapes that the contract gives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
ROW = {
    "id",
    "question",
    "answer",
    "refused",
    "complete",
    "notice",
    "citations",
    "passages",
    "model",
    "usage",
    "evidence",
    "grounded",
    "claims",
    "disagreements",
    "cost",
    "spent_today",
    "error",
}
PASSAGE = {"document", "page", "score", "reasons", "text"}
CITATION = {"document", "page", "start", "end", "quote", "verdict"}
DOCUMENT = {"id", "document", "title", "pages", "state", "reason", "size_bytes"} | {
    "passages",
    "embedded",
}
BOATS = "The harbour of Sainte-Maxime holds forty-one boats in winter."
LIGHT = "The lighthouse of Camarat was lit for the first time in 1831."

Run = Callable[..., "Output"]


class Output:
    """What a command printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def sentence(self, code: int) -> str:
        """The one message of a command that did nothing else."""
        assert (self.code, self.out) == (code, ""), self.out + self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
