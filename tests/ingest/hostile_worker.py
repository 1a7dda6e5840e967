"""A process that reads files, and does what the name of the file says: run by test_sandbox.py."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest.loaded import Attachment, LoadedDocument
from ingest.serving import serve
from rag.domain import DocumentState, Page
from rag.errors import DocumentError, NotFoundError

GIGABYTE = 1 << 30
kept: list[bytearray] = []


@dataclass(frozen=True, slots=True)
class File:
    path: Path
    argument: str
    max_pages: int
    progress: Callable[[int, int], None]


def says(text: str, *attachments: Attachment) -> LoadedDocument:
    page = Page(1, "1", text, 0)
    ready = DocumentState.READY
    return LoadedDocument("", "", False, (page,), (), ready, "", attachments=attachments)


def allowed(_file: File) -> LoadedDocument:
    """What the process may have at most: bytes of a dump, bytes of a file, open files."""
    limits = (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
    return says(" ".join(str(most) for limit in limits for most in resource.getrlimit(limit)))


def attempts(*actions: Callable[[], object]) -> LoadedDocument:
    """Which of them succeeded, and what stopped the others."""
    outcomes = []
    for action in actions:
        try:
            action()
            outcomes.append("done")
        except OSError as error:
            outcomes.append(type(error).__name__)
    return says(" ".join(outcomes))


def answers(content: bytes) -> LoadedDocument:
    """Past all of the protocol, into every descriptor there may be."""
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, content)
        except OSError:
            continue
    time.sleep(60)
    return says("")


# What it does, by the first word of a file's name


def say(file: File) -> LoadedDocument:
    return says(file.path.read_text(encoding="utf-8"))


def count(file: File) -> LoadedDocument:
    for page in range(1, file.max_pages + 1):
        file.progress(page, file.max_pages)
    return says("counted")


def write(file: File) -> LoadedDocument:
    return says("x" * int(file.argument))


def attach(file: File) -> LoadedDocument:
    numbers = range(int(file.argument))
    return says("", *(Attachment(f"{n}.bin", bytes([n]) * 100_000) for n in numbers))


def refuse(file: File) -> LoadedDocument:
    raise DocumentError(DocumentState(file.argument), "No, thank you.")


def environment(_file: File) -> LoadedDocument:
    return says(json.dumps(dict(os.environ)))


def process(_file: File) -> LoadedDocument:
    return says(str(os.getpid()))


def die_later(_file: File) -> LoadedDocument:
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, 0.2)  # where a thread may not be started
    return says(str(os.getpid()))


def loop(_file: File) -> LoadedDocument:
    while True:
        pass


def sleep(_file: File) -> LoadedDocument:
    time.sleep(60)
    return says("")


def creep(file: File) -> LoadedDocument:
    """Always some progress, and never an end."""
    page = 0
    while True:
        page += 1
        file.progress(page, 10_000)
        time.sleep(0.06)


def repeat(file: File) -> LoadedDocument:
    """Always the same progress."""
    while True:
        file.progress(1, 2)
        time.sleep(0.06)


def allocate(_file: File) -> LoadedDocument:
    return says(str(len(bytearray(4 * GIGABYTE))))


def grow(file: File) -> LoadedDocument:
    kept.append(bytearray(b"x") * int(file.argument))
    return process(file)


def fork(_file: File) -> LoadedDocument:
    def action() -> None:
        if os.fork() == 0:
            time.sleep(60)

    return attempts(action)


def execute(_file: File) -> LoadedDocument:
    program = [sys.executable, "-c", "pass"]
    return attempts(
        lambda: subprocess.run(program, check=False),
        lambda: os.execv(sys.executable, program),  # noqa: S606 - that is what is tried
    )


def change(file: File) -> LoadedDocument:
    folder = Path(file.argument)
    victim = folder / "victim"
    return attempts(
        lambda: victim.write_bytes(b"changed"),
        victim.unlink,
        lambda: victim.rename(folder / "renamed"),
        lambda: (folder / "new").write_bytes(b"new"),
        (folder / "folder").mkdir,
        lambda: (folder / "link").symlink_to(victim),
        lambda: tempfile.TemporaryFile().close(),
    )


def connect(file: File) -> LoadedDocument:
    return attempts(lambda: socket.create_connection(("127.0.0.1", int(file.argument)), 1))


def spy(_file: File) -> LoadedDocument:
    return attempts(lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes())


def kill(_file: File) -> LoadedDocument:
    return attempts(lambda: os.kill(os.getppid(), signal.SIGURG))


def shout(_file: File) -> LoadedDocument:
    """A gigabyte, to where programs print."""
    for _ in range(1024):
        os.write(1, b"x" * (1 << 20))
    return says("hoarse")


def segfault(_file: File) -> LoadedDocument:
    return says(repr(ctypes.string_at(0)))


def abort(file: File) -> LoadedDocument:
    os.write(2, file.argument.encode())
    os.abort()


def leave(_file: File) -> LoadedDocument:
    os._exit(0)


def vanish(_file: File) -> LoadedDocument:
    """As if the system had run out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return says("")


def stumble(_file: File) -> LoadedDocument:
    raise KeyError("nobody expected this")


def recurse(file: File) -> LoadedDocument:
    return recurse(file)


def hide(_file: File) -> LoadedDocument:
    """Close the way out, and live on."""
    os.closerange(3, 10)
    time.sleep(60)
    return says("")


def babble(_file: File) -> LoadedDocument:
    return answers(b"\xff" * 1000)


def boast(_file: File) -> LoadedDocument:
    return answers(b"\x04\xff\xff\xff\xff")


def lie(_file: File) -> LoadedDocument:
    content = b'{"title": "and none of the rest"}'
    return answers(b"\x04" + len(content).to_bytes(4) + content + b"\x0b\0\0\0\x011")


def skip(_file: File) -> LoadedDocument:
    """An end, and nothing before it."""
    return answers(b"\x0b\0\0\0\x011")


def stray(_file: File) -> LoadedDocument:
    ready = DocumentState.READY
    return LoadedDocument("", "", False, (), (), ready, "", words={7: ()})


BEHAVIOURS: dict[str, Callable[[File], LoadedDocument]] = {
    behaviour.__name__: behaviour
    for behaviour in (
        *(say, write, count, attach, refuse, environment, process, die_later),
        *(loop, sleep, creep, repeat, allocate, grow),
        *(fork, execute, change, connect, spy, kill, shout),
        *(allowed, segfault, abort, leave, vanish, stumble, recurse),
        *(hide, babble, boast, lie, skip, stray),
    )
}


def load(
    path: Path, name: str, *, max_pages: int, progress: Callable[[int, int], None]
) -> LoadedDocument:
    behaviour, _, argument = name.partition(" ")
    return BEHAVIOURS[behaviour](File(path, argument, max_pages, progress))


def image(path: Path, number: int, width_pixels: int) -> bytes:
    if number > 1:
        raise NotFoundError(f"There is no page {number}: the document has 1.")
    return path.read_bytes() * width_pixels


if __name__ == "__main__":
    serve(load, {"image": image}, int(sys.argv[1]))
