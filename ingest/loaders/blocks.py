"""Makes documents of what formats without pages show: a title and blocks."""

from __future__ import annotations

from ingest import markup, titles
from ingest.composer import Composer
from ingest.loaded import LoadedDocument


def document_of(shown: markup.Markup, name: str, media_type: str, max_pages: int) -> LoadedDocument:
    """A document of these blocks; its title is its own, else its first heading, else its name.

    Raises:
        DocumentError: there is no text, or too much of it.
    """
    composer = Composer()
    markup.write(shown.blocks, composer)
    composed = composer.finish(max_pages)
    own = titles.tidy(shown.title)
    first = next((heading.title for heading in composed.outline if heading.level == 1), "")
    title = own if titles.is_meaningful(own) else titles.tidy(first) or titles.from_name(name)
    return composed.document(title, media_type)
