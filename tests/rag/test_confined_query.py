"""What the costliest queries take of the machine."""

# ruff: noqa: S608 - queries against the table that runs them

from __future__ import annotations

import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rag.errors import ToolError
from rag.intake import Table, TableRow
from rag.table_queries import SECONDS, query

ROWS = tuple(TableRow(0, 1, (str(number), "a" * 1_900)) for number in range(400))
TABLE = Table(1, 1, "", ("n", "text"), ROWS)
DOUBLED = ", ".join(
    f"a{level} AS (SELECT 1 FROM a{level - 1}, a{level - 1})" for level in range(1, 40)
)
LONG = "printf('%090000d', a.n + b.n)"
OTHERS = "replace(printf('%07000d', 0), '0', 'b')"
MEGABYTE = 1 << 20

COSTLY = {
    "sorted": f"SELECT {LONG} FROM t a, t b, t c ORDER BY 1 DESC",
    "distinct": f"SELECT count(DISTINCT {LONG} || c.n) FROM t a, t b, t c",
    "joined": "SELECT count(*) FROM t a, t b, t c, t d WHERE a.text || b.text = c.text || d.text",
    "many small rows": "SELECT a.n FROM t a, t b, t c, t d ORDER BY a.n * b.n, c.n - d.n",
    "grouped": "SELECT a.n, b.n, c.n, count(*) FROM t a, t b, t c GROUP BY 1, 2, 3",
    "window": "SELECT sum(a.n) OVER (ORDER BY b.n, c.n) FROM t a, t b, t c",
    "united": f"SELECT {LONG} FROM t a, t b UNION SELECT {LONG} || 'x' FROM t a, t b",
    "stripped": f"SELECT sum(length(trim({LONG}, {OTHERS} || '0'))) FROM t a, t b",
    "sought": f"SELECT sum(instr({LONG}, substr({LONG}, 45000) || 'b')) FROM t a, t b",
    "prepared": f"WITH a0 AS (SELECT 1), {DOUBLED} SELECT 1 FROM a39",
}


class Watched:
    """Runs a program as `subprocess.run` does, and looks at it all the while."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self.written: set[str] = set()

    def run(
        self, command: list[str], *, input: bytes, timeout: float, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        del options["capture_output"], options["check"]
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
        with ThreadPoolExecutor() as pool:
            spoken = pool.submit(process.communicate, input, timeout)
            while not spoken.done():
                with suppress(OSError, TimeoutError):
                    self._look(Path(f"/proc/{process.pid}"))
                    spoken.result(timeout=0.005)
        output, errors = spoken.result()
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def _look(self, process: Path) -> None:
        for line in (process / "status").read_text().splitlines():
            if line.startswith("VmHWM"):
                self.peak_bytes = max(self.peak_bytes, int(line.split()[1]) * 1024)
        for handle in (process / "fd").iterdir():
            if handle.lstat().st_mode & stat.S_IWUSR:  # opened for writing
                self.written.add(str(handle.readlink()).partition(":")[0])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("name", COSTLY)
def test_the_costliest_queries_end_soon_and_take_little(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched()
    monkeypatch.setattr("rag.table_queries.subprocess.run", watched.run)
    monkeypatch.setattr("rag.table_queries.SECONDS", SECONDS / 3)
    began = time.monotonic()
    with pytest.raises(ToolError, match=r"too (long|much memory)\. Ask for less|out of memory"):
        query([TABLE], COSTLY[name])
    took = time.monotonic() - began

    assert took < SECONDS + 0.5
    assert 0 < watched.peak_bytes < 200 * MEGABYTE
    assert watched.written <= {"pipe", "/dev/null"}
