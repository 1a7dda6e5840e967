"""When Python looks for rings of objects to throw away.

What the programs make goes by itself when nothing holds it any more, but for a little; the usual
threshold of 700 objects has every tenth second go into looking.
"""

from __future__ import annotations

import gc

COLLECT_AFTER = (50_000, 20, 20)


def collect_seldom() -> None:
    """Look seldom from now on, and no more at what is loaded by now: it stays until the end."""
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
