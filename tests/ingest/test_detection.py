from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.detection import FileType, detect, mismatch
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests import builders
from tests.compound_files import compound_file, mail

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
PAGE = b"<!DOCTYPE html>\n<html><body>Words</body></html>"
LETTER = (
    b"Received: from a by b\nMessage-ID: <1@x>\nFrom: a@example.org\nSubject: Boats\n\nForty-one.\n"
)
POSTMARK = b"From a@example.org Mon Jan  6 09:30:00 2025\n"


def archive(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, member in members.items():
            file.writestr(name, member)
    return content.getvalue()


CONTENT = {
    FileType.PDF: builders.pdf([builders.paragraph("Some words.")]),
    FileType.DOCX: archive({"[Content_Types].xml": b"x", "word/document.xml": b"x"}),
    FileType.PPTX: archive({"[Content_Types].xml": b"x", "ppt/slides/slide1.xml": b"x"}),
    FileType.XLSX: archive({"xl/workbook.xml": b"x"}),
    FileType.XLS: compound_file({"Workbook": b"x"}),
    FileType.HTML: PAGE,
    FileType.RTF: b"{\\rtf1 Words}",
    FileType.EPUB: archive({"mimetype": b"application/epub+zip", "a.opf": b"x"}),
    FileType.EML: LETTER,
    FileType.MSG: compound_file(mail({})),
    FileType.PNG: builders.png(),
    FileType.JPEG: b"\xff\xd8\xff\xe0\x00\x10JFIF",
    FileType.TIFF: b"II*\x00\x08\x00\x00\x00",
    FileType.ZIP: archive({"word/notes.txt": b"x"}),
}


def kind(folder: Path, name: str, content: bytes) -> FileType:
    path = folder / "stored"
    path.write_bytes(content)
    return detect(path, name)


def refusal(folder: Path, name: str, content: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        kind(folder, name, content)
    return caught.value


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xls", "a.txt", "a.png", "a.json", "a"])
@pytest.mark.parametrize("expected", CONTENT)
def test_a_file_is_what_its_content_says(tmp_path: Path, expected: FileType, name: str) -> None:
    assert kind(tmp_path, name, CONTENT[expected]) is expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"a,b\n1,2\n", FileType.TEXT),
        ("a.csv", b"a,b\n1,2\n", FileType.CSV),
        ("a.tsv", b"a\tb\n1\t2\n", FileType.TSV),
        ("a.md", b"# A\n", FileType.MARKDOWN),
        ("a.md", PAGE, FileType.MARKDOWN),
        ("a.py", b"# A\n", FileType.CODE),
        ("Makefile", b"all:\n\ttrue\n", FileType.CODE),
        ("run", b"#!/bin/sh\ntrue\n", FileType.CODE),
        ("a.php", PAGE, FileType.CODE),
        ("a.json", b"{broken", FileType.JSON),
        ("a", b'[{"a": 1}]', FileType.JSON),
        ("a.txt", b"{curly} words", FileType.TEXT),
        ("a.htm", b"<p>no head", FileType.HTML),
        ("a.xml", b"<?xml version='1.0'?><a/>", FileType.CODE),
        ("a", b"\xef\xbb\xbf <!-- c --> <HTML lang=en>", FileType.HTML),
        ("a", b"<?xml version='1.0'?>\n<html xmlns='x'>", FileType.HTML),
        ("a.eml", b"Subject: x\n\ny", FileType.EML),
        ("a.eml", b"No header at all.\n", FileType.TEXT),
        ("a.txt", b"From: Ana\nTo: Bo\nSubject: Boats\n\nForty-one.", FileType.TEXT),
        ("a.mbox", b"From a Mon\n" + LETTER, FileType.MBOX),
        ("a.mbox", b"No mail at all.\n", FileType.TEXT),
        ("a.eml", b"From a Mon\n" + LETTER, FileType.EML),
        ("a.txt", POSTMARK + LETTER, FileType.EML),
        ("a.txt", POSTMARK + LETTER + b"\n" + POSTMARK + LETTER, FileType.MBOX),
        ("a.eml", POSTMARK + LETTER + b"\n" + POSTMARK + LETTER, FileType.MBOX),
        ("a.txt", POSTMARK + LETTER + b"\nFrom now on:\nb: 12:30 they are in.\n", FileType.EML),
        ("a.xls", b"a\tb\n1\t2\n", FileType.TSV),
        ("a.xls", b"a;b\n1;2\n", FileType.CSV),
        ("a.doc", b"Only words.", FileType.TEXT),
        ("a.txt", "Größe: 漢字\n".encode("utf-16-le"), FileType.TEXT),
        ("a.txt", b"notes on the mark %PDF-1.7", FileType.TEXT),
        ("a.txt", b"BM is how this begins", FileType.TEXT),
    ],
)
def test_texts_are_told_apart_by_their_names(
    tmp_path: Path, name: str, content: bytes, expected: FileType
) -> None:
    assert kind(tmp_path, name, content) is expected


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.bin", b"\x00\x01 junk %PDF-1.7 more", FileType.PDF),
        ("a.pdf", b"HTTP/1.1 200 OK\r\n\r\n%PDF-1.7", FileType.PDF),
        ("a.pdf", b"\x00no mark\n1 0 obj\n<<>>", FileType.PDF),
        ("a.bin", b"\x00" * 1100 + b"%PDF-1.7", None),
        ("a.zip", archive({"a.pdf": b"%PDF-1.7 stored"}), FileType.ZIP),
        ("a.pdf", archive({"a.pdf": b"%PDF-1.7 stored"}), FileType.PDF),
        ("a.docx", b"%PDF-1.7\n" + archive({"word/document.xml": b"x"}), FileType.PDF),
        ("a.png", builders.png() + b"%PDF-1.7", FileType.PNG),
        ("a", b"MZ\x00\x90%PDF-1.7", FileType.PDF),
    ],
    ids=range(9),
)
def test_a_file_that_is_two_things_is_read_as_one(
    tmp_path: Path, name: str, content: bytes, expected: FileType | None
) -> None:
    if expected is None:
        assert refusal(tmp_path, name, content).state is DocumentState.UNSUPPORTED
    else:
        assert kind(tmp_path, name, content) is expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (compound_file({"WordDocument": b"x"}), "old Word document (.doc)"),
        (compound_file({"PowerPoint Document": b"x"}), "save it as .pptx or PDF"),
        (compound_file({"Contents": b"x"}), "old Office document"),
        (archive({"mimetype": b"application/vnd.oasis.opendocument.text"}), "OpenDocument"),
        (archive({"xl/workbook.bin": b"x"}), "Save it as .xlsx"),
        (archive({"Index/Document.iwa": b"x"}), "Export it as PDF"),
        (archive({"visio/document.xml": b"x", "[Content_Types].xml": b"x"}), "Visio"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "of 2003"),
        (b"GIF89a\x00\x01", "a picture (GIF)"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a picture (WebP)"),
        (b"7z\xbc\xaf\x27\x1c\x00", "7-Zip"),
        (bytes(range(256)) * 20, "unknown binary"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    error = refusal(tmp_path, "report.txt", content)

    assert error.state is DocumentState.UNSUPPORTED
    assert said in error.reason


SIGNATURE = bytes.fromhex("3080 0609 2a864886f70d010702 a080 3080 020101 3182")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("setup.exe", b"MZ\x90\x00\x03\x00", "a Windows program, or a part of one"),
        ("codec.dll", b"MZ\x90\x00\x03\x00", "a Windows program, or a part of one"),
        ("lib.so.2", b"\x7fELF\x02\x01\x01\x00", "a Linux program, or a part of one"),
        ("A.class", b"\xca\xfe\xba\xbe\x00\x00\x00\x41", "a Java program, or a part of one"),
        ("a.dylib", b"\xca\xfe\xba\xbe\x00\x00\x00\x02", "a macOS program"),
        ("tool", b"\xcf\xfa\xed\xfe\x07\x00\x00\x01", "a macOS program, or a part of one"),
        ("a.wasm", b"\x00asm\x01\x00\x00\x00", "a program (WebAssembly)"),
        ("smime.p7s", SIGNATURE, "a digital signature"),
        ("a.sig", b"-----BEGIN PGP SIGNATURE-----\n\niQEz\n", "a digital signature"),
    ],
)
def test_what_holds_no_text_is_said_to(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    error = refusal(tmp_path, name, content)
    assert error.state is DocumentState.UNSUPPORTED
    assert error.reason == f"This is {said}. It holds no text to read."


def test_a_program_under_another_name_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "bill.pdf", b"MZ\x90\x00\x03\x00").reason == (
        "The file is called .pdf, but is a Windows program, or a part of one. "
        "It holds no text to read."
    )


def test_a_mail_within_its_signature_is_to_be_taken_out_of_it(tmp_path: Path) -> None:
    assert "save the mail without its signature" in refusal(tmp_path, "a.p7m", SIGNATURE).reason


@pytest.mark.parametrize("name", ["report.txt", "report.pdf"])
def test_what_cannot_be_read_says_what_is(tmp_path: Path, name: str) -> None:
    said = (
        "Save it as a kind that is read: PDF, Office, HTML, EPUB, e-mail, text, PNG, JPEG or TIFF."
    )
    assert refusal(tmp_path, name, b"GIF89a\x00\x01").reason.endswith(f"cannot be read. {said}")


@pytest.mark.parametrize(
    ("name", "content", "state", "said"),
    [
        ("a.txt", b"", DocumentState.EMPTY, "empty"),
        ("a.pdf", b"12 % 7", DocumentState.DAMAGED, "called a PDF, but its content is none"),
        ("a.docx", b"h\xe9\xff\xfe", DocumentState.DAMAGED, "content is no Word document"),
        ("a.png", b"12", DocumentState.DAMAGED, "content is no picture"),
        ("a.pdf", b"\x00\x07\x08" * 99, DocumentState.DAMAGED, "content is none"),
        ("a.pdf", b"MZ\x90\x00\x03", DocumentState.UNSUPPORTED, "called .pdf, but is a Windows"),
        ("a.docx", b"PK\x03\x04 cut", DocumentState.DAMAGED, "damaged"),
        ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut", DocumentState.DAMAGED, "damaged"),
        (
            "a.docx",
            compound_file({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}),
            DocumentState.NEEDS_PASSWORD,
            "remove the password",
        ),
    ],
    ids=range(9),
)
def test_a_file_that_is_not_what_it_is_called_says_so(
    tmp_path: Path, name: str, content: bytes, state: DocumentState, said: str
) -> None:
    error = refusal(tmp_path, name, content)

    assert error.state is state
    assert said in error.reason


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (
            FileType.DOCX,
            "Report.PDF",
            "The file is called .pdf, but is a Word document; it was read as one.",
        ),
        (FileType.PDF, "a.docx", "The file is called .docx, but is a PDF; it was read as one."),
        (FileType.PDF, "a.txt", "The file is called .txt, but is a PDF; it was read as one."),
        (FileType.HTML, "a.xls", "The file is called .xls, but is a web page; it was read as one."),
        (
            FileType.TEXT,
            "a.doc",
            "The file is called .doc, but is plain text; it was read as text.",
        ),
        (
            FileType.XLSX,
            "a.xls",
            "The file is called .xls, but is an Excel workbook; it was read as one.",
        ),
        (
            FileType.JPEG,
            "a.png",
            "The file is called .png, but is a picture (JPEG); it was read as one.",
        ),
        (FileType.DOCX, "a.docm", ""),
        (FileType.TEXT, "a.md", ""),
        (FileType.JSON, "a.txt", ""),
        (FileType.PDF, "a", ""),
        (FileType.PDF, "a.2024", ""),
        (FileType.CODE, "x/Dockerfile", ""),
    ],
)
def test_a_mismatch_is_told_in_one_sentence(kind: FileType, name: str, said: str) -> None:
    assert mismatch(kind, name) == said


@pytest.mark.parametrize("path", sorted(FORMATS.glob("*.*")), ids=lambda path: path.suffix)
def test_files_as_programs_write_them_are_known_without_their_names(path: Path) -> None:
    if path.suffix not in (".csv", ".md", ".tsv", ".txt"):
        assert detect(path, "file") is detect(path, path.name)
        assert mismatch(detect(path, "file"), path.name) == ""
