"""A mail as it is read, of whatever format: its headers, its body, and the files it brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ingest import markup, pipe_tables, titles
from ingest.composer import Composed, Composer
from ingest.filetypes import suffix_of
from ingest.loaded import Attachment, LeftOut, LoadedDocument
from ingest.markup_tables import Block
from rag.domain import DocumentState

POOR_SHARE = 0.25  # of its web page's text: a plain body shorter than that only points to it
MAX_ATTACHMENTS = 5_000
SIGNED = "It is the signature of the mail. It holds no text to read."
HEADERS = ("From", "To", "Cc", "Date", "Subject")


@dataclass(slots=True)
class Body:
    """A part of a mail's text in up to two forms: as plain text, and as what its page shows."""

    plain: str = ""
    blocks: tuple[Block, ...] = ()

    def write(self, composer: Composer) -> None:
        """Write the plain text, unless the page says far more."""
        plain = self.plain.strip()
        shown = sum(_size(block) for block in self.blocks)
        if self.blocks and len(plain) < POOR_SHARE * shown:
            markup.write(self.blocks, composer)
        elif plain:
            composer.written(plain, pipe_tables.find(plain))

    def as_text(self) -> str:
        """The better of the two forms as text alone."""
        composer = Composer()
        self.write(composer)
        if not composer.length:
            return ""
        pages = composer.finish(max_pages=composer.length).pages
        return "".join(page.text for page in pages)


@dataclass(slots=True)
class Mail:
    """What was found in a mail; `headers` in the order in which they are shown."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    left_out: int = 0  # attachments, of more than can be taken
    passed: list[LeftOut] = field(default_factory=list)

    def attach(self, name: str, content: bytes) -> None:
        """Keep a file that it brings, or count it where there are too many; no signature is one."""
        if suffix_of(name) == ".p7s":
            self.pass_over_signature(name)
        elif len(self.attachments) < MAX_ATTACHMENTS:
            self.attachments.append(Attachment(name, content))
        else:
            self.left_out += 1

    def pass_over_signature(self, name: str) -> None:
        """Note the signature that it brings, in which there is nothing to read."""
        if len(self.passed) < MAX_ATTACHMENTS:
            self.passed.append(LeftOut(name, SIGNED, passed=True))

    @property
    def subject(self) -> str:
        """What it is about, if it says."""
        return next((value for name, value in self.headers if name == "Subject"), "")


def document_of(mail: Mail, name: str, media_type: str, *, max_pages: int) -> LoadedDocument:
    """The document that a mail makes: its headers as first lines, then its text.

    Raises:
        DocumentError: it is too long, or there is nothing in it.
    """
    composer = Composer()
    for header, value in mail.headers:
        if value:
            composer.item(f"{header}: {value}")
    for body in mail.bodies:
        body.write(composer)
    is_bare = not composer.length and bool(mail.attachments)
    composed = Composed((), (), ()) if is_bare else composer.finish(max_pages)
    subject = titles.tidy(mail.subject)
    title = subject if titles.is_meaningful(subject) else titles.from_name(name)
    document = composed.document(
        title,
        media_type,
        state=DocumentState.PARTIAL if mail.left_out else DocumentState.READY,
        reason=_left_out(mail.left_out) if mail.left_out else "",
    )
    return replace(document, attachments=tuple(mail.attachments), left_out=tuple(mail.passed))


def on_one_line(values: Iterable[str]) -> str:
    """The values of a header, tidied."""
    joined = ", ".join(value for value in values if value.strip())
    printable = "".join(sign if sign.isprintable() else " " for sign in joined)
    return " ".join(printable.split())


def _left_out(number: int) -> str:
    were = "attachment was" if number == 1 else "attachments were"
    return f"{number:,} {were} left out: of one mail, {MAX_ATTACHMENTS:,} are taken."


def _size(block: Block) -> int:
    return len(block.text) + sum(len(cell) for row in block.rows for cell in row)
