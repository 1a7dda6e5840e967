"""Builds the two PDFs of sample_docs/ from the sources beside this file.

    python bench/sample_docs/build.py

It needs Chromium, Playwright's Python package and fontTools with brotli, none of which the
application needs. The same sources give the same files: they carry a fixed date.
"""

import argparse
import io
import re
import tempfile
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

SOURCE = Path(__file__).resolve().parent
OUTPUT = SOURCE.parents[1] / "sample_docs"
FONTS = SOURCE.parents[1] / "ui" / "static" / "fonts"
PDF_DATE = "D:20260824090000Z"
FRONT_MATTER_PAGES = 2

# Chromium embeds a variable font glyph by glyph as drawings; a static instance stays a font.
FONT_INSTANCES = (
    ("Source Serif 4", "serif.woff2", 400),
    ("Source Serif 4", "serif.woff2", 600),
    ("Inter", "inter.woff2", 400),
    ("Inter", "inter.woff2", 600),
)
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

SCAN_DPI = 120
SCAN_TILT_DEGREES = (-0.9, 0.6)
SCAN_SEED = 20260503

HEADING = re.compile(r'<h([12]) id="([\w-]+)">(.+?)</h\1>')
TAG = re.compile(r"(<[^>]+>)")
UNBROKEN = re.compile(r"[\w.]+(?:-[\w.]+)+|Apache 2\.0|[Cc]hapter \d+|\d+ (?:March|July|August)")


def write_static_fonts(fonts: Path, folder: Path) -> str:
    """Writes one TrueType file per weight into `folder` and returns the CSS that names them."""
    rules = []
    for family, file_name, weight in FONT_INSTANCES:
        font = instancer.instantiateVariableFont(
            TTFont(fonts / file_name, recalcTimestamp=False), {"wght": weight}
        )
        font.flavor = None
        target = folder / f"{family.replace(' ', '')}-{weight}.ttf"
        font.save(target)
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
            f'src: url("{target.as_uri()}"); }}'
        )
    return "\n".join(rules)


def keep_together(html: str) -> str:
    """Forbids line breaks in dates and names, and after hyphens: a reader would drop those."""
    head, body = html.split("<body>")
    parts = [
        part if part.startswith("<") else UNBROKEN.sub(r'<span class="unbroken">\g<0></span>', part)
        for part in TAG.split(body)
    ]
    return head + "<body>" + "".join(parts)


def contents_html(guide: str, page_of: dict[str, int]) -> str:
    """Returns the table of contents; `page_of` maps a heading's text to its printed page number."""
    lines = []
    for level, anchor, title in HEADING.findall(guide):
        kind = "chapter" if level == "1" else "section"
        lines.append(
            f'<a class="entry {kind}" href="#{anchor}"><span>{title}</span>'
            f'<span class="page">{page_of.get(title, 0)}</span></a>'
        )
    return "\n".join(lines)


def outline_entries(pdf: PdfReader | PdfWriter) -> list[DictionaryObject]:
    """Returns the entries of the outline in the order of the document."""
    entries: list[DictionaryObject] = []

    def walk(parent: DictionaryObject) -> None:
        entry = parent.get("/First")
        while entry is not None:
            entry = entry.get_object()
            entries.append(entry)
            walk(entry)
            entry = entry.get("/Next")

    walk(pdf.root_object["/Outlines"].get_object())
    return entries


def printed_pages(pdf: bytes, titles: list[str]) -> dict[str, int]:
    """Maps each heading to the number printed on its page; `titles` are those of the outline."""
    reader = PdfReader(io.BytesIO(pdf))
    pages = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1)}
    targets = [entry["/Dest"].get_object()[0].idnum for entry in outline_entries(reader)]
    return {
        title: pages[target] - FRONT_MATTER_PAGES
        for title, target in zip(titles, targets, strict=True)
    }


def print_pdf(browser: Browser, html: str, work: Path) -> bytes:
    """Prints `html` with outline and tags, at the page size its stylesheet gives."""
    path = work / "guide.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.evaluate("document.fonts.ready")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    page.close()
    return pdf


def build_guide(browser: Browser, fonts: Path, work: Path) -> None:
    """Prints the guide twice: once to learn the page numbers, once with them in the contents."""
    guide = (SOURCE / "guide.html").read_text(encoding="utf-8")
    styles = write_static_fonts(fonts, work) + (SOURCE / "guide.css").read_text(encoding="utf-8")
    guide = guide.replace("/* styles */", styles)
    titles = ["Contents"] + [title for _, _, title in HEADING.findall(guide)]
    page_of: dict[str, int] = {}
    for _ in range(2):
        filled = guide.replace("<!-- contents -->", contents_html(guide, page_of))
        pdf = print_pdf(browser, keep_together(filled), work)
        page_of = printed_pages(pdf, titles)

    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    # Chromium writes the title of a heading at the top of a page twice.
    for entry, title in zip(outline_entries(writer), titles, strict=True):
        entry[NameObject("/Title")] = TextStringObject(title)
    writer.set_page_label(0, FRONT_MATTER_PAGES - 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(
        FRONT_MATTER_PAGES, len(writer.pages) - 1, style=PageLabelStyle.DECIMAL, start=1
    )
    writer.add_metadata(
        {
            "/Title": "The Mistral models, a guide",
            "/Author": "Tramontane contributors",
            "/Subject": "Models, prices and ways to run them, as of August 2026",
            "/Keywords": "Mistral, Mixtral, La Plateforme, vLLM, prices, licences",
            "/Creator": "Chromium",
            "/CreationDate": PDF_DATE,
            "/ModDate": PDF_DATE,
        }
    )
    writer.create_viewer_preferences().display_doctitle = True
    writer.compress_identical_objects()
    writer.write(OUTPUT / "mistral-models-guide.pdf")


def scan(picture: Image.Image, tilt_degrees: float, random: np.random.Generator) -> Image.Image:
    """Makes a clean page look like a grey, slightly tilted office scan."""
    grey = picture.convert("L").rotate(tilt_degrees, Image.Resampling.BICUBIC, fillcolor=255)
    grey = grey.filter(ImageFilter.GaussianBlur(0.6))
    height, width = grey.height, grey.width
    light = np.linspace(0.0, 9.0, width)[None, :] + np.linspace(0.0, 6.0, height)[:, None]
    grain = random.normal(0.0, 2.2, (height, width))
    pixels = np.asarray(grey, dtype=np.float64) * 0.86 + 14 + light + grain
    for row, column in zip(
        random.integers(0, height, 40), random.integers(0, width, 40), strict=True
    ):
        pixels[row : row + 2, column : column + 2] -= 70
    pixels[:, : int(width * 0.008)] -= 55
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def build_letter(browser: Browser) -> None:
    """Photographs each sheet of the letter and wraps the pictures as a PDF without text."""
    random = np.random.default_rng(SCAN_SEED)
    page = browser.new_page(device_scale_factor=SCAN_DPI / 96)
    page.goto((SOURCE / "letter.html").as_uri())
    sheets = [
        scan(Image.open(io.BytesIO(sheet.screenshot())), tilt, random)
        for sheet, tilt in zip(page.locator(".sheet").all(), SCAN_TILT_DEGREES, strict=True)
    ]
    page.close()
    pdf = io.BytesIO()
    sheets[0].save(
        pdf, "PDF", save_all=True, append_images=sheets[1:], resolution=SCAN_DPI, quality=42
    )
    writer = PdfWriter(clone_from=pdf)
    writer.metadata = None
    writer.add_metadata(
        {"/Title": "Letter of 3 May 2026", "/CreationDate": PDF_DATE, "/ModDate": PDF_DATE}
    )
    writer.write(OUTPUT / "letter-scan.pdf")


def main() -> None:
    """Builds both files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--fonts", type=Path, default=FONTS, help="folder with the two woff2 files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM_FLAGS)
        build_guide(browser, options.fonts, Path(work))
        build_letter(browser)
        browser.close()


if __name__ == "__main__":
    main()
