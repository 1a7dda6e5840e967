"""Excel workbooks made part by part, so that a test knows what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.documents import archive_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def xlsx(
    sheets: Mapping[str, str],
    *,
    strings: Sequence[str] = (),
    codes: Sequence[str] = (),
    namespace: str = MAIN,
    properties: str = "",
    parts: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A workbook of sheets given as rows; style 0 is plain, style n has the nth of the `codes`."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{place}" r:id="r{place}"/>'
        for place, name in enumerate(sheets, 1)
    )
    files: dict[str, str | bytes] = {
        "_rels/.rels": _relations([("r1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": (
            f'<workbook xmlns="{namespace}" xmlns:r="{OFFICE}">{properties}'
            f"<sheets>{listed}</sheets></workbook>"
        ),
        "xl/_rels/workbook.xml.rels": _relations(
            [
                *(
                    (f"r{n}", "worksheet", f"worksheets/s{n}.xml")
                    for n in range(1, len(sheets) + 1)
                ),
                ("rs", "sharedStrings", "strings.xml"),
                ("rf", "styles", "styles.xml"),
            ]
        ),
        "xl/strings.xml": f'<sst xmlns="{namespace}">{"".join(strings)}</sst>',
        "xl/styles.xml": _styles(codes, namespace),
    }
    for place, content in enumerate(sheets.values(), 1):
        files[f"xl/worksheets/s{place}.xml"] = (
            f'<worksheet xmlns="{namespace}">{content}</worksheet>'
        )
    return archive_of(files | dict(parts or {}))


def rows(*lines: Sequence[str | float]) -> str:
    """Rows of texts and numbers, from A1 on."""
    written = (f"<row>{''.join(map(cell, line))}</row>" for line in lines)
    return f"<sheetData>{''.join(written)}</sheetData>"


def cell(value: str | float, *, style: int = 0, place: str = "") -> str:
    """A cell; a text is written into it."""
    where = f' r="{place}"' if place else ""
    if isinstance(value, str):
        return f'<c{where} t="inlineStr"><is><t>{value}</t></is></c>' if value else f"<c{where}/>"
    return f'<c{where} s="{style}"><v>{value!r}</v></c>'


def _styles(codes: Sequence[str], namespace: str) -> str:
    formats = "".join(
        f'<numFmt numFmtId="{163 + place}" formatCode="{code}"/>'
        for place, code in enumerate(codes, 1)
    )
    styles = "".join(f'<xf numFmtId="{163 + place}"/>' for place in range(1, len(codes) + 1))
    return (
        f'<styleSheet xmlns="{namespace}"><numFmts>{formats}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>'
    )


def _relations(relations: Sequence[tuple[str, str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, kind, target in relations
    )
    return f'<Relationships xmlns="{PACKAGE}">{listed}</Relationships>'
