"""How long the page takes to be served, and how much memory it needs with the samples taken in.

    python -m bench.startup [RUNS]

Starts `tramontane serve` on an empty data directory, waits for the page, then for the samples.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

COMMAND = Path(sys.executable).with_name("tramontane")
SAMPLES = 5
PATIENCE_SECONDS = 120


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_until_served(url: str, started: float) -> float:
    """The time from the start of the process to the first whole page."""
    while time.perf_counter() - started < PATIENCE_SECONDS:
        try:
            with urllib.request.urlopen(url) as response:
                response.read()
                return time.perf_counter() - started
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise TimeoutError(f"{url} was not served within {PATIENCE_SECONDS} s")


def wait_for_samples(data_dir: str) -> None:
    """Return once every sample is listed."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        listed = subprocess.run(
            [COMMAND, "list", "--json", "--data-dir", data_dir],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        if len([json.loads(line) for line in listed.stdout.splitlines()]) >= SAMPLES:
            return
        time.sleep(0.5)
    raise TimeoutError("the samples were not taken in")


def resident_megabytes(process: int) -> float:
    """The resident memory of a process, in MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main(arguments: list[str]) -> None:
    """Run as often as asked, three times by default."""
    for _ in range(int(arguments[0]) if arguments else 3):
        with tempfile.TemporaryDirectory() as data_dir:
            port = free_port()
            started = time.perf_counter()
            server = subprocess.Popen(
                [COMMAND, "serve", "--port", str(port), "--data-dir", data_dir]
            )
            try:
                seconds = seconds_until_served(f"http://127.0.0.1:{port}/", started)
                wait_for_samples(data_dir)
                memory = resident_megabytes(server.pid)
            finally:
                server.terminate()
                server.wait(timeout=15)
            print(f"served after {seconds:.2f} s; {memory:.0f} MB with the samples in")


if __name__ == "__main__":
    main(sys.argv[1:])
