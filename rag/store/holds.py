"""Who works on a job, and whether they still do."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from rag.intake import Job


@dataclass(frozen=True, slots=True)
class Held:
    """A job that is worked on, by whom, and what was wished of it meanwhile."""

    job: Job
    holder: str
    wish: str = ""
    mark: str = ""


class LostHoldError(Exception):
    """The job was taken over, cancelled or dismissed by somebody else: leave it alone."""


def new_holder() -> str:
    """A name for somebody who works on jobs, by which others can tell that it is gone."""
    return f"{socket.gethostname()}:{os.getpid()}:{time.time_ns():x}"


def is_held(row: Row[Any], now: float) -> bool:
    """Whether somebody holds a job who may still be there."""
    if not row.holder or row.held_until < now:
        return False
    host, pid, _ = row.holder.rsplit(":", 2)
    return host != socket.gethostname() or _is_running(int(pid))


def _is_running(pid: int) -> bool:
    if os.name != "posix":  # where asking would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and another user's
        return True
    return True
