"""Reads picture files: PNG, JPEG, and TIFF with a page a frame. Their words are left to OCR."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from ingest import titles
from ingest.loaded import LoadedDocument
from ingest.outcomes import outcome_of
from ingest.tiff_chain import chain_of
from rag.domain import DocumentState, Page, PageState
from rag.errors import DocumentError, NotFoundError

MAX_PIXELS = 50_000_000  # of one picture
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "TIFF": "image/tiff"}
NEEDS_OCR = "The page is a picture; its words need OCR."
TOO_LARGE = (
    f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels. "
    "Save it smaller, and add it again."
)
DAMAGED = "The picture is damaged and cannot be read."
LOST = "The file is damaged here: this page, and what may follow it, cannot be read."
MAX_STRETCH = 4.0  # of pixels that are not square; fax machines send up to 2.2
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

_ORIENTATION = 0x0112  # of EXIF: how the first row and column of the file are to be seen
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow raises these for files that are not what they seem.
_ODD_PICTURE_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a picture: each page waits for OCR, without text.

    Raises:
        DocumentError: it is damaged, or has too many pages or pixels.
    """
    with _opened(path) as picture:
        media_type = MEDIA_TYPES.get(picture.format or "", MEDIA_TYPES["JPEG"])
        pages = tuple(_pages(picture, max_pages))
        if picture.format == "TIFF":
            pages += tuple(_lost_pages(path, len(pages), max_pages))
    state, reason = outcome_of(pages)
    if state is DocumentState.DAMAGED:
        large = any(page.reason == TOO_LARGE for page in pages)
        raise DocumentError(
            DocumentState.TOO_LARGE if large else state, TOO_LARGE if large else DAMAGED
        )
    return LoadedDocument(titles.from_name(name), media_type, True, pages, (), state, reason)


def is_picture(path: Path) -> bool:
    """Whether a file begins as pictures of these kinds do."""
    with path.open("rb") as file:
        return file.read(8).startswith(SIGNATURES)


def open_page(path: Path, number: int) -> Image.Image:
    """A page of a picture file as it is to be seen: upright, on white, in grey or colours.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the page cannot be read.
        OSError: the file cannot be read.
    """
    with _page(path, number) as picture:
        return _decoded(picture)


def page_size(path: Path, number: int) -> tuple[int, int]:
    """Width and height of a page as it is to be seen, in pixels, from its header alone.

    Raises:
        NotFoundError: there is no page of that number.
        DocumentError: the file cannot be read.
        OSError: the file cannot be read.
    """
    with _page(path, number) as picture:
        width, height = _square_size(picture)
        sideways = picture.format != "TIFF" and _orientation(picture) in (5, 6, 7, 8)
    return (height, width) if sideways else (width, height)


@contextmanager
def _page(path: Path, number: int) -> Iterator[Image.Image]:
    """A page of the file, not yet decoded."""
    with _opened(path) as picture:
        if number != 1:
            try:
                picture.seek(number - 1)
            except _ODD_PICTURE_ERRORS as error:
                raise NotFoundError(f"There is no page {number} in the picture.") from error
        yield picture


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The file, its pictures not yet decoded."""
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow warns of is counted or refused here
        try:
            picture = Image.open(file, formats=tuple(MEDIA_TYPES))
        except Image.DecompressionBombError as error:
            raise DocumentError(DocumentState.TOO_LARGE, TOO_LARGE) from error
        except _ODD_PICTURE_ERRORS as error:
            raise DocumentError(DocumentState.DAMAGED, DAMAGED) from error
        with picture:
            yield picture


def _pages(picture: Image.Image, max_pages: int) -> Iterator[Page]:
    """Its pages; one that cannot be decoded has failed. Only a TIFF has more than one."""
    number = 0
    while True:
        if number == max_pages:
            raise DocumentError(
                DocumentState.TOO_LARGE,
                f"The picture has more than {max_pages} pages. "
                "Split it, or raise TRAMONTANE_MAX_PAGES.",
            )
        number += 1
        try:
            _decoded(picture)
        except DocumentError as error:
            yield Page(number, str(number), "", 0, PageState.FAILED, error.reason)
        else:
            yield Page(number, str(number), "", 0, PageState.NEEDS_OCR, NEEDS_OCR)
        if picture.format != "TIFF" or not _has_next(picture, number):
            return


def _lost_pages(path: Path, read: int, max_pages: int) -> Iterator[Page]:
    """The pages behind those that could be reached; one for all where their number is unknown."""
    last = min(read + chain_of(path).lost(read), max_pages)
    for number in range(read + 1, last + 1):
        yield Page(number, str(number), "", 0, PageState.FAILED, LOST)


def _has_next(picture: Image.Image, index: int) -> bool:
    try:
        picture.seek(index)
    except _ODD_PICTURE_ERRORS:
        return False
    return True


def _decoded(picture: Image.Image) -> Image.Image:
    if picture.width * picture.height > MAX_PIXELS:
        raise DocumentError(DocumentState.TOO_LARGE, TOO_LARGE)
    try:
        size = _square_size(picture)
        picture.load()
        plain = _plain(picture)
        if plain.size != size:
            plain = plain.resize(size)
        return _upright(plain, picture)
    except (*_ODD_PICTURE_ERRORS, MemoryError) as error:
        raise DocumentError(DocumentState.FAILED, DAMAGED) from error


def _square_size(picture: Image.Image) -> tuple[int, int]:
    """Its size once its pixels are as high as wide: those of fax pages often are not."""
    across, down = picture.info.get("dpi") or (1, 1)
    stretch = float(across) / float(down) if down else 1.0
    if not 1 / MAX_STRETCH <= stretch <= MAX_STRETCH:
        return picture.size
    highest = max(1, MAX_PIXELS // picture.width)
    return picture.width, min(max(1, round(picture.height * stretch)), highest)


def _upright(plain: Image.Image, picture: Image.Image) -> Image.Image:
    """As the camera was held. Pillow has turned what comes from a TIFF by itself."""
    method = _TURNS.get(_orientation(picture)) if picture.format != "TIFF" else None
    return plain if method is None else plain.transpose(method)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except _ODD_PICTURE_ERRORS:
        return 1


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in 8 bits, grey or in colours, what is transparent on white."""
    if picture.mode[:1] in "IF":
        plain = _eight_bits(picture)
    elif picture.has_transparency_data:
        plain = Image.new("RGBA", picture.size, "white")
        plain.alpha_composite(picture.convert("RGBA"))
        plain = plain.convert("RGB")
    else:
        plain = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    return plain


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Levels of 16 or 32 bits, spread from black to white."""
    levels = np.nan_to_num(np.asarray(picture).astype(np.float32))
    lowest, highest = float(levels.min()), float(levels.max())
    spread = (levels - lowest) * (255.0 / max(highest - lowest, 1e-9))
    return Image.fromarray(spread.astype(np.uint8))
