"""What a process that reads files may not do, tried from within one.

Run as a program, this is such a process: it makes the system calls of `calls`.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.confinement import MAX_OPEN_FILES
from ingest.loaded import LoadedDocument
from ingest.sandbox import Sandbox
from ingest.serving import serve
from tests.ingest.hostile_worker import BEHAVIOURS, File, attempts, load, says
from tests.ingest.sandboxes import HOSTILE, LIMITS, hostile_processes

IS_LINUX = sys.platform == "linux"


def landlock_version() -> int:
    return int(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)) if IS_LINUX else 0


needs_seccomp = pytest.mark.skipif(
    not IS_LINUX or platform.machine() not in ("x86_64", "aarch64"),
    reason="only Linux can take these rights away",
)
needs_landlock = pytest.mark.skipif(
    landlock_version() < 6, reason="this kernel has no Landlock, or an old one"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One process for one test after the other, whatever they do to it."""
    with Sandbox(1, LIMITS, command=HOSTILE) as sandbox:
        yield sandbox
    assert hostile_processes() == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "victim").write_text("as it was")
    return tmp_path


def outcome(sandbox: Sandbox, name: str) -> list[str]:
    return sandbox.read(Path(__file__), name, max_pages=1).pages[0].text.split()


@needs_seccomp
def test_no_process_is_started(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "fork") == ["PermissionError"]
    assert outcome(sandbox, "execute") == ["PermissionError"] * 2
    assert len(hostile_processes()) == 1


@needs_seccomp
def test_no_connection_is_made(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        assert outcome(sandbox, f"connect {port}") == ["PermissionError"]
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_the_process_is_allowed_little(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "allowed") == ["0"] * 4 + [str(MAX_OPEN_FILES)] * 2


def test_nothing_is_written(sandbox: Sandbox, folder: Path) -> None:
    outcome(sandbox, f"change {folder}")
    contents = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert "changed" not in contents
    assert "new" not in contents


@needs_landlock
def test_nothing_on_disk_is_changed(sandbox: Sandbox, folder: Path) -> None:
    tried = outcome(sandbox, f"change {folder}")
    assert tried == [*["PermissionError"] * 6, "FileNotFoundError"]
    assert [path.name for path in folder.iterdir()] == ["victim"]
    assert (folder / "victim").read_text() == "as it was"


Arguments = tuple[int | bytes | None, ...]
Call = tuple[int | None, Arguments]  # its number, None where there is none


def calls(path: Path, descriptor: int) -> dict[str, Call]:
    """Those that are refused, with arguments that do no harm where they are not."""
    file, here, epoch = os.fsencode(path), -100, bytes(32)  # AT_FDCWD
    user, group = os.getuid(), os.getgid()
    name, namespace = b"user.name", 0x10000000  # CLONE_NEWUSER
    parent, own = os.getppid(), os.getpid()
    kind, limit = resource.RLIMIT_NOFILE, struct.pack("QQ", 8, 64)

    def by_machine(x86_64: int | None, aarch64: int | None, *arguments: int | bytes | None) -> Call:
        return (x86_64 if platform.machine() == "x86_64" else aarch64, arguments)

    return {
        "chmod": by_machine(90, None, file, 0o777),
        "fchmod": by_machine(91, 52, descriptor, 0o777),
        "fchmodat": by_machine(268, 53, here, file, 0o777),
        "fchmodat2": by_machine(452, 452, here, file, 0o777, 0),
        "chown": by_machine(92, None, file, user, group),
        "lchown": by_machine(94, None, file, user, group),
        "fchown": by_machine(93, 55, descriptor, user, group),
        "fchownat": by_machine(260, 54, here, file, user, group, 0),
        "utime": by_machine(132, None, file, epoch),
        "utimes": by_machine(235, None, file, epoch),
        "futimesat": by_machine(261, None, here, file, epoch),
        "utimensat": by_machine(280, 88, here, file, epoch, 0),
        "setxattr": by_machine(188, 5, file, name, b"1", 1, 0),
        "lsetxattr": by_machine(189, 6, file, name, b"1", 1, 0),
        "fsetxattr": by_machine(190, 7, descriptor, name, b"1", 1, 0),
        "setxattrat": by_machine(463, 463, here, file, 0, name, bytes(16), 16),
        "removexattr": by_machine(197, 14, file, name),
        "lremovexattr": by_machine(198, 15, file, name),
        "fremovexattr": by_machine(199, 16, descriptor, name),
        "removexattrat": by_machine(466, 466, here, file, 0, name),
        "unshare": by_machine(272, 97, namespace),
        "setns": by_machine(308, 268, descriptor, 0),
        "keyctl": by_machine(250, 219, 0, -3, 0),  # which is the session's keyring
        "add_key": by_machine(248, 217, b"user", name, b"1", 1, -3),
        "request_key": by_machine(249, 218, b"user", name, None, 0),
        "bpf": by_machine(321, 280, 0, None, 1 << 20),
        "perf_event_open": by_machine(298, 241, None, 0, -1, -1, -1),
        "userfaultfd": by_machine(323, 282, 1),
        "io_uring_setup": by_machine(425, 425, 1, bytes(120)),
        "io_uring_enter": by_machine(426, 426, descriptor, 0, 0, 0, None, 0),
        "io_uring_register": by_machine(427, 427, descriptor, 0, None, 0),
        "process_vm_readv": by_machine(310, 270, own, None, 0, None, 0, 0),
        "process_vm_writev": by_machine(311, 271, own, None, 0, None, 0, 0),
        "shmget": by_machine(29, 194, 0, 4096, 0o600),  # private, with no name to find it by
        "shmat": by_machine(30, 196, -1, None, 0),
        "shmctl": by_machine(31, 195, -1, 0, None),
        "msgget": by_machine(68, 186, 0, 0o600),
        "msgsnd": by_machine(69, 189, -1, bytes(16), 8, 0),
        "msgrcv": by_machine(70, 188, -1, bytes(16), 8, 0, 0),
        "msgctl": by_machine(71, 187, -1, 0, None),
        "mq_open": by_machine(240, 180, b"nobody's queue", 0, 0, None),
        "semget": by_machine(64, 190, 0, 1, 0o600),
        "semop": by_machine(65, 193, -1, bytes(6), 1),
        "semtimedop": by_machine(220, 192, -1, bytes(6), 1, None),
        "semctl": by_machine(66, 191, -1, 0, 0),
        "memfd_create": by_machine(319, 279, b"memory", 0),
        "memfd_secret": by_machine(447, 447, 0),
        "inotify_init": by_machine(253, None),
        "inotify_init1": by_machine(294, 26, 0),
        "fanotify_init": by_machine(300, 262, 0, 0),
        "flock": by_machine(73, 32, descriptor, 2 | 4),  # LOCK_EX, LOCK_NB
        **{
            f"fcntl, {lock}": by_machine(72, 25, descriptor, number, bytes(32))
            for lock, number in (
                ("F_SETLK", 6),
                ("F_SETLKW", 7),
                ("F_OFD_SETLK", 37),
                ("F_OFD_SETLKW", 38),
            )
        },
        "fcntl, F_SETLEASE": by_machine(72, 25, descriptor, 1024, 0),
        "fcntl, F_NOTIFY": by_machine(72, 25, descriptor, 1026, 1),
        # The system looks at the lower half of a process's number alone.
        "prlimit64, parent": by_machine(302, 261, parent, kind, None, bytes(16)),
        "prlimit64, itself by number": by_machine(302, 261, own, kind, limit, None),
        "prlimit64, upper half": by_machine(302, 261, 1 << 32, kind, limit, None),
        "prlimit64, both halves": by_machine(302, 261, -1, kind, limit, None),
    }


def call(file: File) -> LoadedDocument:
    name, _, path = file.argument.partition(": ")
    with Path(path).open("rb") as opened:
        number, arguments = calls(Path(path), opened.fileno())[name]
        whole = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
        result = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number or 0), *whole)
    return says("done" if result >= 0 else errno.errorcode[ctypes.get_errno()])


def tamper(file: File) -> LoadedDocument:
    """As Python's own functions would do it."""
    path = Path(file.argument)
    return attempts(
        lambda: path.chmod(0o777),
        lambda: os.chown(path, os.getuid(), os.getgid()),
        lambda: os.utime(path, (0, 0)),
        lambda: os.setxattr(path, "user.name", b"1"),
        lambda: os.removexattr(path, "user.name"),
    )


def limit_parent(file: File) -> LoadedDocument:
    soft, hard = map(int, file.argument.split())
    kind, parent = resource.RLIMIT_NOFILE, os.getppid()
    return attempts(
        lambda: resource.prlimit(parent, kind),
        lambda: resource.prlimit(parent, kind, (soft, hard)),
    )


def limit_itself(_file: File) -> LoadedDocument:
    kind = resource.RLIMIT_NOFILE
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (soft - 1, hard))
    resource.prlimit(0, kind, (soft - 2, hard))
    return says(str(soft - resource.getrlimit(kind)[0]))


def flags(_file: File) -> LoadedDocument:
    """What Python asks of fcntl for files of its own."""
    with Path(__file__).open("rb") as opened:
        copy = fcntl.fcntl(opened.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
        kept = fcntl.fcntl(copy, fcntl.F_GETFD)
        os.close(copy)
    return says(str(kept))


@pytest.fixture(scope="module")
def caller() -> Iterator[Sandbox]:
    """One process that makes the calls above."""
    command = (sys.executable, "-S", "-P", "-X", "utf8", __file__)
    with Sandbox(1, LIMITS, command=command) as sandbox:
        yield sandbox


CALLS = [name for name, (number, _) in calls(Path(), 0).items() if number is not None]


@needs_seccomp
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_no_reader_needs_is_refused(name: str, caller: Sandbox, folder: Path) -> None:
    before = (folder / "victim").stat()
    assert outcome(caller, f"call {name}: {folder / 'victim'}") == ["EPERM"]
    after = (folder / "victim").stat()
    assert after == before  # its mode, owner and times
    assert after.st_ctime_ns == before.st_ctime_ns  # nothing about it was changed


@needs_seccomp
def test_mode_owner_times_and_attributes_stay(caller: Sandbox, folder: Path) -> None:
    before = (folder / "victim").stat()
    assert outcome(caller, f"tamper {folder / 'victim'}") == ["PermissionError"] * 5
    assert (folder / "victim").stat() == before


@needs_seccomp
def test_only_its_own_limits_may_be_lowered(caller: Sandbox) -> None:
    soft, hard = before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert outcome(caller, f"limit_parent {soft - 1} {hard}") == ["PermissionError"] * 2
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    assert outcome(caller, "limit_itself") == ["2"]


@needs_seccomp
def test_files_can_be_opened_twice_and_kept_to_oneself(caller: Sandbox) -> None:
    assert outcome(caller, "flags") == [str(fcntl.FD_CLOEXEC)]


@needs_landlock
def test_other_processes_are_out_of_reach(sandbox: Sandbox) -> None:
    assert outcome(sandbox, "spy") == ["PermissionError"]
    assert outcome(sandbox, "kill") == ["PermissionError"]


PARENT = """
import sys
from pathlib import Path
from ingest.sandbox import Sandbox
from tests.ingest.sandboxes import HOSTILE
sandbox = Sandbox(1, command=HOSTILE)
progress = lambda *_: print("reading", flush=True)
sandbox.read(Path(sys.executable), "repeat", max_pages=1, progress=progress)
"""


@pytest.mark.skipif(not IS_LINUX, reason="elsewhere it ends when its time is over")
def test_a_process_ends_with_its_parent() -> None:
    before = hostile_processes()
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=root, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "reading\n"
        assert len(hostile_processes(parent.pid)) == 1
        parent.kill()
        parent.wait()
    while hostile_processes() != before:
        pass


if __name__ == "__main__":
    BEHAVIOURS.update(
        {each.__name__: each for each in (call, tamper, limit_parent, limit_itself, flags)}
    )
    serve(load, {}, int(sys.argv[1]))
