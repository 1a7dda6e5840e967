"""Pages of PDF and picture files as pictures: for people to look at, and for OCR to read."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from ingest import pdfium
from ingest.loaders import picture
from rag.domain import DocumentState
from rag.errors import DocumentError

MAX_IMAGE_PIXELS = 16_000_000
MAX_IMAGE_SIDE = 16_000  # pixels; browsers and JPEG end not far above
MOST_ENLARGED = 3.0  # times, of a picture; it has no more to show
FINEST = 6.0  # pixels to the point, of a small PDF page
UPRIGHT_POINTS = 612.0  # the shorter side of a picture, which does not say how large it is
PDF = "application/pdf"
SHOWN = frozenset({PDF, *picture.MEDIA_TYPES.values()})  # what has pages to look at


def render_page(path: Path, number: int, width_pixels: int) -> bytes:
    """A JPEG image of a page as displayed, on white; narrower where the page is very tall.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    if picture.is_picture(path):
        page = picture.open_page(path, number)
        page = _scaled(page, min(width_pixels / page.width, MOST_ENLARGED))
    else:
        page = _drawn(path, number, lambda width, _height: width_pixels / width)
    out = io.BytesIO()
    page.convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def page_image(path: Path, number: int, width_pixels: int) -> bytes:
    """A grey PNG image of a page as displayed, for OCR.

    `width_pixels` is the width of an upright page: the shorter side of any. Small pages and
    pictures stay below it, where more pixels would show no more.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    if picture.is_picture(path):
        page = picture.open_page(path, number).convert("L")
        page = _scaled(page, min(width_pixels / min(page.size), MOST_ENLARGED))
    else:
        page = _drawn(path, number, lambda *sides: min(width_pixels / min(sides), FINEST))
    out = io.BytesIO()
    page.convert("L").save(out, "PNG", compress_level=1)
    return out.getvalue()


def page_size(path: Path, number: int) -> tuple[float, float]:
    """Width and height of a page as displayed, in points; a picture counts as a page.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file or the page cannot be read.
    """
    if not picture.is_picture(path):
        return pdfium.page_size(path, number)
    width, height = picture.page_size(path, number)
    points = UPRIGHT_POINTS / min(width, height)
    return width * points, height * points


def _drawn(path: Path, number: int, scaling: Callable[[float, float], float]) -> Image.Image:
    """A page of a PDF; `scaling` tells pixels to the point from its width and height."""
    with pdfium.open_pdf(path) as document:
        document.show_forms()
        with document.page(number) as page:
            width, height = (max(side, 1.0) for side in page.get_size())
            scale = min(
                max(scaling(width, height), 1 / width),
                MAX_IMAGE_SIDE / max(width, height),
                math.sqrt(MAX_IMAGE_PIXELS / (width * height)),
            )
            try:
                bitmap = page.render(scale=scale, fill_color=(255, 255, 255, 255))
            except ValueError as error:  # such as nothing of it being visible
                raise DocumentError(
                    DocumentState.FAILED, f"Page {number} has nothing that can be drawn."
                ) from error
            image: Image.Image = bitmap.to_pil().convert("RGB").copy()
            bitmap.close()
    return image


def _scaled(page: Image.Image, scale: float) -> Image.Image:
    most = math.sqrt(MAX_IMAGE_PIXELS / (page.width * page.height))
    scale = min(scale, most, MAX_IMAGE_SIDE / max(page.size))
    if scale == 1.0:
        return page
    size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
    return page.resize(size, Image.Resampling.BICUBIC)
