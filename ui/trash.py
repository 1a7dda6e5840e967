"""The documents that were removed, below the list: to be brought back, or deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.store.trash import KEPT_DAYS, Kept
from ui import icons
from ui.progress import kind_of
from ui.times import written_day

UNDO_SECONDS = 60.0  # for which a removal can be undone where it was done
NAME = "trash"
TITLE = f'title="Each is deleted for good {KEPT_DAYS} days after it was removed"'


def render_undo(removed: Sequence[Kept], now: float) -> str:
    """The removals of the last minute, each with what undoes it."""
    return "".join(
        f'<p class="undo" role="status"><span>{escape(_title(kept))} was removed.</span>'
        f"{_render_back(kept, 'Undo', 'Undo removing')}</p>"
        for kept in removed
        if kept.since > now - UNDO_SECONDS
    )


def render_trash(removed: Sequence[Kept]) -> str:
    """All that was removed, folded away; nothing where nothing was."""
    if not removed:
        return ""
    rows = "".join(_render_row(kept) for kept in removed)
    return (
        f'<section class="trash" aria-label="Trash"><button type="button" class="more" '
        f'data-more="{NAME}" aria-expanded="false" {TITLE}>{icons.UNFOLD}'
        f"<span>Trash ({len(removed):,})</span></button>"
        f'<ul class="docs" data-rest="{NAME}" hidden>{rows}</ul></section>'
    )


def _render_row(kept: Kept) -> str:
    title, key = escape(_title(kept)), escape(kept.document.id)
    return (
        f'<li class="doc unread" data-kept="{key}"><span class="ico" aria-hidden="true">'
        f"{kind_of(kept.document.name)}</span>"
        f'<span class="t" title="{escape(kept.document.name)}">{title}</span>'
        f'<span class="s">until {written_day(kept.until)}{_render_back(kept, "Bring back")}</span>'
        f'<button type="button" class="x" data-confirm="purge" data-id="{key}" '
        f'data-name="{title}" aria-label="Delete {title} for good">{icons.CROSS}</button></li>'
    )


def _render_back(kept: Kept, words: str, does: str = "Bring back") -> str:
    label = escape(f"{does} {_title(kept)}")
    return (
        f'<button type="button" class="rep" data-event="bring" '
        f'data-id="{escape(kept.document.id)}" aria-label="{label}">{words}</button>'
    )


def _title(kept: Kept) -> str:
    return kept.document.title or kept.document.name
