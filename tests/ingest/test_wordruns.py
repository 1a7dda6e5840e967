"""Marks that a Word document sets higher and smaller, as LibreOffice does, are raised ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders.load import load
from tests.documents import NAMESPACE, RELATIONS, archive_of, document_of, said

NORMAL = '<w:style w:type="paragraph" w:default="1" w:styleId="Normal">{0}</w:style>'


def size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/>'


def set_at(position: int | str, text: str, *properties: str) -> str:
    look = f'<w:position w:val="{position}"/>{"".join(properties)}'
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def text_of(
    tmp_path: Path, *runs: str, styles: str = "", default: int = 24, style: str = ""
) -> str:
    of_paragraph = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    defaults = f"<w:docDefaults><w:rPr>{size(default)}</w:rPr></w:docDefaults>"
    path = tmp_path / "a.docx"
    path.write_bytes(
        archive_of(
            {
                "_rels/.rels": RELATIONS.format(target="word/document.xml"),
                "word/styles.xml": f'<w:styles xmlns:w="{NAMESPACE}">{defaults}{styles}</w:styles>',
                "word/document.xml": document_of(f"<w:p>{of_paragraph}{''.join(runs)}</w:p>"),
            }
        )
    )
    return load(path, "a.docx", max_pages=10).pages[0].text


@pytest.mark.parametrize(
    ("mark", "shown"),
    [
        (set_at(8, "2", size(19)), "1,234² million"),
        (set_at(5, "2", size(18), size(24)), "1,234² million"),  # LibreOffice writes both sizes
        (set_at("4pt", "2", size(19)), "1,234² million"),
        (set_at(8, "2"), "1,234² million"),  # a third of the size of the paragraph
        (set_at(6, "2"), "1,234² million"),  # by 3 points, as Word offers it
        (set_at(-2, "2", size(19)), "1,234₂ million"),
        (set_at(2, ".50"), "1,234.50 million"),  # moved a little, no mark
        (set_at(0, "5", size(19)), "1,2345 million"),
        (set_at("none", "5", size(19)), "1,2345 million"),
        (set_at(8, "nd", size(19)), "1,234nd million"),
    ],
)
def test_a_run_that_is_set_higher_and_smaller_is_raised(
    tmp_path: Path, mark: str, shown: str
) -> None:
    assert text_of(tmp_path, said("1,234"), mark, said(" million")) == shown


def test_its_size_is_measured_against_the_text_it_stands_in(tmp_path: Path) -> None:
    def raised_in(*figures: str, style: str = "") -> str:
        styles = NORMAL.format(size(20)) + f'<w:style w:styleId="Large">{size(40)}</w:style>'
        return text_of(tmp_path, *figures, set_at(4, "1", size(20)), styles=styles, style=style)

    assert text_of(tmp_path, said("57"), set_at(4, "1", size(24)), default=40) == "57¹"
    assert text_of(tmp_path, said("57"), set_at(4, "1", size(24)), default=20) == "571"
    assert raised_in(said("57")) == "571"
    assert raised_in(said("57"), style="Large") == "57¹"
    assert raised_in(set_at(0, "57", size(40))) == "57¹"
    assert raised_in(set_at(0, "57", size(20)), style="Large") == "571"


def test_a_style_of_characters_sets_a_run_higher(tmp_path: Path) -> None:
    styles = (
        f'<w:style w:styleId="Note"><w:rPr><w:position w:val="6"/>{size(14)}</w:rPr></w:style>'
        '<w:style w:styleId="Mark"><w:basedOn w:val="Note"/></w:style>'
    )
    marked = '<w:r><w:rPr><w:rStyle w:val="Mark"/>{0}</w:rPr><w:t>1</w:t></w:r>'
    level = '<w:position w:val="0"/>'

    assert text_of(tmp_path, said("57"), marked.format(""), styles=styles) == "57¹"
    assert text_of(tmp_path, said("57"), marked.format(level), styles=styles) == "571"


def test_a_mark_before_the_text_waits_for_it(tmp_path: Path) -> None:
    mark = set_at(8, "1", size(19))

    assert text_of(tmp_path, mark, said("2024 without stock.")) == "¹2024 without stock."
    assert text_of(tmp_path, set_at(1, "1", size(24)), said(" of 5")) == "1 of 5"


def test_a_paragraph_that_is_set_higher_as_a_whole_holds_no_marks(tmp_path: Path) -> None:
    runs = (set_at(8, "57", size(19)), set_at(8, "3", size(19)))

    assert text_of(tmp_path, *runs) == "573"


def test_how_a_run_stood_before_a_change_does_not_count(tmp_path: Path) -> None:
    before = '<w:rPrChange><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:rPrChange>'
    figure = f"<w:r><w:rPr>{before}</w:rPr><w:t>7</w:t></w:r>"

    assert text_of(tmp_path, said("5"), figure, said(" million")) == "57 million"
