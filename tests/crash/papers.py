"""Files that hold others, and scans, each with what the library should have of it."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from ingest.loaders.load import load
from rag.intake import OcrPage, WordBox
from tests.builders import PdfPage, paragraph, pdf

MAX_PAGES = 50
BOUNDARY = "=of these mails"
ON_THE_PICTURE = "tangomarka is what stands on the picture of the quay."


def text_of_version(name: str, version: str, sentences: int = 3) -> str:
    """The text of a file: a mark that nothing else has, then sentences of its own."""
    stem = name.partition(".")[0]
    mark = f"{stem}mark{version}"
    body = " ".join(
        f"The {stem} of edition {version} keeps boat {number} at pier {number * 7} of the harbour."
        for number in range(sentences)
    )
    return f"{mark} is its word. {body}"


@dataclass(frozen=True)
class Paper:
    """A file: its bytes, the text that is read of it, and the files that it holds."""

    name: str
    content: bytes
    text: str = ""  # of an archive, which is no document, none
    held: tuple[Paper, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.content).hexdigest()


class PictureReader:
    """OCR that reads the same on every picture."""

    name, dollars_per_page = "scripted OCR", 0.0

    def read(self, image: bytes) -> OcrPage:
        """What stands on the picture."""
        return OcrPage(ON_THE_PICTURE, (WordBox(0, 10, 0.1, 0.2, 0.3, 0.25),))


def plain(name: str, version: str) -> Paper:
    """A file of text alone; a mark in its name shows whether that is left somewhere."""
    text = text_of_version(name, version)
    return Paper(name, text.encode(), text)


def mail(name: str, version: str, held: Sequence[Paper]) -> Paper:
    """A mail with what is attached to it."""
    message = EmailMessage()
    message["From"], message["To"] = "ana@example.org", "bo@example.org"
    message["Date"], message["Subject"] = "Tue, 01 Jul 2025 10:30:00 +0200", f"About {name}"
    message.set_content(text_of_version(name, version))
    for paper in held:
        message.add_attachment(paper.text, filename=paper.name)
    message.set_boundary(BOUNDARY)
    return _read(Paper(name, bytes(message)))


def archive(name: str, held: Sequence[Paper]) -> Paper:
    """An archive, always the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for paper in held:
            packed.writestr(zipfile.ZipInfo(paper.name), paper.content)
    return Paper(name, content.getvalue(), held=tuple(held))


def scan(name: str) -> Paper:
    """A page of words and a picture of words."""
    paper = _read(Paper(name, pdf([paragraph("Uniform lies at the quay."), PdfPage(image=True)])))
    return Paper(name, paper.content, f"{paper.text}{ON_THE_PICTURE}")


def _read(paper: Paper) -> Paper:
    """A file with the text that is read of it, and what it holds as that comes out of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(paper.content)
        loaded = load(path, paper.name, max_pages=MAX_PAGES, progress=lambda _done, _total: None)
    held = tuple(_read(Paper(it.name, it.content)) for it in loaded.attachments)
    text = "\n".join(page.text for page in loaded.pages)
    return Paper(paper.name, paper.content, text, held)
