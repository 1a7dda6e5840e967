"""Moments, in seconds since 1970, as people and programs are told of them."""

from __future__ import annotations

from datetime import UTC, datetime


def day_of(seconds: float) -> str:
    """The day where this runs, such as 2026-08-31."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d")


def written_day(seconds: float) -> str:
    """The day where this runs, within a sentence, such as 31 Aug 2026."""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    return f"{moment.day} {moment:%b %Y}"


def time_of(seconds: float) -> str:
    """The second in UTC, as ISO 8601 writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
