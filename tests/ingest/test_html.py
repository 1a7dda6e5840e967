from __future__ import annotations

from pathlib import Path

import pytest

from ingest import markup
from ingest.loaded import LoadedDocument
from ingest.loaders import html
from rag.domain import DocumentState
from rag.errors import DocumentError

FORMATS = Path(__file__).parents[1] / "fixtures" / "formats"
PAGE = """<!doctype html><html><head><title> The
harbour </title><style>p {}</style></head><body>
<nav>Home <a href="/x">Contact</a></nav><header>Harbour office</header>
<h1>Boats <i>and</i> ferries</h1>
<p>Forty-one&nbsp;boats<br>lie   here. <a href="https://x.y">More</a> &copy; 2025
<p>Second<script>alert(1)</script> paragraph
<div hidden>unseen</div><div style="color:red; display: none">unseen</div>
<ul><li>oars<li>sails<ul><li>jib</ul></ul>
<ol start="3"><li>Cast off<li>Row</ol>
<table><caption>Prices</caption><tr><th>Season<th>Euro<tr><td>Winter<td>41
<tr><td colspan="2">closed</table>
<pre>
  a  b
    c
</pre><datalist><option>unseen</datalist><svg><desc>unseen</desc></svg><canvas>unseen</canvas>
<h2>Summer</h2>end</body></html>"""
SHOWN = """Harbour office

Boats and ferries

Forty-one boats
lie here. More © 2025

Second paragraph

- oars
- sails
  - jib
3. Cast off
4. Row

Prices

Season | Euro
Winter | 41
closed

  a  b
    c

Summer

end"""


def read(folder: Path, content: str | bytes, name: str = "page.html") -> LoadedDocument:
    path = folder / "stored"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return html.load(path, name, max_pages=500)


def text_of(loaded: LoadedDocument) -> str:
    return "".join(page.text for page in loaded.pages)


def test_a_page_is_read_as_it_is_seen(tmp_path: Path) -> None:
    loaded = read(tmp_path, PAGE)

    assert text_of(loaded) == SHOWN
    assert (loaded.title, loaded.media_type, loaded.paginated) == (
        "The harbour",
        "text/html",
        False,
    )


def test_headings_and_rows_have_exact_places(tmp_path: Path) -> None:
    loaded = read(tmp_path, PAGE)

    assert [(it.level, SHOWN[it.start or 0 :].partition("\n")[0]) for it in loaded.outline] == [
        (1, "Boats and ferries"),
        (2, "Summer"),
    ]
    (table,) = loaded.tables
    assert (table.name, table.header) == ("Prices", ("Season", "Euro"))
    assert [(SHOWN[row.start : row.end], row.cells) for row in table.rows] == [
        ("Season | Euro", ("Season", "Euro")),
        ("Winter | 41", ("Winter", "41")),
        ("closed", ("closed", "")),
    ]


def test_a_table_that_lays_out_a_page_is_text(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        "<table><tr><td><h2>News</h2><p>One.</td><td>Two.</td></tr><tr><td>"
        "<table><tr><td>a<td>b<tr><td>1<td>2</table><td></table>",
    )

    assert text_of(loaded) == "News\n\nOne.\n\nTwo.\n\na | b\n1 | 2"
    assert [table.header for table in loaded.tables] == [("a", "b")]


def test_a_page_of_nothing_but_navigation_is_read(tmp_path: Path) -> None:
    assert text_of(read(tmp_path, "<body><nav><p>All is here.")) == "All is here."


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (
            "<p>Remarks:<textarea>Two  oars\n  are lost</textarea>",
            "Remarks:\n\nTwo  oars\n  are lost",
        ),
        (
            "<p>Berth <select><optgroup label=North><option>N1<option>N2</optgroup>"
            "<option selected>South</select> of two",
            "Berth\nNorth\n[ ] N1\n[ ] N2\n[x] South\nof two",
        ),
        (
            "Shirt <select><option>S<option selected>M<option>L</select> Hat <select><option>S"
            "<option>L</select> Oars <select multiple><option selected>2<option>4"
            "<option selected>6</select><select><option selected>1<option selected>2</select>",
            "Shirt\n[ ] S\n[x] M\n[ ] L\nHat\nS\nL\nOars\n[x] 2\n[ ] 4\n[x] 6\n[ ] 1\n[x] 2",
        ),
        (
            "<input type=checkbox checked> Agree<input type=radio name=c>Red"
            '<input type=" RADIO" name=c checked="">Blue',
            "[x] Agree [ ] Red [x] Blue",
        ),
        ("<button>Cast off</button><button>Moor</button>", "Cast off Moor"),
        ('Name<input value="Ada"><input type=submit value=Send>', "Name Ada Send"),
        (
            "a<input type=hidden value=x><input type=password value=x>"
            "<input type=checkbox value=x>b",
            "a [ ] b",
        ),
        (
            "<svg><title>Tides</title><defs><style>x</style><text>x</text></defs><symbol><title>x</title><text>x"
            "</text></symbol><metadata>x</metadata>"
            "<desc>x</desc><text x=1>High</text><text><tspan x=1 y=2>Low</tspan><tspan x=1 y=3>"
            "ebb</tspan></text><script>x</script></svg>",
            "Tides\nHigh\nLow\nebb",
        ),
        ("<p>See <svg><title>the map</title><path d='M0'/></svg> here", "See\nthe map\nhere"),
        (
            "<table><tr><th>Boat<th>State<tr><td><input value=Iris><td><select><option>out"
            "<option>in</select></table>",
            "Boat | State\nIris | out in",
        ),
        (
            "<table><tr><th>Boat<th>State<tr><td><input type=checkbox checked>Iris<td><select>"
            "<option>out<option selected>in</select></table>",
            "Boat | State\n[x] Iris | [ ] out [x] in",
        ),
        ("<div hidden><button>x</button><textarea>x</textarea></div>seen", "seen"),
    ],
)
def test_what_forms_and_drawings_say_is_read(tmp_path: Path, page: str, text: str) -> None:
    assert text_of(read(tmp_path, f"<html><head><title>T</title><body>{page}")) == text


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<title>untitled</title><h1>Boats</h1>x", "Boats"),
        ("<h2>Boats</h2>x", "my page"),
        ("<svg><title>icon</title></svg>x", "my page"),
    ],
)
def test_a_page_has_a_title(tmp_path: Path, page: str, title: str) -> None:
    assert read(tmp_path, page, "my_page.html").title == title


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8-r"),
        ('<?xml version="1.0" encoding="iso-8859-5"?>', "iso8859-5"),
        ('<meta charset="utf-8">', "cp1251"),
        ("", "cp1251"),
        ("", "utf-8"),
        ("", "utf-16"),
    ],
)
def test_the_encoding_is_declared_or_found(tmp_path: Path, declaration: str, encoding: str) -> None:
    words = "В гавани зимой стоит сорок одна лодка и один паром."
    content = f"{declaration}<html><body><p>{words}</p></body></html>".encode(encoding)

    assert text_of(read(tmp_path, content)) == words


@pytest.mark.parametrize(
    "page", ["<html><body><script>x</script></body></html>", "<p> &nbsp; </p>", "<!-- only -->"]
)
def test_a_page_without_words_is_empty(tmp_path: Path, page: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, page)

    assert caught.value.state is DocumentState.EMPTY


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "table><tr><td", "blockquote", "font"])
def test_nesting_without_end_is_read_to_its_end(tmp_path: Path, tag: str) -> None:
    loaded = read(tmp_path, f"<p>first</p>{f'<{tag}>' * 20_000}last")

    assert text_of(loaded).startswith("first")
    assert text_of(loaded).endswith("last")


def test_nothing_outside_the_page_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    page = (
        f'<!DOCTYPE html [<!ENTITY e SYSTEM "{secret.as_uri()}"><!ENTITY a "aaaa">]>'
        f'<p>x &e; &a;<iframe src="{secret.as_uri()}"></iframe>'
    )

    assert "hidden" not in text_of(read(tmp_path, page))


def test_a_table_too_wide_for_memory_is_text() -> None:
    page = "<table><tr>" + "<td>x" * 4_000 + "<tr><td>y" * 1_000 + "</table>"

    blocks = markup.read(page).blocks

    assert not any(block.rows for block in blocks)
    assert len(blocks) == 5_000


def test_a_page_that_libreoffice_wrote_is_read() -> None:
    loaded = html.load(FORMATS / "harbour.html", "harbour.html", max_pages=10)

    assert loaded.title == "Harbour report"
    assert "holds forty-one boats & a ferry." in loaded.pages[0].text
    assert [heading.title for heading in loaded.outline] == ["Harbour report", "Winter", "Summer"]
    assert [row.cells for row in loaded.tables[0].rows][1] == ("Winter", "41")


def test_a_picture_says_what_is_written_for_it() -> None:
    page = '<p>Sales <img alt="Chart:  57 boats" src=a.png>rose.<img alt="" src=b.png><img src=c>'

    assert [block.text for block in markup.read(page).blocks] == [
        "Sales [image: Chart: 57 boats] rose."
    ]


def test_a_frame_that_a_page_holds_itself_is_read_and_not_without_end() -> None:
    inner = "<p>deepest</p>"
    for _ in range(5):
        inner = (
            f'<p>in</p><iframe srcdoc="{inner.replace("&", "&amp;").replace(chr(34), "&quot;")}">'
        )
    found = [block.text for block in markup.read(f"<p>before</p>{inner}</iframe><p>behind").blocks]

    assert found == ["before", *["in"] * 4, "behind"]
    assert not markup.read('<iframe hidden srcdoc="<p>unseen">').blocks


def test_what_only_readers_aloud_pass_over_is_read() -> None:
    (block,) = markup.read("<p>Sold <span aria-hidden=true>12</span> of <b hidden>90</b>40").blocks

    assert block.text == "Sold 12 of 40"
