"""Checking the set-up: what the doctor finds, with what reads scans, and how the page shows it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from rag.connections import build_ocr
from rag.doctor import Check, Finding, Level, Note, examine
from rag.settings import Settings
from ui import icons
from ui.intake import find_ocr
from ui.viewer import render_bar

if TYPE_CHECKING:
    from rag.wiring import Application

WORDS = {Level.GOOD: "ok", Level.NOTE: "note", Level.WRONG: "wrong"}
TONES = {Level.GOOD: "", Level.NOTE: "w", Level.WRONG: "b"}
WHAT = (
    "Looks whether everything that is configured can be reached and does what it should, and says "
    "how to mend what does not."
)
COST = (
    "A language model that answers is asked two short questions, which takes some two hundred "
    "tokens: less than a cent on La Plateforme."
)


class Checkup:
    """The doctor's place in the page: opened without looking at anything, then run."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._found: tuple[Finding, ...] = ()
        self._ended = 0.0

    def run(self) -> str:
        """The findings as they are now; who asks while somebody else does gets the same."""
        asked = time.monotonic()
        with self._lock:
            if self._ended <= asked:
                settings = self._application.settings
                looks = [*self._application.checks(), check_of_ocr(settings)]
                self._found = tuple(examine(settings.data_dir, looks))
                self._ended = time.monotonic()
            return render_findings(self._found)


def check_of_ocr(settings: Settings) -> Check:
    """A look at who reads pages without text."""
    by_mistral = settings.ocr in ("auto", "mistral")
    after = ("La Plateforme",) if by_mistral else ()
    return Check("scans", lambda: _look_at_ocr(settings), after)


def render_offer() -> str:
    """The pane before anything was looked at."""
    return _render_pane(f"<p>{WHAT}</p><p>{COST}</p>{_render_button('Check now')}")


def render_findings(findings: Sequence[Finding]) -> str:
    """The pane with what was found, what is wrong first told in a line."""
    wrong = sum(finding.level is Level.WRONG for finding in findings)
    words = f"{wrong} thing{'s are' if wrong > 1 else ' is'} wrong" if wrong else "Nothing is wrong"
    rows = "".join(map(_render_finding, findings))
    button = _render_button("Check again")
    return _render_pane(f'<h3>{words}</h3><ul class="looks">{rows}</ul>{button}')


def _look_at_ocr(settings: Settings) -> str | Note:
    if settings.ocr == "off":
        return Note("Pages without text stay unread: TRAMONTANE_OCR is off.")
    ocr = build_ocr(settings) or find_ocr(settings)
    if ocr is None:
        return Note(
            "Pages without text stay unread. Install the program tesseract (Debian: apt install "
            "tesseract-ocr), or set MISTRAL_API_KEY."
        )
    price = f", for ${ocr.dollars_per_page:.3f} a page" if ocr.dollars_per_page else ""
    return f"Pages without text are read by {ocr.name}{price}."


def _render_pane(content: str) -> str:
    return (
        f"{render_bar('<h2>Set-up</h2>')}"
        '<div class="report checkup" tabindex="0" role="region" aria-label="Set-up" '
        f'aria-live="polite">{content}</div>'
    )


def _render_button(words: str) -> str:
    return (
        f'<button type="button" class="do" data-event="check">{icons.CHECK}'
        f"<span>{words}</span></button>"
    )


def _render_finding(finding: Finding) -> str:
    return (
        f'<li data-level="{finding.level}"><b>{escape(finding.subject)}</b>'
        f'<span class="st {TONES[finding.level]}">{WORDS[finding.level]}</span>'
        f"<p>{escape(finding.sentence)}</p></li>"
    )
