from __future__ import annotations

import re

from rag.store.trash import DAY_SECONDS, KEPT_DAYS, Kept
from tests.ui.test_documents import document
from ui.documents import Shelf, render_documents
from ui.times import rewritten_time, time_of, written_day, written_time
from ui.trash import UNDO_SECONDS, render_trash, render_undo

REMOVED = Kept(document(), 1_000_000.0)


def test_nothing_removed_shows_nothing() -> None:
    assert render_trash([]) == ""
    assert render_undo([], 0.0) == ""


def test_a_removal_can_be_undone_in_its_place_for_a_minute() -> None:
    html = render_undo([REMOVED], REMOVED.since + UNDO_SECONDS - 1)
    assert "A &amp; B was removed." in html
    assert 'data-event="bring" data-id="d1"' in html
    assert 'aria-label="Undo removing A &amp; B"' in html
    assert render_undo([REMOVED], REMOVED.since + UNDO_SECONDS + 1) == ""


def test_the_trash_says_until_when_each_is_kept() -> None:
    html = render_trash([REMOVED])
    assert "Trash (1)" in html
    assert f"until {written_day(REMOVED.since + KEPT_DAYS * DAY_SECONDS)}" in html
    assert 'data-confirm="purge" data-id="d1" data-name="A &amp; B"' in html
    assert "<li" in html
    assert 'class="doc unread" data-id' not in html  # which is how documents are counted


def test_the_list_shows_the_trash_below_the_documents() -> None:
    html = render_documents(Shelf([], [], removed=[REMOVED], now=REMOVED.since))
    assert html.index("was removed.") < html.index("Trash (1)")


def test_moments_are_told_to_people_in_one_way() -> None:
    noon = 1_795_348_800.0  # 2026-11-22, 12:00 UTC
    assert written_day(noon) == "22 Nov 2026"
    assert re.fullmatch(r"22 Nov 2026, \d\d:\d\d", written_time(noon))
    assert rewritten_time(time_of(noon)) == written_time(noon)


def test_moments_are_told_to_programs_in_utc() -> None:
    assert time_of(0.0) == "1970-01-01T00:00:00+00:00"
