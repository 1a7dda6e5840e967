"""The files of a git repository that has no work tree, written into a folder.

A snapshot of a public repository often is a bare git directory. What its newest commit holds is
listed with `git ls-tree -r`, and read with one `git cat-file --batch`; nothing is checked out, so
that no filter, hook or setting of the repository runs, and no name in it becomes a path.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
# Never fetch what the snapshot lacks, and believe no settings of the machine.
_SETTINGS = {"GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that a commit lists: its path in the repository, for display, and its content's id."""

    path: str
    blob: str


def listed(git_dir: Path, suffixes: Collection[str]) -> list[Listed]:
    """What the newest commit holds with one of these suffixes, each content once."""
    listing = subprocess.run(
        _git(git_dir, "ls-tree", "-r", "-z", "HEAD"),
        check=True, capture_output=True, env=_environment(),
    ).stdout  # fmt: skip
    found: dict[str, Listed] = {}
    for row in listing.decode("utf-8", errors="replace").split("\0"):
        head, _, path = row.partition("\t")
        mode, kind, blob = head.split(" ") if path else ("", "", "")
        is_file = kind == "blob" and mode != "120000"
        if is_file and PurePosixPath(path).suffix.lower().lstrip(".") in suffixes:
            found.setdefault(blob, Listed(path, blob))
    return list(found.values())


def export(git_dir: Path, files: Collection[Listed], folder: Path) -> Mapping[str, Path]:
    """Write the content of files into a folder; what the snapshot lacks is absent.

    Returns:
        Where each content lies, by its id.
    """
    places: dict[str, Path] = {}
    command = _git(git_dir, "cat-file", "--batch")
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for file in files:
            reader.stdin.write(file.blob.encode("ascii") + b"\n")
            reader.stdin.flush()
            content = _content(reader.stdout)
            if content is not None and not content.startswith(LFS_POINTER):
                places[file.blob] = folder / file.blob
                places[file.blob].write_bytes(content)
        reader.stdin.close()
    return places


def _content(answers: IO[bytes]) -> bytes | None:
    """The next answer of `git cat-file --batch`; None for an object that is not there."""
    head = answers.readline().split()
    if len(head) != 3:
        return None
    content = answers.read(int(head[2]))
    answers.read(1)
    return content


def in_folder(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those within, in order; links are not followed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def _git(git_dir: Path, *arguments: str) -> list[str]:
    return ["git", f"--git-dir={git_dir}", *arguments]


def _environment() -> dict[str, str]:
    return {**os.environ, **_SETTINGS}
