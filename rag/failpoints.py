"""Named points in work whose order matters, where tests end the process or let a step fail.

Nothing of the program arms them: off, a point is one call that finds nothing to do (some 30 ns).
"""

from __future__ import annotations

from collections.abc import Callable

_reached: Callable[[str], None] | None = None


def failpoint(name: str) -> None:
    """Say that the work has come to a point; who armed the points may not let it go on."""
    if _reached is not None:
        _reached(name)


def arm(reached: Callable[[str], None] | None) -> None:
    """Call something at every point that this process comes to from now on; None ends that."""
    global _reached
    _reached = reached
