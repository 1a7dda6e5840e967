"""Marks of notes that a web page or an e-book raises by its styles."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from ingest.loaders import epub, html
from ingest.page_styles import MOST_STYLES, nudge_of, shift_of, shifts_in

RAISING = "position: relative; top: -0.33em; font-size: 0.8em; vertical-align: baseline"


def page_text(folder: Path, page: str) -> str:
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    return html.load(path, "page.html", max_pages=10).pages[0].text


@pytest.mark.parametrize(
    ("style", "shift"),
    [
        ("vertical-align: super", 1),
        ("VERTICAL-ALIGN:sub !important", -1),
        (RAISING, 1),
        ("position:relative;top:0.2em;font-size:70%", -1),
        ("position:relative;bottom:4px;font-size:smaller", 1),
        ("vertical-align: 30%; font-size: .6em", 1),
        ("vertical-align: -2pt; font-size: 6pt", -1),
        ("position: relative; top: -2px", 0),  # as large as the rest: a nudge
        ("position: relative; top: -2px; font-size: 16px", 0),
        ("position: absolute; top: -2px; font-size: 8px", 0),
        ("vertical-align: 0em; font-size: .6em", 0),
        ("vertical-align: middle; font-size: .6em", 0),
        ("vertical-align: calc(1em); font-size: .e", 0),
        ("", 0),
    ],
)
def test_what_a_style_raises_or_lowers(style: str, shift: int) -> None:
    assert shift_of(style) == shift


def test_rules_for_elements_and_classes_are_read() -> None:
    sheets = (
        "@import url(a.css); /* .no {vertical-align: super} */ .Note, a.ref{vertical-align:super}"
        "@media screen { small { vertical-align: sub } p .deep {vertical-align: super} }"
        ".off {vertical-align: super} .off {vertical-align: baseline} .open {vertical-align: super"
    )
    shifts = shifts_in(sheets)

    assert shifts.of("span", {"class": "x note"}) == 1
    assert (shifts.of("a", {"class": "ref"}), shifts.of("b", {"class": "ref"})) == (1, 0)
    assert shifts.of("small", {}) == -1
    assert [shifts.of("i", {"class": name}) for name in ("no", "deep", "off")] == [0, 0, 0]


def test_a_mark_that_a_web_page_raises_is_told_from_the_figure(tmp_path: Path) -> None:
    shown = page_text(
        tmp_path,
        f"<html><head><style>.m {{{RAISING}}}</style></head><body><p>Sales 57<span class=m>1</span>"
        " million, 49<a style='vertical-align:super' href='#n'>b</a> and 12<b>3</b>.</p><table>"
        "<tr><th>Item<th>2023<tr><td>Cost<td>8<span class=m><sup>4</sup></span>.</table>",
    )

    assert "Sales 57¹ million, 49ᵇ and 123." in shown
    assert "Cost | 8⁴." in shown


def test_style_sheets_made_to_do_harm_are_read_in_time(tmp_path: Path) -> None:
    start = time.perf_counter()
    for sheet in ("/*a" * 100_000, "<style>" * 50_000, ".a{" * 100_000, "a," * 200_000):
        assert page_text(tmp_path, f"<style>{sheet}</style><p>5<i class=a>1</i>").startswith("5")
    nested = "<font style='position:relative;top:-3px'>" * 30_000 + "long " * 30_000
    assert page_text(tmp_path, f"<p>{nested}").startswith("long long")
    assert time.perf_counter() - start < 10


def test_the_style_sheet_of_an_e_book_raises_its_marks(tmp_path: Path) -> None:
    assert "17 miles¹, 57² t" in book_text(tmp_path, f".m {{{RAISING}}}")
    assert "17 miles1, 572 t" in book_text(tmp_path, "")
    long = f".m {{{RAISING}}}" + " " * MOST_STYLES
    assert "17 miles1, 572 t" in book_text(tmp_path, long)


def book_text(folder: Path, sheet: str) -> str:
    chapter = (
        "<html><head><link rel='stylesheet' type='text/css' href='../css/a.css'/>"
        "<link rel='stylesheet' href='../../../missing.css'/></head><body>"
        "<p>Seen over 17 miles<span class='m'>1</span>, 57<span class='m'>2</span> t</p>"
        "</body></html>"
    )
    path = folder / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("text/one.xhtml", chapter)
        archive.writestr("css/a.css", sheet)
    return epub.load(path, "book.epub", max_pages=10).pages[0].text


@pytest.mark.parametrize(
    ("style", "shift"),
    [
        ("position:relative; top:-3px", 1),
        ("POSITION: relative; bottom: .3em", 1),
        ("position:relative; top:3pt", -1),
        ("position:relative; top:-2px", 0),  # a nudge of the layout
        ("position:relative; left:9px", 0),
        ("position:relative; top:-50%", 0),  # of what, nobody knows
        ("position:absolute; top:-3px", 0),
        ("position:relative; top:-.px", 0),
        ("position:relative; top:-3px;" + " " * 3_000, 0),
    ],
)
def test_how_far_a_style_moves_what_it_does_not_make_smaller(style: str, shift: int) -> None:
    assert nudge_of({"style": style}) == shift


MOVED = "<font style='position:relative; top:-3px'>{0}</font>"
NOTED = "<a epub:type='noteref' href='#n'>{0}</a>"
ARIA = "<a class=x role='doc-noteref' href='#n'>{0}</a>"


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        *((f"word{each.format(1)}.", "word¹.") for each in (MOVED, NOTED, ARIA)),
        *((f"57{each.format('12')} million", "57¹² million") for each in (MOVED, NOTED, ARIA)),
        (f"word{MOVED.format('a')}", "wordᵃ"),
        (f"word{NOTED.format('<sup>1</sup>')}", "word¹"),
        (f"word<sup>{ARIA.format(1)}</sup>", "word¹"),
        (f"word{NOTED.format('[1]')}", "word[1]"),
        (f"word {NOTED.format('1')}", "word ¹"),
        (f"see {ARIA.format('note 4')} for <b>5{ARIA.format('<i>2</i>')}</b>", "see note 4 for 5²"),
        (f"word{ARIA.format('a <sup>1</sup>')}", "worda ¹"),
        (f"sold {MOVED.format('57')} of {MOVED.format('1,234')}", "sold 57 of 1,234"),
        (f"costs ${MOVED.format('57')} ({MOVED.format('3')})", "costs $57 (3)"),
        (f"10{MOVED.format('200')}0", "10²⁰⁰0"),
        (f"sold 4{MOVED.format('1,234')}", "sold 41,234"),
        ("H<span style='position:relative;top:.3em'>2</span>O", "H₂O"),
        (f"a{ARIA.format('<p>1</p>')}2", "a 1 2"),
        ("<select><option>x<option>y<a role=doc-noteref>1</a></select>", "x y1"),
    ],
)
def test_a_mark_that_is_no_smaller_is_told_from_the_word_before_it(
    tmp_path: Path, markup: str, shown: str
) -> None:
    assert " ".join(page_text(tmp_path, f"<p>{markup}").split()) == shown


def test_an_e_book_that_says_what_refers_to_its_notes_raises_it(tmp_path: Path) -> None:
    path = tmp_path / "book.epub"
    chapter = (
        "<html xmlns:epub='http://www.idpf.org/2007/ops'><body><p>Seen over 17 miles"
        "<a epub:type='noteref' href='#a'>1</a>, 57<a role='doc-noteref' href='#b'>2</a> t.</p>"
        "<aside epub:type='footnote' id='a'><p>1 By day.</p></aside></body></html>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("text/one.xhtml", chapter)

    shown = epub.load(path, "book.epub", max_pages=10).pages[0].text
    assert "17 miles¹, 57² t." in shown
    assert "1 By day." in shown
