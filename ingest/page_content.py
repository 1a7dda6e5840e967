"""What is read off one page of a PDF file: its exact text, what else it shows, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ingest.raised_marks import Marks
from ingest.ruling import UNRULED, Ruling

Measure = Callable[[int], tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class PageContent:
    """What is on a page: its exact text, and whether it also shows what is no text.

    `unmapped` is the number of characters whose font does not tell what letters they are; they are
    absent from the text. `bare` is a page with nothing on it, not even a line or a space.
    One without words `hides` some where it has them outside its visible part. A picture that words
    were `typed_on` shows more than those.
    """

    text: str
    drawn: bool
    unmapped: int = 0
    bare: bool = False
    hides: bool = False
    typed_on: bool = False


@dataclass(frozen=True, slots=True)
class ReadPage:
    """An open page: what is on it, and what measures where, made when it is needed.

    `marks` are those that stand raised in the text.
    """

    content: PageContent
    ruler: Callable[[], Measure]
    marks: Marks
    ruling: Ruling = UNRULED
