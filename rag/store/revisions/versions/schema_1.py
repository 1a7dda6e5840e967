"""The tables of the first release, from which every later schema is reached."""

from __future__ import annotations

revision = "1"
down_revision = None


def upgrade() -> None:
    """Nothing: catalogs are made with the tables of today, and none is older than this."""
