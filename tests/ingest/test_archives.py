from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ingest.attachments import display_name
from ingest.loaded import LoadedDocument
from ingest.loaders import archives
from rag.domain import DocumentState
from rag.errors import DocumentError


def packed(*members: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members:
            archive.writestr(name, member)
    return content.getvalue()


def read(folder: Path, content: bytes) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content)
    return archives.load(path, "my_files.zip", max_pages=50)


def refusal(folder: Path, content: bytes) -> DocumentError:
    """Why nothing of an archive is taken in, whether it could be opened or not."""
    try:
        loaded = read(folder, content)
    except DocumentError as error:
        return error
    assert (loaded.attachments, loaded.pages) == ((), ())
    return DocumentError(loaded.state, loaded.reason)


def locked(content: bytes) -> bytes:
    """The first file of an archive marked as encrypted, where it stands and in the list."""
    changed = bytearray(content)
    changed[6] |= 1
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def test_files_become_attachments_and_rubbish_does_not(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        packed(
            ("notes/", b""),
            ("notes/a.txt", b"Forty-one boats."),
            ("__MACOSX/notes/._a.txt", b"x"),
            ("notes/.DS_Store", b"x"),
            (".git/config", b"x"),
            ("~$b.docx", b"x"),
            ("Thumbs.db", b"x"),
            ("empty.txt", b""),
        ),
    )

    assert [(it.name, it.content) for it in loaded.attachments] == [
        ("notes/a.txt", b"Forty-one boats.")
    ]
    assert (loaded.title, loaded.media_type, loaded.pages) == ("my files", "application/zip", ())
    assert (loaded.state, loaded.reason) == (DocumentState.READY, "")
    assert [(it.name, it.passed) for it in loaded.left_out] == [
        (name, True)
        for name in ("__MACOSX/notes/._a.txt", "notes/.DS_Store", ".git/config", "~$b.docx")
    ] + [("Thumbs.db", True), ("empty.txt", True)]


def test_what_cannot_be_taken_out_is_named_each_with_its_reason(tmp_path: Path) -> None:
    names = [f"old/{number}.zip" for number in range(7)]
    loaded = read(tmp_path, packed(*((name, packed(("c", b"x"))) for name in names)))

    assert loaded.state is DocumentState.UNSUPPORTED
    assert "and 2 more" in loaded.reason
    assert [(it.name, it.passed) for it in loaded.left_out] == [(name, False) for name in names]
    assert {it.reason for it in loaded.left_out} == {
        "It is an archive in the archive; unpack it and add it by itself."
    }


def test_archives_in_it_are_named(tmp_path: Path) -> None:
    loaded = read(tmp_path, packed(("a.txt", b"x"), ("old/b.zip", packed(("c", b"x")))))

    assert [attached.name for attached in loaded.attachments] == ["a.txt"]
    assert loaded.state is DocumentState.PARTIAL
    assert loaded.reason == (
        "Not read: my_files.zip/old/b.zip (an archive in the archive; unpack it and add it by "
        "itself)."
    )


def test_a_damaged_file_costs_only_itself(tmp_path: Path) -> None:
    content = packed(("a.txt", b"first words"), ("b.txt", b"second words"))
    loaded = read(tmp_path, content.replace(b"second", b"sec0nd"))

    assert [attached.name for attached in loaded.attachments] == ["a.txt"]
    assert loaded.reason == "Not read: my_files.zip/b.txt (damaged)."


def test_a_file_that_says_it_is_empty_and_is_not_is_named(tmp_path: Path) -> None:
    content = bytearray(packed(("a.txt", b"first words"), ("b.txt", b"second words")))
    listed = content.index(b"PK\x01\x02")
    content[listed + 24 : listed + 28] = bytes(4)
    loaded = read(tmp_path, bytes(content))

    assert [attached.name for attached in loaded.attachments] == ["b.txt"]
    assert loaded.reason == "Not read: my_files.zip/a.txt (damaged)."


def test_a_file_that_is_compressed_in_an_unusual_way_is_not_called_damaged(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", b"first words", zipfile.ZIP_LZMA)
        archive.writestr("b.txt", b"second words")
    loaded = read(tmp_path, content.getvalue())

    assert [attached.name for attached in loaded.attachments] == ["b.txt"]
    assert loaded.reason == (
        "Not read: my_files.zip/a.txt (compressed in an unusual way; pack it again as a plain ZIP "
        "file)."
    )
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", b"first words")
    assert refusal(tmp_path, content.getvalue()).state is DocumentState.UNSUPPORTED


def test_a_locked_file_costs_only_itself(tmp_path: Path) -> None:
    loaded = read(tmp_path, locked(packed(("a.txt", b"secret"), ("b.txt", b"open"))))

    assert [attached.name for attached in loaded.attachments] == ["b.txt"]
    assert loaded.reason == "Not read: my_files.zip/a.txt (protected by a password)."


@pytest.mark.parametrize(
    ("content", "state", "said"),
    [
        (packed(), DocumentState.EMPTY, "no files"),
        (packed((".hidden", b"x")), DocumentState.EMPTY, "no files"),
        (locked(packed(("a.txt", b"x"))), DocumentState.NEEDS_PASSWORD, "password"),
        (
            packed(("a.zip", b"x")),
            DocumentState.UNSUPPORTED,
            "only other archives (my_files.zip/a.zip)",
        ),
        (
            packed(("a.txt", b"words")).replace(b"words", b"wards"),
            DocumentState.DAMAGED,
            "none of its files",
        ),
        (b"PK\x03\x04 cut off", DocumentState.DAMAGED, "damaged"),
    ],
    ids=["empty", "hidden", "locked", "nested", "wrong", "cut"],
)
def test_an_archive_that_gives_nothing_says_why(
    tmp_path: Path, content: bytes, state: DocumentState, said: str
) -> None:
    error = refusal(tmp_path, content)

    assert error.state is state
    assert said in error.reason


def test_a_bomb_is_refused_whatever_it_says_of_its_size(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 12_000_000)

    assert refusal(tmp_path, content.getvalue()).state is DocumentState.TOO_LARGE


def test_names_are_read_in_the_characters_they_were_written_in(tmp_path: Path) -> None:
    names = ("été.txt", "зимой в гавани.txt")
    content = packed(*((f"{number}" * 40 + ".txt", b"x") for number in range(2)))
    for number, (name, encoding) in enumerate(zip(names, ("utf-8", "cp866"), strict=True)):
        written = name.encode(encoding)
        content = content.replace(
            f"{number}".encode() * 40 + b".txt", written.rjust(44, f"{number}".encode())
        )

    found = [attached.name for attached in read(tmp_path, content).attachments]

    assert [name.lstrip("01") for name in found] == list(names)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("folder/report.pdf", "folder/report.pdf"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\Users\\a.txt", "Users/a.txt"),
        ("a/./..//b", "a/b"),
        ("a\x00b\r\nc\x1b[2J", "a b c [2J"),
        ("\u202efdp.exe", "fdp.exe"),
        ("...", "file 1"),
        ("", "file 1"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_text_and_no_path(name: str, shown: str) -> None:
    assert display_name(name, "file 1") == shown
