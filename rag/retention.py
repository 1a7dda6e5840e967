"""How long things have been in the trash, by the time that was seen to pass.

A clock may be set back, or stand weeks ahead for one start: what it says at a single moment deletes
nothing for good. So the time between two looks at the trash is counted, each gap with a week at
most, and what is in the trash is timed from the first look that saw it there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b

from rag.store.trash import DAY_SECONDS, KEPT_DAYS

LONGEST_GAP_SECONDS = 7 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Looks:
    """What earlier looks found.

    Attributes:
        at: what the clock said at the last one, in seconds since 1970; none before the first.
        counted: the seconds that were seen to pass by then.
        since: the count at which each thing that is in the trash went there, by a hash of its id.
    """

    at: float | None = None
    counted: float = 0.0
    since: Mapping[str, float] = field(default_factory=dict)

    def look(self, trash: Mapping[str, float], now: float) -> Looks:
        """What is known after a look, `trash` being what it holds with the clock's word on when."""
        gap = 0.0 if self.at is None else min(max(now - self.at, 0.0), LONGEST_GAP_SECONDS)
        counted = self.counted + gap
        since = {
            key: self.since.get(key, counted - min(max(now - kept_at, 0.0), gap))
            for key, kept_at in ((_key(id_), kept_at) for id_, kept_at in trash.items())
        }
        return Looks(now, counted, since)

    def is_over(self, id_: str) -> bool:
        """Whether something was seen in the trash for as long as it is kept there."""
        return self.counted - self.since.get(_key(id_), self.counted) >= KEPT_DAYS * DAY_SECONDS


def _key(id_: str) -> str:
    """What tells a thing from others and nothing of it: the looks outlast a purge by a day."""
    return blake2b(id_.encode(), digest_size=8).hexdigest()


def looks_of(written: str | None) -> Looks:
    """The looks as they were written; none where that cannot be read."""
    try:
        row = json.loads(written or "{}")
        return Looks(row.get("at"), float(row.get("counted", 0)), dict(row.get("since", {})))
    except (ValueError, TypeError, AttributeError):
        return Looks()


def written(looks: Looks) -> str:
    """The looks, to be read by `looks_of`."""
    return json.dumps(asdict(looks))
