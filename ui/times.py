"""Moments, in seconds since 1970: in one way for people, and in one, ISO 8601, for programs."""

from __future__ import annotations

from datetime import UTC, datetime


def written_day(seconds: float) -> str:
    """The day where this runs, for people: 31 Aug 2026."""
    return _written_day(_here(datetime.fromtimestamp(seconds, UTC)))


def written_time(seconds: float) -> str:
    """The minute where this runs, for people: 31 Aug 2026, 09:05."""
    return _written_time(_here(datetime.fromtimestamp(seconds, UTC)))


def rewritten_time(iso: str) -> str:
    """The minute where this runs, for people, of a moment as `time_of` writes it."""
    return _written_time(_here(datetime.fromisoformat(iso)))


def time_of(seconds: float) -> str:
    """The second in UTC, for programs, as ISO 8601 writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _here(moment: datetime) -> datetime:
    return moment.astimezone()


def _written_day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def _written_time(moment: datetime) -> str:
    return f"{_written_day(moment)}, {moment:%H:%M}"
