from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import olefile
import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import mail as internet_mail
from ingest.loaders import outlook
from rag.domain import DocumentState
from rag.errors import DocumentError
from tests.compound_files import (
    Tree,
    attachment,
    compound_file,
    mail,
    recipient,
    text_property,
)

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
SENT = datetime(2025, 7, 1, 8, 30, tzinfo=UTC)
HEADERS: Tree = {
    **text_property("0037", "The harbour of Sète"),
    **text_property("0C1A", "Ana Roux"),
    **text_property("5D01", "ana@example.org"),
    "__recip_version1.0_#00000000": recipient("Bo Lind", "bo@example.org"),
    "__recip_version1.0_#00000001": recipient("Cy", "cy@example.org", 2),
}
SHOWN = """From: Ana Roux <ana@example.org>
To: Bo Lind <bo@example.org>
Cc: Cy <cy@example.org>
Date: 2025-07-01 08:30 UTC
Subject: The harbour of Sète
"""


def read(folder: Path, content: bytes) -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content)
    return outlook.load(path, "letter.msg", max_pages=50)


def letter(streams: Tree) -> bytes:
    return compound_file(mail({**HEADERS, **streams}, sent=SENT))


def text_of(loaded: LoadedDocument) -> str:
    return "".join(page.text for page in loaded.pages)


def test_a_mail_is_its_headers_and_its_text(tmp_path: Path) -> None:
    loaded = read(tmp_path, letter(text_property("1000", "Dear Bo,\r\n\r\nForty-one boats.")))

    assert text_of(loaded) == f"{SHOWN}\nDear Bo,\r\n\r\nForty-one boats."
    assert (loaded.title, loaded.media_type) == (
        "The harbour of Sète",
        "application/vnd.ms-outlook",
    )


def test_a_body_may_be_a_page(tmp_path: Path) -> None:
    page = "<html><body><h1>Boats</h1><p>Forty-one – été</p></body></html>"
    loaded = read(tmp_path, letter({"__substg1.0_10130102": page.encode()}))

    assert text_of(loaded) == f"{SHOWN}\nBoats\n\nForty-one – été"
    assert [heading.title for heading in loaded.outline] == ["Boats"]


def test_a_body_may_be_rich_text(tmp_path: Path) -> None:
    rich = b"{\\rtf1 Forty-one {\\b boats}.\\par}"
    stored = len(rich).to_bytes(4, "little") * 2 + b"MELA" + bytes(4) + rich

    assert text_of(read(tmp_path, letter({"__substg1.0_10090102": stored}))) == (
        f"{SHOWN}\nForty-one boats."
    )


def test_text_of_old_files_is_in_the_code_page_of_the_mail(tmp_path: Path) -> None:
    content = compound_file(
        mail({"__substg1.0_0037001E": "сорок".encode(), "__substg1.0_1000001E": b"x\0"})
    )

    assert text_of(read(tmp_path, content)) == "Subject: сорок\n\nx"


def test_files_become_attachments(tmp_path: Path) -> None:
    content = letter(
        {
            "__attach_version1.0_#00000000": attachment(
                "..\\..\\cron.d\\x\u202e.txt", b"a" * 9_000
            ),
            "__attach_version1.0_#00000001": attachment("logo.png", b"x", hidden=True),
            "__attach_version1.0_#00000002": attachment("", b"y"),
        }
    )

    assert [(it.name, len(it.content)) for it in read(tmp_path, content).attachments] == [
        ("cron.d/x.txt", 9_000),
        ("attachment 3", 1),
    ]


def test_a_mail_in_a_mail_is_an_attachment_that_can_be_read(tmp_path: Path) -> None:
    inner = mail(
        {
            **text_property("0037", "Re: oars"),
            **text_property("1000", "Inner wörds."),
            "__attach_version1.0_#00000000": attachment("ö.txt", b"deep"),
        },
        header_bytes=24,
    )
    content = letter({"__attach_version1.0_#00000000": attachment("oars", inner)})
    (attached,) = read(tmp_path, content).attachments
    (again,) = read(tmp_path, content).attachments
    path = tmp_path / "inner"
    path.write_bytes(attached.content)
    loaded = internet_mail.load(path, attached.name, max_pages=9)

    assert attached.name == "Re: oars.eml"
    assert attached.content == again.content
    assert text_of(loaded) == "Subject: Re: oars\n\nInner wörds."
    assert [(it.name, it.content) for it in loaded.attachments] == [("ö.txt", b"deep")]


def test_what_the_tests_write_is_sound() -> None:
    tree: Tree = {"big": b"a" * 200_000, "small": b"b" * 70, "folder": {"inner": b"c", "x": b""}}
    with olefile.OleFileIO(io.BytesIO(compound_file(tree))) as file:
        assert file.parsing_issues == []
        assert file.openstream("big").read() == b"a" * 200_000
        assert file.openstream("folder/inner").read() == b"c"
        assert file.openstream("small").read() == b"b" * 70


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (compound_file(mail({})), DocumentState.EMPTY),
        (letter({})[:700], DocumentState.DAMAGED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 2_000, DocumentState.DAMAGED),
    ],
    ids=["nothing", "cut off", "noise"],
)
def test_a_mail_that_gives_nothing_is_refused(
    tmp_path: Path, content: bytes, state: DocumentState
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, content)

    assert caught.value.state is state


def test_the_mail_of_the_harbour_is_read() -> None:
    loaded = outlook.load(FORMATS / "harbour.msg", "harbour.msg", max_pages=10)

    assert "the harbour of Sète holds forty-one boats and one ferry." in text_of(loaded)
    assert [attached.name for attached in loaded.attachments] == ["boats.csv"]
