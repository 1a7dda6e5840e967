"""Word documents made part by part, so that a test knows what is in them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="{target}"/></Relationships>'
)
STYLES = (
    '<w:styles xmlns:w="{0}"><w:style w:styleId="Titre2"><w:name w:val="heading 2"/></w:style>'
    '<w:style w:styleId="Deep"><w:name w:val="Deep"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr>'
    "</w:style></w:styles>"
)


def said(text: str) -> str:
    """A run of text."""
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph_of(*runs: str, style: str = "", item: bool = False) -> str:
    """A paragraph of runs."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    properties += '<w:numPr><w:numId w:val="1"/></w:numPr>' if item else ""
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def table_of(*rows: tuple[str, ...]) -> str:
    """A table of cells with one paragraph each."""
    cells = ("".join(f"<w:tc>{paragraph_of(said(cell))}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def document_of(*blocks: str, head: str = '<?xml version="1.0"?>') -> str:
    """The main part of a document."""
    body = "".join(blocks)
    return f'{head}<w:document xmlns:w="{NAMESPACE}"><w:body>{body}</w:body></w:document>'


def docx(*blocks: str, target: str = "word/document.xml") -> bytes:
    """A Word document of paragraphs and tables."""
    return archive_of(
        {
            "_rels/.rels": RELATIONS.format(target=target),
            "word/styles.xml": STYLES.format(NAMESPACE),
            target.lstrip("/"): document_of(*blocks),
        }
    )


def archive_of(parts: Mapping[str, str | bytes]) -> bytes:
    """An archive with these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()
