"""What a hostile file may reach for, and whether anything did."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hostile.shelf import SECRET, Trap


class Reach:
    """A trap that is set: a secret in a file, a path for a new file, and a server that listens."""

    def __init__(self, folder: Path, listener: socket.socket) -> None:
        """Set the trap in an empty folder; the listener must not wait."""
        self._listener = listener
        self._folder = folder
        host, port = listener.getsockname()
        self.trap = Trap(folder / "secret.txt", folder / "escaped", f"http://{host}:{port}")
        self.trap.secret.write_text(SECRET, encoding="utf-8")

    def touched(self) -> list[str]:
        """What was written, and whether somebody called."""
        found = [str(path) for path in self._folder.rglob("*") if path != self.trap.secret]
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return found
        connection.close()
        return [*found, "somebody called the server"]


@contextmanager
def trap_in(folder: Path) -> Iterator[Reach]:
    """A trap in an empty folder, for as long as it is needed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield Reach(folder, listener)


def children() -> set[int]:
    """The processes that this one has started and that are still there, where Linux tells."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(number) for task in tasks for number in task.read_text("ascii").split()}
