"""Opens archives (ZIP): the files in them become attachments, each to be read by itself."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest import titles
from ingest.archive import Archive, opened
from ingest.attachments import display_name
from ingest.charsets import encoding_of
from ingest.filetypes import suffix_of
from ingest.loaded import Attachment, LeftOut, LoadedDocument
from rag.domain import DocumentState
from rag.errors import DocumentError

MEDIA_TYPE = "application/zip"
MOST_OF_NOTHING = 20  # bytes that nothing takes when it is compressed
MOST_NAMED = 5  # files, in a sentence
HIDDEN = "It is hidden, or of the system that packed it."
EMPTY = "It is empty."
_NESTED = frozenset(
    (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".cab", ".lzh")
)
_RUBBISH = frozenset(("__macosx", "thumbs.db", "desktop.ini", "icon\r"))
_HIDDEN = (".", "~$")
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1


@dataclass(slots=True)
class _Members:
    files: list[Attachment] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)
    unusual: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    passed: list[LeftOut] = field(default_factory=list)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Each file that is not taken in, with why."""
        lost = [LeftOut(name, f"It is {why}.") for names, why in _reasons(self) for name in names]
        return (*lost, *self.passed)


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """The files of an archive. Hidden and empty ones are passed over; archives are only named.

    It has no pages of its own: `max_pages` is for each of its files.

    Raises:
        DocumentError: it is damaged or too large.
    """
    with opened(path) as archive:
        members = _members(archive)
    state, reason = _ending(members, name)
    return LoadedDocument(
        title=titles.from_name(name),
        media_type=MEDIA_TYPE,
        paginated=False,
        pages=(),
        outline=(),
        state=state,
        reason=reason,
        attachments=tuple(members.files),
        left_out=members.left_out,
    )


def _members(archive: Archive) -> _Members:
    members = _Members()
    for number, entry in enumerate(archive.entries, 1):
        name = display_name(_name(entry), f"file {number}")
        if _is_rubbish(name):
            members.passed.append(LeftOut(name, HIDDEN, passed=True))
        elif _is_empty(entry):
            members.passed.append(LeftOut(name, EMPTY, passed=True))
        elif not entry.file_size:
            members.broken.append(name)
        elif suffix_of(name) in _NESTED:
            members.nested.append(name)
        elif entry.flag_bits & _ENCRYPTED:
            members.locked.append(name)
        else:
            _add(archive, entry, name, members)
    return members


def _add(archive: Archive, entry: zipfile.ZipInfo, name: str, members: _Members) -> None:
    try:
        members.files.append(Attachment(name, archive.read(entry)))
    except DocumentError as error:
        if error.state is DocumentState.TOO_LARGE:
            raise
        is_unusual = error.state is DocumentState.UNSUPPORTED
        (members.unusual if is_unusual else members.broken).append(name)


def _is_empty(entry: zipfile.ZipInfo) -> bool:
    """Whether there is nothing in a file; one that only says so has a checksum, or content."""
    return not (entry.file_size or entry.CRC or entry.compress_size > MOST_OF_NOTHING)


def _name(entry: zipfile.ZipInfo) -> str:
    """The name of a file; many programs do not say in which characters they write it."""
    if entry.flag_bits & _UTF8_NAME or entry.filename.isascii():
        return entry.filename
    try:
        written = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    encoding = encoding_of(written)
    return written.decode(encoding, errors="replace") if encoding else entry.filename


def _is_rubbish(name: str) -> bool:
    parts = name.lower().split("/")
    return any(part in _RUBBISH or part.startswith(_HIDDEN) for part in parts)


def _reasons(members: _Members) -> Sequence[tuple[Sequence[str], str]]:
    return (
        (members.nested, "an archive in the archive; unpack it and add it by itself"),
        (members.locked, "protected by a password"),
        (members.unusual, "compressed in an unusual way; pack it again as a plain ZIP file"),
        (members.broken, "damaged"),
    )


def _ending(members: _Members, within: str) -> tuple[DocumentState, str]:
    """The state of an archive, and why it is not read whole."""
    if not members.files:
        return _nothing(members, within)
    said = [
        f"Not read: {_listed(names, within)} ({why})." for names, why in _reasons(members) if names
    ]
    return (DocumentState.PARTIAL if said else DocumentState.READY), " ".join(said)


def _listed(names: Sequence[str], within: str) -> str:
    """The first of them, called as they would be in the library."""
    more = len(names) - MOST_NAMED
    shown = ", ".join(f"{within}/{name}" for name in names[:MOST_NAMED])
    return f"{shown} and {more:,} more" if more > 0 else shown


def _nothing(members: _Members, within: str) -> tuple[DocumentState, str]:
    if members.locked and not members.broken:
        return (
            DocumentState.NEEDS_PASSWORD,
            "The archive is protected by a password. Unpack it and add the files themselves.",
        )
    if members.broken:
        return (
            DocumentState.DAMAGED,
            "The archive is damaged: none of its files can be unpacked. Get it again from where "
            "it came from.",
        )
    if members.unusual:
        return (
            DocumentState.UNSUPPORTED,
            "The archive is compressed in an unusual way. Pack it again as a plain ZIP file.",
        )
    if members.nested:
        return (
            DocumentState.UNSUPPORTED,
            f"The archive holds only other archives ({_listed(members.nested, within)}). Unpack it "
            "and add those.",
        )
    return DocumentState.EMPTY, "The archive holds no files that can be read."
