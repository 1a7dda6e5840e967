"""The OCR of La Plateforme: https://docs.mistral.ai/capabilities/document_ai/basic_ocr."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mistralai.client import models

from rag.domain import DocumentState
from rag.errors import ContextLengthError, DocumentError, ModelNotFoundError, RefusedRequestError
from rag.intake import OcrPage
from rag.policy import Gate, open_gate
from rag.providers.mistral_client import connected, endpoint_of, translated
from rag.providers.ocr_text import Block, plain_text, set_blocks
from rag.providers.retries import Retries

MODEL = "mistral-ocr-latest"
DOLLARS_PER_PAGE = 0.004  # $4 for 1,000 pages
LEAST_SHARE_IN_BLOCKS = (
    0.5  # of a page's text; where blocks hold less, the page is taken as a whole
)
EDGES = ("top_left_x", "top_left_y", "bottom_right_x", "bottom_right_y")
TOO_LARGE = "The picture of the page is larger than the OCR of La Plateforme takes."
NOT_TAKEN = (
    "Save the page in another format and add it again, or set TRAMONTANE_OCR to tesseract to read "
    "it here."
)
NOT_ANSWERED = "La Plateforme answered without the text of this page. Try the page again."
OTHER_PAGES = (
    "One page was sent to La Plateforme, and it answered with the pages numbered {}. Their text "
    "may be of another page, so none of it is taken. Try the page again."
)
MOST_NAMED = 5  # pages, in a sentence
NOT_SERVED = (
    f"La Plateforme does not serve {MODEL} for this key. "
    "Set TRAMONTANE_OCR to tesseract or off, or use another key."
)


class MistralOcr:
    """Mistral's OCR model, a page at a time."""

    name = "Mistral OCR"
    dollars_per_page = DOLLARS_PER_PAGE

    def __init__(
        self,
        api_key: str,
        *,
        url: str,
        timeout_seconds: float,
        gate: Gate = open_gate,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Check key and address; no request is made before the first page.

        Raises:
            AuthenticationError: the key cannot be one.
            SettingsError: the address is none.
        """
        self._endpoint = endpoint_of(api_key, MODEL, "TRAMONTANE_OCR", url, timeout_seconds, gate)
        self._client = connected(self._endpoint, self)
        self._retries = Retries(sleep=sleep)

    def read(self, image: bytes) -> OcrPage:
        """The words on a picture (PNG or JPEG), in reading order; a row of a table is a line.

        Places are those of paragraphs, and of the lines in which a word probably stands.

        Raises:
            DocumentError: the picture is too large or refused, or the reply is not its text alone.
            ProviderError: La Plateforme cannot be used.
        """
        try:
            return self._retries.call(lambda: self._request(image))
        except ContextLengthError as error:
            raise DocumentError(DocumentState.FAILED, TOO_LARGE) from error
        except RefusedRequestError as error:
            raise DocumentError(DocumentState.FAILED, f"{error} {NOT_TAKEN}") from error
        except ModelNotFoundError as error:
            raise ModelNotFoundError(NOT_SERVED) from error

    def _request(self, image: bytes) -> OcrPage:
        kind = "image/png" if image.startswith(b"\x89PNG") else "image/jpeg"
        written = f"data:{kind};base64,{base64.b64encode(image).decode()}"
        with translated(self._endpoint):
            reply = self._client.ocr.process(
                model=MODEL,
                document={"type": "image_url", "image_url": written},
                include_blocks=True,
            )
        return _page(_sent_page(reply.pages))


def _sent_page(pages: Sequence[models.OCRPageObject]) -> models.OCRPageObject:
    """The page that was sent, the only one, whose index is 0.

    Raises:
        DocumentError: the reply is of no page, of several, or of another one.
    """
    indexes = [page.index for page in pages]
    if indexes == [0]:
        return pages[0]
    if not indexes:
        raise DocumentError(DocumentState.FAILED, NOT_ANSWERED)
    told = ", ".join(str(index + 1) for index in indexes[:MOST_NAMED])
    more = f" and {len(indexes) - MOST_NAMED} more" if len(indexes) > MOST_NAMED else ""
    raise DocumentError(DocumentState.FAILED, OTHER_PAGES.format(told + more))


def _page(page: models.OCRPageObject) -> OcrPage:
    """The page as its blocks say; as a whole, without places, where they leave much of it out."""
    whole = plain_text(page.markdown)
    size = page.dimensions
    if size is None or size.width < 1 or size.height < 1:
        return OcrPage(whole, ())
    found = set_blocks(list(_blocks(page)), size.width, size.height)
    if len(found.text) < LEAST_SHARE_IN_BLOCKS * len(whole):
        return OcrPage(whole, ())
    return found


def _blocks(page: models.OCRPageObject) -> Iterator[Block]:
    for block in page.blocks or ():
        fields: Any = block.raw if isinstance(block, models.UnknownBlock) else block.model_dump()
        if not isinstance(fields, Mapping):
            continue
        corners = [fields.get(edge) for edge in EDGES]
        content = fields.get("content")
        if isinstance(content, str) and all(isinstance(corner, int) for corner in corners):
            left, top, right, bottom = (float(corner) for corner in corners if corner is not None)
            yield Block(content, left, top, right, bottom)
