"""What a process that reads files answered, checked before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from pydantic import TypeAdapter, ValidationError

from ingest.loaded import Attachment, LoadedDocument
from ingest.wire import Kind
from rag.domain import DocumentState
from rag.errors import DocumentError, NotFoundError

NO_SENSE = (
    "The program that reads the file stopped without a result. "
    "Save the file in another format and add it again."
)
TOO_HUNGRY = (
    "Reading the file needs more memory than it may have. "
    "Split it, or save it in another format, and add it again."
)
_REFUSAL = TypeAdapter(tuple[DocumentState, str])
_OS_ERROR = TypeAdapter(tuple[int, str])
_TEXT = TypeAdapter(str)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came; `contents` are those of the attachments, in order."""

    kind: Kind
    content: bytes
    contents: tuple[bytes, ...] = ()

    def document(self) -> LoadedDocument:
        """The document that was read: every position in it is inside its page.

        Raises:
            DocumentError: it could not be read, or the answer makes no sense.
            OSError: the file is not there or may not be read.
        """
        try:
            if self.kind is not Kind.DOCUMENT:
                raise self._error()
            loaded = _document_adapter().validate_json(self.content, strict=True)
            attachments = tuple(
                Attachment(attachment.name, content)
                for attachment, content in zip(loaded.attachments, self.contents, strict=True)
            )
        except ValueError as error:  # ValidationError is one
            raise DocumentError(DocumentState.FAILED, NO_SENSE) from error
        if not all(_sound(loaded)):
            raise DocumentError(DocumentState.FAILED, NO_SENSE)
        return replace(loaded, attachments=attachments)

    def image(self) -> bytes:
        """The picture that was drawn.

        Raises:
            NotFoundError: there is no such page.
            DocumentError: it could not be drawn, or the answer makes no sense.
            OSError: the file is not there or may not be read.
        """
        if self.kind is Kind.IMAGE:
            return self.content
        try:
            if self.kind is Kind.NOT_FOUND:
                raise NotFoundError(_TEXT.validate_json(self.content))
            raise self._error()
        except ValidationError as error:
            raise DocumentError(DocumentState.FAILED, NO_SENSE) from error

    def _error(self) -> Exception:
        if self.kind is Kind.REFUSED:
            return DocumentError(*_REFUSAL.validate_json(self.content))
        if self.kind is Kind.OS_ERROR:
            number, reason = _OS_ERROR.validate_json(self.content)
            return OSError(number, reason) if number else OSError(reason)
        if self.kind is Kind.OUT_OF_MEMORY:
            return DocumentError(DocumentState.TOO_LARGE, TOO_HUNGRY)
        return DocumentError(DocumentState.FAILED, NO_SENSE)


def _sound(document: LoadedDocument) -> Iterator[bool]:
    """Whether pages are counted from 1, and all else stands on one of them."""
    lengths = {page.number: len(page.text) for page in document.pages}
    yield list(lengths) == list(range(1, len(document.pages) + 1))
    for heading in document.outline:
        yield 0 <= (heading.start or 0) <= lengths.get(heading.page, -1)
    spans = [(table.page, table.rows) for table in document.tables] + [*document.words.items()]
    for number, parts in spans:
        length = lengths.get(number, -1)
        yield length >= 0
        yield all(0 <= part.start <= part.end <= length for part in parts)


@cache
def _document_adapter() -> TypeAdapter[LoadedDocument]:
    return TypeAdapter(LoadedDocument)
