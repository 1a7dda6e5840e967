"""What the tests of the sandbox share: limits soon reached, and a program that is hostile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ingest.child import SandboxLimits

PROGRAM = Path(__file__).with_name("hostile_worker.py")
HOSTILE = (sys.executable, "-S", "-P", "-X", "utf8", str(PROGRAM))
LIMITS = SandboxLimits(
    idle_seconds=20.0,
    page_seconds=0.0001,
    most_seconds=40.0,
    memory_bytes=256 << 20,
    text_bytes=1_000_000,
    attachment_bytes=400_000,
)


def hostile_processes(starter: int | None = None) -> list[int]:
    """Those that a process, by default this one, has started, or that have lost theirs."""
    command = ("ps", "-A", "-ww", "-o", "pid=,ppid=,args=")
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.split(None, 2) for line in listed.stdout.splitlines() if PROGRAM.name in line]
    return [
        int(process) for process, parent, _ in lines if int(parent) in (starter or os.getpid(), 1)
    ]
