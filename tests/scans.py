"""Pictures of pages as scanners make them, from pages whose words and places are known."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageFilter

from ingest.tesseract import find_tesseract
from tests import builders
from tests.builders import PdfPage

TESSERACT = find_tesseract()
WITH_TESSERACT = pytest.mark.skipif(TESSERACT is None, reason="tesseract is not installed")


def scan(page: PdfPage, *, dots: int = 300, degrees: float = 0.0) -> Image.Image:
    """A clean grey picture of a page, turned counter-clockwise."""
    document = pypdfium2.PdfDocument(builders.pdf([page]))
    picture: Image.Image = document[0].render(scale=dots / 72).to_pil().convert("L").copy()
    document.close()
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def worn(picture: Image.Image) -> Image.Image:
    """The picture as a poor scanner gives it: blurred, specked, and shaded to the right."""
    levels = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float64)
    shade = np.linspace(1.0, 0.7, levels.shape[1])
    specks = np.random.default_rng(7).normal(0, 6, levels.shape)
    return Image.fromarray(((levels * 0.8 + 30) * shade + specks).clip(0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def scanned_pdf(pictures: Sequence[Image.Image], dots: int = 300) -> bytes:
    """A PDF of nothing but pictures, one a page."""
    out = io.BytesIO()
    first, *others = pictures
    first.save(out, "PDF", save_all=True, append_images=others, resolution=dots)
    return out.getvalue()
