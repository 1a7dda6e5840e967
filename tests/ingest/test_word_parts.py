from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.loaded import LoadedDocument
from ingest.loaders import oleobject, word, wordparts
from rag.domain import DocumentState
from tests.documents import NAMESPACE, archive_of, document_of, docx, paragraph_of, said, table_of
from tests.workbooks import rows, xlsx

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"


def loaded(
    folder: Path,
    *blocks: str,
    relations: Mapping[str, tuple[str, str]],
    parts: Mapping[str, str | bytes],
) -> LoadedDocument:
    """A document that leads to other parts: their kinds and targets, by their relations."""
    listed = "".join(
        f'<Relationship Id="{key}" Type="x/{kind}" Target="{target}"/>'
        for key, (kind, target) in relations.items()
    )
    path = folder / "stored"
    path.write_bytes(
        archive_of(
            {
                "word/document.xml": document_of(*blocks),
                "word/_rels/document.xml.rels": f"<Relationships>{listed}</Relationships>",
                **parts,
            }
        )
    )
    return word.load(path, "the_report.docx", max_pages=100)


def comment(number: int, author: str, text: str) -> str:
    return f'<w:comment w:id="{number}" w:author="{author}">{paragraph_of(said(text))}</w:comment>'


def refer(number: int) -> str:
    return f'<w:r><w:commentReference w:id="{number}"/></w:r>'


def test_comments_stand_below_what_they_are_on_and_others_at_the_end(tmp_path: Path) -> None:
    written = "".join(
        comment(*each)
        for each in (
            (0, "Ana Roux", "Too dear?"),
            (1, "", "In euros."),
            (2, "Bo", "On nothing."),
            (3, "Cy", "On what is gone."),
        )
    )
    found = loaded(
        tmp_path,
        paragraph_of(said("The fare is 14."), refer(0), refer(0)),
        table_of(("Ship", "Fare"), ("Skua", "8")).replace("</w:p>", f"{refer(1)}</w:p>", 1),
        paragraph_of(refer(2)),
        paragraph_of(said("The end.")),
        relations={"c": ("comments", "comments.xml")},
        parts={"word/comments.xml": f'<w:comments xmlns:w="{NAMESPACE}">{written}</w:comments>'},
    )

    assert found.pages[0].text == (
        "The fare is 14.\n\nComment by Ana Roux: Too dear?\n\nShip | Fare\nSkua | 8\n\n"
        "Comment: In euros.\n\nComment by Bo: On nothing.\n\nThe end.\n\n"
        "Comment by Cy: On what is gone."
    )


def test_texts_of_other_formats_stand_where_the_document_takes_them_in(tmp_path: Path) -> None:
    chunk = '<w:altChunk xmlns:r="urn:r" r:id="{0}"/>'.format
    page = "<html><body><h2>Fares</h2><p>Skua: 8</p></body></html>"
    found = loaded(
        tmp_path,
        paragraph_of(said("Before.")),
        chunk("a") + chunk("a") + chunk("b") + chunk("c") + chunk("d"),
        paragraph_of(said("After.")),
        relations={
            "a": ("aFChunk", "a.html"),
            "b": ("aFChunk", "b.txt"),
            "c": ("aFChunk", "c.dat"),
            "d": ("aFChunk", "gone.html"),
        },
        parts={
            "word/a.html": page,
            "word/b.txt": "In winter.\n",
            "word/c.dat": docx(paragraph_of(said("Inner."))),
        },
    )

    assert found.pages[0].text == "Before.\n\nFares\n\nSkua: 8\n\nIn winter.\n\nAfter."
    assert [heading.title for heading in found.outline] == ["Fares"]
    assert [attached.name for attached in found.attachments] == ["c.dat.docx"]
    assert (found.state, found.reason) == (
        DocumentState.READY,
        "Embedded in the document and not read: gone.html.",
    )


def test_embedded_files_become_attachments_and_others_are_named(tmp_path: Path) -> None:
    workbook = xlsx({"S": rows(("Rope", 3))})
    old = (FORMATS / "figures.xls").read_bytes()
    found = loaded(
        tmp_path,
        paragraph_of(said("See the table.")),
        relations={"e": ("package", "embeddings/Sheet1.xlsx")},
        parts={
            "word/embeddings/Sheet1.xlsx": workbook,
            "word/embeddings/oleObject1.bin": old,
            "word/embeddings/oleObject2.bin": b"nothing known",
        },
    )

    assert [(it.name, it.content) for it in found.attachments] == [
        ("Sheet1.xlsx", workbook),
        ("oleObject1.xls", old),
    ]
    assert found.reason == "Embedded in the document and not read: oleObject2.bin."


def test_a_document_that_is_only_a_file_is_that_file(tmp_path: Path) -> None:
    parts = {"word/embeddings/prices.csv": b"Rope,3\n"}
    found = loaded(tmp_path, paragraph_of(), relations={}, parts=parts)

    assert found.pages == ()
    assert [attached.name for attached in found.attachments] == ["prices.csv"]


def test_embedded_files_are_of_bearable_size_and_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wordparts, "MAX_ATTACHED_BYTES", 100)
    monkeypatch.setattr(wordparts, "MAX_ATTACHMENTS", 2)
    parts = {
        "word/embeddings/a.txt": b"a" * 60,
        "word/embeddings/b.txt": b"b" * 60,
        "word/embeddings/c.txt": b"c",
        "word/embeddings/d.txt": b"d",
    }
    found = loaded(tmp_path, paragraph_of(said("Boats.")), relations={}, parts=parts)

    assert [attached.name for attached in found.attachments] == ["a.txt", "c.txt"]
    assert found.reason == "Embedded in the document and not read: b.txt, d.txt."


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (
            b"\0\0\0\0\2\0notes.txt\0C:\\x\\notes.txt\0\0\0\3\0"
            + struct.pack("<L", 4)
            + b"tmp\0"
            + struct.pack("<L", 5)
            + b"Boats and more",
            ("notes.txt", b"Boats"),
        ),
        (b"\0\0\0\0\2\0notes.txt", ("", b"")),
        (b"", ("", b"")),
    ],
    ids=["whole", "cut off", "empty"],
)
def test_a_packed_object_is_unpacked(stream: bytes, expected: tuple[str, bytes]) -> None:
    assert oleobject.native(stream) == expected


def test_an_object_that_is_damaged_is_left_as_it_is() -> None:
    broken = oleobject.MARK + b"\x00" * 600
    assert oleobject.unpacked("a.bin", broken) == ("a.bin", broken)
