import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest import rendering
from ingest.loaders import picture
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError, NotFoundError
from tests import builders
from tests.builders import Line, PdfPage

MAX_PAGES = 10


def halves(width: int = 60, height: int = 40, mode: str = "L") -> Image.Image:
    """White, with the upper left quarter black."""
    made = Image.new(mode, (width, height), "white")
    made.paste("black", (0, 0, width // 2, height // 2))
    return made


def saved(folder: Path, made: Image.Image, kind: str, **options: object) -> Path:
    path = folder / f"made.{kind.lower()}"
    made.save(path, kind, **options)
    return path


def shown(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image))


def dark_quarter(page: Image.Image) -> tuple[str, str]:
    """Where the dark quarter lies."""
    grey = np.asarray(page.convert("L").resize((2, 2), Image.Resampling.BOX))
    row, column = (int(index) for index in np.unravel_index(grey.argmin(), grey.shape))
    return ("top", "bottom")[row], ("left", "right")[column]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_picture_is_one_page_that_needs_ocr(tmp_path: Path, kind: str) -> None:
    loaded = picture.load(saved(tmp_path, halves(), kind), "Menu.scan", max_pages=MAX_PAGES)
    assert loaded.media_type == f"image/{kind.lower()}"
    assert (loaded.state, loaded.paginated) == (DocumentState.NEEDS_OCR, True)
    ((number, text, state),) = [(page.number, page.text, page.state) for page in loaded.pages]
    assert (number, text, state) == (1, "", PageState.NEEDS_OCR)


def test_each_frame_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    first, *others = (Image.new("L", (20 + number, 10), 255) for number in range(4))
    path = saved(tmp_path, first, "TIFF", save_all=True, append_images=others)
    loaded = picture.load(path, "fax.tif", max_pages=4)
    assert [page.label for page in loaded.pages] == ["1", "2", "3", "4"]
    assert picture.open_page(path, 3).size == (22, 10)
    with pytest.raises(NotFoundError):
        picture.open_page(path, 5)
    with pytest.raises(DocumentError, match="more than 3 pages") as raised:
        picture.load(path, "fax.tif", max_pages=3)
    assert raised.value.state is DocumentState.TOO_LARGE


def directories(content: bytes | bytearray) -> list[int]:
    """Where each page of a TIFF in the Intel order is described."""
    (place,), places = struct.unpack_from("<L", content, 4), []
    while place:
        places.append(place)
        (place,) = struct.unpack_from("<L", content, behind(content, place))
    return places


def behind(content: bytes | bytearray, place: int) -> int:
    """Where a description names the next one."""
    return int(place + 2 + 12 * struct.unpack_from("<H", content, place)[0])


@pytest.mark.parametrize(
    ("damage", "readable"), [("cut", 3), ("pointer", 3), ("count", 4), ("none", 5), ("ring", 5)]
)
def test_pages_lost_from_a_damaged_tiff_are_told(
    tmp_path: Path, damage: str, readable: int
) -> None:
    path = saved(tmp_path, halves(), "TIFF", save_all=True, append_images=[halves()] * 4)
    content = bytearray(path.read_bytes())
    places = directories(content)
    if damage == "cut":
        del content[places[3] - 10 :]
    elif damage == "pointer":
        struct.pack_into("<L", content, behind(content, places[2]), len(content) + 5000)
    elif damage == "count":
        struct.pack_into("<H", content, places[3], 60_000)
    elif damage == "ring":
        struct.pack_into("<L", content, behind(content, places[4]), places[0])
    path.write_bytes(content)

    loaded = picture.load(path, "fax.tif", max_pages=MAX_PAGES)

    lost = [PageState.FAILED] if readable < 5 else []
    assert [page.state for page in loaded.pages] == [PageState.NEEDS_OCR] * readable + lost
    assert [page.reason for page in loaded.pages[readable:]] == [picture.LOST] * len(lost)
    assert [page.number for page in loaded.pages] == list(range(1, len(loaded.pages) + 1))


@pytest.mark.parametrize(
    ("kind", "orientation"), [("JPEG", 6), ("TIFF", 6), ("PNG", 6), ("JPEG", 3)]
)
def test_a_picture_is_seen_as_the_camera_was_held(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, halves(), kind, exif=exif)
    page = picture.open_page(path, 1)
    expected = {6: ((40, 60), ("top", "right")), 3: ((60, 40), ("bottom", "right"))}
    assert (page.size, dark_quarter(page)) == expected[orientation]
    assert picture.page_size(path, 1) == page.size


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = saved(tmp_path, halves(), "TIFF", dpi=(204, 98))
    assert picture.open_page(path, 1).size == (60, 83)
    assert picture.page_size(path, 1) == (60, 83)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "F"])
def test_every_mode_is_read(tmp_path: Path, mode: str) -> None:
    if mode in ("I;16", "F"):
        levels = np.asarray(halves()).astype(np.uint16 if mode == "I;16" else np.float32) * 100
        made = Image.fromarray(levels)
    else:
        made = halves().convert(mode)
    page = picture.open_page(saved(tmp_path, made, "TIFF"), 1)
    assert (page.mode in ("L", "RGB"), dark_quarter(page)) == (True, ("top", "left"))


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    made = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    page = picture.open_page(saved(tmp_path, made, "PNG"), 1)
    assert page.getpixel((5, 5)) == (255, 255, 255)


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("1", (10_000, 6_000)), "PNG")
    with pytest.raises(DocumentError, match="50 million pixels") as raised:
        picture.load(path, "huge.png", max_pages=MAX_PAGES)
    assert raised.value.state is DocumentState.TOO_LARGE
    path = saved(tmp_path, Image.new("1", (30_000, 20_000)), "PNG")
    with pytest.raises(DocumentError, match="50 million pixels"):
        picture.load(path, "bomb.png", max_pages=MAX_PAGES)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_no_bytes_end_otherwise_than_in_a_state(tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (40, 60), dtype=np.uint8)
    options = {"compression": "tiff_lzw"} if kind == "TIFF" else {}
    content = saved(tmp_path, Image.fromarray(noise), kind, **options).read_bytes()
    path = tmp_path / "damaged"
    randoms = np.random.default_rng(2)
    states, reasons = set(), {"."}
    for _ in range(150):
        damaged = bytearray(content[: int(randoms.integers(8, len(content) + 1))])
        for at in randoms.integers(8, len(damaged) + 1, 4):
            damaged[min(int(at), len(damaged) - 1)] = int(randoms.integers(256))
        path.write_bytes(damaged)
        try:
            states.add(picture.load(path, "x", max_pages=MAX_PAGES).state)
        except DocumentError as error:
            states.add(error.state)
            reasons.add(error.reason)
    assert all(reason.endswith(".") for reason in reasons)
    assert DocumentState.DAMAGED in states


def test_a_picture_is_enlarged_for_ocr_and_grey(tmp_path: Path) -> None:
    path = saved(tmp_path, halves(600, 400, "RGB"), "PNG")
    image = shown(rendering.page_image(path, 1, 2550))
    assert (image.format, image.mode, image.size) == ("PNG", "L", (1800, 1200))
    image = shown(rendering.page_image(path, 1, 200))
    assert image.size == (300, 200)


def test_a_picture_is_shown_in_colours(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("RGB", (3000, 2000), (200, 0, 0)), "PNG")
    image = shown(rendering.render_page(path, 1, 1200))
    assert (image.format, image.size) == ("JPEG", (1200, 800))
    assert image.getpixel((5, 5)) == pytest.approx((200, 0, 0), abs=4)
    assert rendering.page_size(path, 1) == (918, 612)


def test_pages_of_a_pdf_are_drawn_for_ocr(tmp_path: Path) -> None:
    path = tmp_path / "made.pdf"
    landscape = PdfPage((Line("Boats"),), media_box=(0, 0, 792, 612))
    path.write_bytes(builders.pdf([PdfPage((Line("Boats"),)), landscape]))
    upright, wide = (shown(rendering.page_image(path, number, 2550)) for number in (1, 2))
    assert (upright.mode, upright.width) == ("L", 2550)
    assert upright.height == pytest.approx(3300, abs=1)
    assert wide.height == 2550
    assert wide.width == pytest.approx(3300, abs=1)
    assert upright.getextrema() == (0, 255)
    with pytest.raises(NotFoundError):
        rendering.page_image(path, 3, 2550)
