"""Reads PowerPoint presentations: one page a slide, with its tables, charts and notes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pptx.opc.package import PartFactory
from pptx.package import Package
from pptx.parts.presentation import PresentationPart

from ingest import titles
from ingest.composer import Composer
from ingest.loaded import LoadedDocument
from ingest.loaders.shapes import UNREADABLE, Part, parts_of, title_of
from ingest.ooxml import check_package, damaged
from rag.domain import DocumentState, PageState
from rag.errors import DocumentError

if TYPE_CHECKING:
    from pptx.slide import Slide

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
MOST_NAMED = 20  # slides, in a sentence
NO_TEXT = "The slide holds no text."
# Slide shows and templates with macros are presentations, too; python-pptx knows the others.
PartFactory.part_type_for.update(
    {
        f"application/vnd.ms-powerpoint.{kind}.macroEnabled.main+xml": PresentationPart
        for kind in ("slideshow", "template")
    }
)


def load(path: Path, name: str, *, max_pages: int) -> LoadedDocument:
    """Read a presentation; a slide's label is its number, its title a heading of level 1.

    Raises:
        DocumentError: it is damaged, too large, or holds no text.
    """
    check_package(path)
    try:
        presentation = Package.open(str(path)).presentation_part.presentation
        slides = list(presentation.slides)
        kept = titles.tidy(presentation.core_properties.title or "")
    except UNREADABLE as error:
        raise damaged() from error
    if len(slides) > max_pages:
        raise DocumentError(
            DocumentState.TOO_LARGE,
            f"The presentation has {len(slides):,} slides; {max_pages:,} are read at most. Split "
            "it, or raise TRAMONTANE_MAX_PAGES.",
        )
    return _loaded(slides, kept, name, max_pages)


def _loaded(slides: Sequence[Slide], kept: str, name: str, max_pages: int) -> LoadedDocument:
    composer = Composer()
    failed = sum(not _wrote(composer, number, slide) for number, slide in enumerate(slides, 1))
    if slides and failed == len(slides):
        raise damaged()
    composed = composer.finish(max_pages)
    first = composed.outline[0].title if composed.outline else ""
    kept = kept if titles.is_meaningful(kept) else ""
    notes = [f"{failed} of {len(slides)} slides are damaged."] if failed else []
    notes += _notes_on_hidden(slides)
    return composed.document(
        kept or titles.tidy(first) or titles.from_name(name),
        MEDIA_TYPE,
        paginated=True,
        state=DocumentState.PARTIAL if failed else DocumentState.READY,
        reason=" ".join(notes),
    )


def _notes_on_hidden(slides: Sequence[Slide]) -> list[str]:
    """A sentence on the slides that a show leaves out, if there are any."""
    numbers = [str(number) for number, slide in enumerate(slides, 1) if _is_hidden(slide)]
    more = len(numbers) - MOST_NAMED
    named = ", ".join(numbers[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return [f"Hidden slides, read like the others: {named}."] if numbers else []


def _is_hidden(slide: Slide) -> bool:
    return slide.element.get("show") in ("0", "false")


def _wrote(composer: Composer, number: int, slide: Slide) -> bool:
    """Write a slide; false where it is damaged, which loses it alone."""
    try:
        title, parts = title_of(slide), parts_of(slide)
        is_hidden = _is_hidden(slide)
    except UNREADABLE:
        composer.begin_page(str(number), state=PageState.FAILED, reason="The slide is damaged.")
        return False
    has_text = bool(title or parts)
    composer.begin_page(str(number), reason="" if has_text else NO_TEXT)
    note = "(hidden slide)" if is_hidden and has_text else ""
    if title:
        composer.heading(title, 1, f" {note}" if note else "")
    elif note:
        composer.paragraph(note)
    for part in parts:
        _write(composer, part)
    return True


def _write(composer: Composer, part: Part) -> None:
    composer.paragraph(*part.lines)
    composer.table(part.rows, name=part.name, header=part.header)
