from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation as Slides
from pptx.util import Cm

from ingest.loaded import Heading, LoadedDocument
from ingest.loaders import slides
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError
from rag.sentences import split_sentences
from tests.builders import png

BRIEFING = Path(__file__).parents[1] / "fixtures" / "formats" / "briefing.pptx"
BLANK, TITLE_ONLY = 6, 5  # layouts of the template


def made(*builders: Callable[[Slides], None]) -> bytes:
    presentation = Presentation()
    for build in builders:
        build(presentation)
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def box(left: float, top: float, text: str) -> Callable[[Slides], None]:
    def build(presentation: Slides) -> None:
        slide = list(presentation.slides)[-1]
        place = (Cm(left), Cm(top), Cm(4), Cm(1))
        slide.shapes.add_textbox(*place).text_frame.text = text

    return build


def blank(presentation: Slides) -> None:
    presentation.slides.add_slide(presentation.slide_layouts[BLANK])


def rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def test_no_statement_of_a_slide_runs_on_into_the_next_one() -> None:
    text = slides.load(BRIEFING, "briefing.pptx", max_pages=10).pages[0].text
    said = [text[span.start : span.end] for span in split_sentences(text)]
    assert "- The last one leaves at 21:40" in said
    assert "The Skua stays in the dock until March" in said


def read(tmp_path: Path, content: bytes, *, max_pages: int = 100) -> LoadedDocument:
    path = tmp_path / "talk"
    path.write_bytes(content)
    return slides.load(path, "the_talk.pptx", max_pages=max_pages)


def test_a_presentation_that_libreoffice_wrote_is_read_whole() -> None:
    found = slides.load(BRIEFING, "briefing.pptx", max_pages=10)
    assert [page.text.rstrip() for page in found.pages] == [
        "Winter timetable\n\nEleven crossings a day from 3 November\n"
        "- The last one leaves at 21:40\n\n"
        "The Skua stays in the dock until March\n\nPrinted plan: 20 October\n\n"
        "Crew briefing: 27 October\n\n"
        "Speaker notes: Say that the night boat is not certain yet.\nThank the crews.",
        "Repairs\n\nShip | Work | Budget\nAlder Queen | New ramp | €48,000\n"
        "Petrel | Hull paint | €17,500",
        "Passengers\n\nChart: Passengers by quarter\n\n| Skerry | Tern\nQ1 | 18240 | 4120\n"
        "Q2 | 23115 | 5230",
        "",
        "Reserve: the night boat (hidden slide)",
    ]
    assert [page.label for page in found.pages] == ["1", "2", "3", "4", "5"]
    assert (found.pages[3].state, found.pages[3].reason) == (PageState.EMPTY, slides.NO_TEXT)
    assert (found.title, found.paginated) == ("Winter timetable", True)
    assert found.outline == (
        Heading(1, "Winter timetable", 1, 0),
        Heading(1, "Repairs", 2, 0),
        Heading(1, "Passengers", 3, 0),
        Heading(1, "Reserve: the night boat", 5, 0),
    )
    assert found.reason == "Hidden slides, read like the others: 5."
    repairs, passengers = found.tables
    assert (repairs.page, repairs.header) == (2, ("Ship", "Work", "Budget"))
    text = found.pages[1].text
    assert text[repairs.rows[2].start : repairs.rows[2].end] == "Petrel | Hull paint | €17,500"
    assert (passengers.number, passengers.page, passengers.name) == (2, 3, "Passengers by quarter")
    assert passengers.rows[1].cells == ("Q1", "18240", "4120")


def test_shapes_are_read_from_top_to_bottom_and_left_to_right(tmp_path: Path) -> None:
    content = made(blank, box(1, 9, "d"), box(12, 3.2, "c"), box(2, 3.4, "b"), box(9, 1, "a"))
    assert read(tmp_path, content).pages[0].text.split() == ["a", "b", "c", "d"]


def test_a_chart_of_points_has_a_table_for_each_set_of_places(tmp_path: Path) -> None:
    def chart(presentation: Slides) -> None:
        values: Any = XyChartData(number_format="0.0%")  # type: ignore[no-untyped-call]
        for name, points in (("Skerry", [(1, 0.5), (2, 0.25)]), ("Tern", [(3, 0.125)])):
            series = values.add_series(name)
            for point in points:
                series.add_data_point(*point)
        place = (Cm(1), Cm(1), Cm(9), Cm(9))
        list(presentation.slides)[-1].shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *place, values)

    first, second = read(tmp_path, made(blank, chart)).tables
    assert [row.cells for row in first.rows] == [
        ("", "Skerry"),
        ("100.0%", "50.0%"),
        ("200.0%", "25.0%"),
    ]
    assert second.header == ("", "Tern")


def test_a_chart_that_claims_millions_of_points_costs_nothing(tmp_path: Path) -> None:
    def chart(presentation: Slides) -> None:
        values: Any = CategoryChartData()  # type: ignore[no-untyped-call]
        values.categories = ["Q1"]
        values.add_series("Skerry", (4,))
        place = (Cm(1), Cm(1), Cm(9), Cm(9))
        list(presentation.slides)[-1].shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *place, values)

    def claim(name: str, part: bytes) -> bytes:
        part = part.replace(b'ptCount val="1"', b'ptCount val="2000000000"')
        return part.replace(b'<c:pt idx="0"><c:v>4', b'<c:pt idx="1999999999"><c:v>4')

    found = read(tmp_path, rewritten(made(blank, chart), claim))
    assert found.pages[0].text.startswith("Chart")


def test_a_diagram_is_read(tmp_path: Path) -> None:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    frame = (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="9" name="d"/><p:cNvGraphicFramePr/>'
        '<p:nvPr/></p:nvGraphicFramePr><p:xfrm><a:off x="0" y="0"/><a:ext cx="9" cy="9"/></p:xfrm>'
        f'<a:graphic><a:graphicData uri="{drawing}/diagram"><d:relIds xmlns:d="{drawing}/diagram" '
        f'xmlns:r="{office}" r:dm="rId9"/></a:graphicData></a:graphic></p:graphicFrame></p:spTree>'
    )
    relation = (
        f'<Relationship Id="rId9" Type="{office}/diagramData" Target="../notes.xml"/>'
        "</Relationships>"
    )
    diagram = (
        f'<m xmlns:a="{drawing}/main"><a:p><a:r><a:t>Ask, </a:t></a:r><a:r><a:t>enter</a:t></a:r>'
        "</a:p><a:p><a:r><a:t>wait</a:t></a:r></a:p></m>"
    )

    def change(name: str, part: bytes) -> bytes:
        if name.endswith("slides/slide1.xml"):
            return part.replace(b"</p:spTree>", frame.encode())
        if name.endswith("slide1.xml.rels"):
            return part.replace(b"</Relationships>", relation.encode())
        return part

    content = io.BytesIO(rewritten(made(blank), change))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("ppt/notes.xml", diagram)
    assert read(tmp_path, content.getvalue()).pages[0].text == "Ask, enter\nwait"


def test_notes_are_marked_and_the_name_stands_for_a_title(tmp_path: Path) -> None:
    def note(presentation: Slides) -> None:
        notes = list(presentation.slides)[-1].notes_slide.notes_text_frame
        assert notes is not None
        notes.text = "Only notes."

    found = read(tmp_path, made(blank, note))
    assert found.pages[0].text == "Speaker notes: Only notes."
    assert found.title == "the talk"


def test_a_long_presentation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="3 slides; 2 are read"):
        read(tmp_path, made(blank, blank, blank), max_pages=2)


def test_a_damaged_slide_costs_itself_alone(tmp_path: Path) -> None:
    def damage(name: str, part: bytes) -> bytes:
        return part.replace(b"<a:off", b"<a:lost") if name.endswith("slide2.xml") else part

    content = made(blank, box(1, 1, "first"), blank, box(1, 1, "second"), blank, box(1, 1, "third"))
    broken = rewritten(
        content,
        lambda name, part: part.replace(b'x="360000"', b'x="no"') if "slide2" in name else part,
    )
    found = read(tmp_path, broken)
    assert found.state is DocumentState.PARTIAL
    assert found.reason == "1 of 3 slides are damaged."
    assert [page.state for page in found.pages] == [
        PageState.TEXT,
        PageState.FAILED,
        PageState.TEXT,
    ]
    assert found.pages[2].text == "third"
    assert read(tmp_path, rewritten(content, damage)).pages[1].text.strip() == "second"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda name, part: part[:-9] if name.endswith("slide1.xml") else part, "damaged"),
        (lambda name, part: b"" if name == "ppt/presentation.xml" else part, "damaged"),
        (lambda name, part: b"<a/>" if name == "[Content_Types].xml" else part, "damaged"),
        (
            lambda name, part: part.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1),
            "damaged",
        ),
    ],
)
def test_a_damaged_presentation_is_told(
    tmp_path: Path, change: Callable[[str, bytes], bytes], state: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, rewritten(made(blank, box(1, 1, "a")), change))
    assert caught.value.state == state


def test_a_presentation_without_text_is_empty(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, made(blank))
    assert caught.value.state is DocumentState.EMPTY


def test_a_picture_says_what_is_written_for_it(tmp_path: Path) -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    for described in ("Chart: 57 boats", ""):
        picture = slide.shapes.add_picture(io.BytesIO(png()), Cm(1), Cm(1))
        picture._element.nvPicPr.cNvPr.set("descr", described)
    path = tmp_path / "a.pptx"
    presentation.save(str(path))

    assert slides.load(path, path.name, max_pages=5).pages[0].text == "[image: Chart: 57 boats]"
