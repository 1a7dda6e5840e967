"""What a process that reads files may not do, laid upon itself and never to be lifted.

Limits of memory, files and processes hold on every Unix. On Linux it also ends with its parent,
and may neither start processes nor open sockets, nor change the mode, owner, times or attributes
of a file, the limits of other processes, its namespaces or the kernel's keyrings, nor lock files,
nor keep anything in the kernel's memory, where no limit counts it and it outlives the process
(seccomp), nor write or remove anything on disk, look into processes outside or send them signals
(Landlock), wherever the kernel has these.

Reading is not confined: every file that the user may read, it may read, one with keys in it too.
That it has no keys means that none are in its environment, which its parent sees to.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

MAX_OPEN_FILES = 64
BACKSTOP_SECONDS = 5  # after what a file is allowed, if nobody is left to watch it

_IS_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2
_RET_ALLOW, _RET_ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF
# In struct seccomp_data; an argument's lower half comes first on both machines below.
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_LOW_AT, _FIRST_HIGH_AT, _SECOND_LOW_AT = 0, 4, 16, 20, 24
_X32_CALLS = 0x40000000
_CLONE_THREAD = 0x00010000
_CLONE3 = 435  # its flags are out of a filter's sight; without it, libc falls back on clone
# What fcntl must not do: F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY.
_LOCKS = (6, 7, 37, 38, 1024, 1026)
# By machine: its AUDIT_ARCH, its numbers for clone, prlimit64 and fcntl, and what it must not call.
# aarch64 has no numbers for the oldest calls; those that a kernel does not know do no harm.
_CALLS = {
    "x86_64": (
        *(0xC000003E, 56, 302, 72),
        (
            *(57, 58, 59, 322),  # fork, vfork, execve, execveat
            *(41, 101, 310, 311),  # socket, ptrace, process_vm_readv, process_vm_writev
            *(425, 426, 427),  # io_uring_setup, io_uring_enter, io_uring_register
            *(90, 91, 268, 452),  # chmod, fchmod, fchmodat, fchmodat2
            *(92, 94, 93, 260),  # chown, lchown, fchown, fchownat
            *(132, 235, 261, 280),  # utime, utimes, futimesat, utimensat
            *(188, 189, 190, 463),  # setxattr, lsetxattr, fsetxattr, setxattrat
            *(197, 198, 199, 466),  # removexattr, lremovexattr, fremovexattr, removexattrat
            *(272, 308),  # unshare, setns
            *(250, 248, 249),  # keyctl, add_key, request_key
            *(321, 298, 323),  # bpf, perf_event_open, userfaultfd
            *(29, 30, 31),  # shmget, shmat, shmctl
            *(68, 69, 70, 71, 240),  # msgget, msgsnd, msgrcv, msgctl, mq_open
            *(64, 65, 220, 66),  # semget, semop, semtimedop, semctl
            *(319, 447),  # memfd_create, memfd_secret
            *(253, 294, 300),  # inotify_init, inotify_init1, fanotify_init
            *(73,),  # flock
        ),
    ),
    "aarch64": (
        *(0xC00000B7, 220, 261, 25),
        (
            *(221, 281),  # execve, execveat
            *(198, 117, 270, 271),  # socket, ptrace, process_vm_readv, process_vm_writev
            *(425, 426, 427),  # io_uring_setup, io_uring_enter, io_uring_register
            *(52, 53, 452),  # fchmod, fchmodat, fchmodat2
            *(55, 54),  # fchown, fchownat
            *(88,),  # utimensat
            *(5, 6, 7, 463),  # setxattr, lsetxattr, fsetxattr, setxattrat
            *(14, 15, 16, 466),  # removexattr, lremovexattr, fremovexattr, removexattrat
            *(97, 268),  # unshare, setns
            *(219, 217, 218),  # keyctl, add_key, request_key
            *(280, 241, 282),  # bpf, perf_event_open, userfaultfd
            *(194, 196, 195),  # shmget, shmat, shmctl
            *(186, 189, 188, 187, 180),  # msgget, msgsnd, msgrcv, msgctl, mq_open
            *(190, 193, 192, 191),  # semget, semop, semtimedop, semctl
            *(279, 447),  # memfd_create, memfd_secret
            *(26, 262),  # inotify_init1, fanotify_init
            *(32,),  # flock
        ),
    ),
}
# linux/capability.h
_CAPABILITY_VERSION, _READ_ALL = 0x20080522, 1 << 2  # CAP_DAC_READ_SEARCH
# linux/landlock.h: all rights to files but reading them, by the version that brought them.
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446  # system calls
_LANDLOCK_VERSION = 1  # the flag that asks for it
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # how many bits there are since
_NET_RIGHTS, _SCOPES = 0b11, 0b11  # bind and connect by TCP; abstract sockets, signals


def confine(memory_bytes: int) -> None:
    """Give up all that reading does not need; memory may grow by this much from now on.

    For the only thread of a process, after everything of ours is imported.
    """
    sys.dont_write_bytecode = True
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        # Root is not bound by it; for others it forbids threads as well, which no reader needs.
        (resource.RLIMIT_NPROC, 0),
    ):
        _limit(limit, most)
    if not _IS_LINUX:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _limit(resource.RLIMIT_AS, memory_in_use()[0] + memory_bytes)
    _prctl(libc, _PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1)
    _give_up_privileges(libc)
    _forbid_changes(libc)
    _forbid_calls(libc)


def allow_seconds(seconds: float) -> None:
    """From now on, at most this long in processor time, and little longer by the clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + 1
    with suppress(ValueError):  # a lower limit is there already
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.alarm(int(seconds) + BACKSTOP_SECONDS)


def memory_in_use() -> tuple[int, int]:
    """Bytes of address space and of memory; where the system does not say, the most there was."""
    if not _IS_LINUX:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak, peak
    pages = Path("/proc/self/statm").read_bytes().split()
    return int(pages[0]) * resource.getpagesize(), int(pages[1]) * resource.getpagesize()


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (lower, lower))


def _prctl(libc: ctypes.CDLL, option: int, value: int, pointer: int = 0) -> None:
    """Refusals are borne: not every kernel, and not every container, has every option."""
    libc.prctl(option, *(ctypes.c_ulong(each) for each in (value, pointer, 0, 0)))


def _give_up_privileges(libc: ctypes.CDLL) -> None:
    """Root keeps nothing but its right to read what others own."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    # Effective, permitted, inheritable; then the same for capabilities beyond 32.
    libc.capset(header, (ctypes.c_uint32 * 6)(_READ_ALL, _READ_ALL))


def _forbid_changes(libc: ctypes.CDLL) -> None:
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    if version < 1:
        return
    bits = max(bits for since, bits in _FILE_RIGHTS.items() if since <= version)
    rights = ((1 << bits) - 1) & ~(_READ_FILE | _READ_FOLDER)
    attributes = (ctypes.c_uint64 * 3)(rights, _NET_RIGHTS, _SCOPES)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0)
    if ruleset >= 0:
        libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
        os.close(ruleset)


def _forbid_calls(libc: ctypes.CDLL) -> None:
    if platform.machine() not in _CALLS:
        return
    architecture, clone, prlimit, fcntl, forbidden = _CALLS[platform.machine()]
    refusal, leave = (_RETURN, 0, 0, _RET_ERRNO | errno.EPERM), (_RETURN, 0, 0, _RET_ALLOW)
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, architecture),
        refusal,
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32_CALLS),
        refusal,
    ]
    for number in forbidden:
        program += [(_EQUAL, 0, 1, number), refusal]
    program += [
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _RET_ERRNO | errno.ENOSYS),
        (_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _FIRST_LOW_AT),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        refusal,
        leave,
        (_EQUAL, 0, 2 + 2 * len(_LOCKS), fcntl),
        (_LOAD, 0, 0, _SECOND_LOW_AT),
        *chain.from_iterable(((_EQUAL, 0, 1, lock), refusal) for lock in _LOCKS),
        leave,
        (_EQUAL, 0, 5, prlimit),  # of itself, which is 0: libc's setrlimit
        (_LOAD, 0, 0, _FIRST_LOW_AT),
        (_EQUAL, 0, 2, 0),
        (_LOAD, 0, 0, _FIRST_HIGH_AT),
        (_EQUAL, 1, 0, 0),
        refusal,
        leave,
    ]
    _install(libc, program)


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


def _install(libc: ctypes.CDLL, program: Sequence[tuple[int, int, int, int]]) -> None:
    instructions = (_Instruction * len(program))(*(_Instruction(*each) for each in program))
    whole = _Program(len(program), instructions)
    _prctl(libc, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(whole))
