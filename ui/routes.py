"""Our own routes: page images, uploads, and whether the server is well."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.requests import ClientDisconnect

from ingest.attachments import file_name
from ingest.drafts import read_draft_file
from ingest.pipeline import Limits
from ingest.queue import IngestQueue
from rag.domain import DocumentState
from rag.errors import DocumentError, NotFoundError, RagError, StoreError
from rag.intake import Origin
from ui.absent import standing_of, state_of_deleted
from ui.chat import Choice
from ui.documents import state_of
from ui.library_handlers import LibraryHandlers
from ui.model_words import AWAY

if TYPE_CHECKING:
    from rag.wiring import Application
    from ui.rooms import Rooms

PAGE_WIDTH_PIXELS = 1200  # sharp on a screen of two pixels a point in a pane of 468 points
PAGES_IN_MEMORY = 32
MAX_PLACE_CHARACTERS = 2_000
STARTED = "x-started"  # differs with each start of the server: what is set may differ, too
NOWHERE = "This library was deleted. Bring it back, or choose another one, on the left."
EXCESS = "Split it, or raise TRAMONTANE_MAX_FILE_MB."


def build_router(
    application: Application, queue: IngestQueue, rooms: Rooms | None = None
) -> APIRouter:
    """The routes over a catalog and an ingestion queue."""
    router = APIRouter()
    queue_of = partial(_queue_of, queue, rooms)
    started = secrets.token_hex(4)

    @lru_cache(maxsize=PAGES_IN_MEMORY)
    def image(path: Path, number: int) -> bytes:
        return queue_of("").intake.page_image(path, number, PAGE_WIDTH_PIXELS)

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/documents/{document_id}/pages/{number}.jpg")
    def page_image(document_id: str, number: int) -> Response:
        try:
            application.catalog.cited.page(document_id, number)
            content = image(application.catalog.cited.original(document_id), number)
        except NotFoundError:
            return PlainTextResponse("There is no such page.", 404)
        except RagError as error:
            return PlainTextResponse(str(error), 422)
        headers = {"cache-control": "private, max-age=3600"}
        return Response(content, media_type="image/jpeg", headers=headers)

    @router.post("/documents")
    async def upload(request: Request, name: str, place: str = "", library: str = "") -> Response:
        limit = application.settings.max_file_mb * 1_000_000
        origin = Origin(place[:MAX_PLACE_CHARACTERS], alone=not place)
        find = partial(queue_of, library)
        return await _take_in(request, (file_name(name), origin), limit, find)

    @router.post("/drafts")
    async def draft(request: Request, name: str) -> Response:
        settings = application.settings
        limits = Limits(settings.max_file_mb * 1_000_000, settings.max_pages)
        reading = await run_in_threadpool(queue_of, "")
        return await _read_draft(request, file_name(name), limits, reading)

    @router.get("/documents")
    def state(library: str = "", shown: str = "") -> Response:
        response = _changes(application, queue, rooms, library, shown)
        response.headers[STARTED] = started
        return response

    router.add_api_route("/offers", lambda: _reachability(application), response_model=None)
    return router


def _queue_of(queue: IngestQueue, rooms: Rooms | None, library: str) -> IngestQueue:
    """What takes files in for a library, by its id; for the first one where it is empty.

    Raises:
        RagError: it was deleted, or cannot be opened.
    """
    if rooms is None:
        return queue
    return rooms.open(library).queue if library else rooms.of(Choice()).queue


def _changes(
    application: Application, queue: IngestQueue, rooms: Rooms | None, library: str, shown: str
) -> Response:
    """What tells whoever looks at a library whether something of it has changed elsewhere.

    `state` is that of its documents, `libraries` that of the chooser, and `standing` what has
    become of the document that is `shown`, if one is.
    """
    catalog = application.catalog
    try:
        standing = standing_of(catalog, shown) if shown else ""
        menu = "" if rooms is None else LibraryHandlers(rooms).state(library)
        try:
            known = catalog.library_with_id(library) if library else application.library
        except NotFoundError:
            gone = state_of_deleted(catalog, library)
            return JSONResponse({"state": gone, "libraries": menu, "standing": standing})
        jobs = _queue_of(queue, rooms, library).jobs()
        again = {} if rooms is None else rooms.rereading.going(known.id)
        state = state_of(known, jobs, catalog.reembeddings.of(known.id), again)
        return JSONResponse({"state": state, "libraries": menu, "standing": standing})
    except RagError as error:
        return PlainTextResponse(str(error), 503)


def _reachability(application: Application) -> Response:
    """Which of the models to choose from do not answer now, and the words for it."""
    try:
        application.look_again()
        away = [offer.id for offer in application.offers() if not offer.reachable]
    except RagError as error:
        return PlainTextResponse(str(error), 503)
    return JSONResponse({"away": away, "words": AWAY})


def describe_excess(name: str, size_bytes: int | None, limit_bytes: int) -> str:
    """Why a file over the limit is not taken in, and what to do; None where its size is unknown."""
    most = f"{limit_bytes / 1e6:,.0f} MB"
    if size_bytes is None:
        return f"{name} has more than {most}; that is the most that is taken in. {EXCESS}"
    # Rounded up, so that it never reads like the limit itself.
    size = f"{math.ceil(size_bytes / 1e5) / 10:,.1f}".removesuffix(".0")
    return f"{name} has {size} MB; {most} are taken in at most. {EXCESS}"


async def _take_in(
    request: Request,
    file: tuple[str, Origin],
    limit_bytes: int,
    find: Callable[[], IngestQueue],
) -> Response:
    name, origin = file
    try:
        queue = await run_in_threadpool(find)
        submit = partial(queue.submit, origin=origin)
        with ExitStack() as work:
            path = await run_in_threadpool(work.enter_context, queue.incoming.new_file())
            await _receive(request, name, limit_bytes, path)
            job = await run_in_threadpool(submit, path, name)  # which moves it
    except DocumentError as error:
        return PlainTextResponse(error.reason, 413)
    except StoreError as error:
        return PlainTextResponse(f"{name} was not taken in. {error}", 507)
    except NotFoundError:
        return PlainTextResponse(f"{name} was not taken in. {NOWHERE}", 422)
    except RagError as error:  # its library cannot be opened
        return PlainTextResponse(f"{name} was not taken in. {error}", 422)
    except ClientDisconnect:
        return PlainTextResponse(f"{name} was cut off on its way. Send it again.", 422)
    return JSONResponse({"job": job}, 202)


async def _read_draft(request: Request, name: str, limits: Limits, queue: IngestQueue) -> Response:
    """The text of a file that is to be checked; the file is not kept."""
    try:
        with ExitStack() as work:
            path = await run_in_threadpool(work.enter_context, queue.incoming.new_file())
            await _receive(request, name, limits.max_bytes, path)
            draft = await run_in_threadpool(
                read_draft_file, path, name, limits, queue.intake.ingestor.reader
            )
    except DocumentError as error:
        return PlainTextResponse(error.reason, 422)
    except StoreError as error:
        return PlainTextResponse(f"{name} was not read. {error}", 507)
    except ClientDisconnect:
        return PlainTextResponse(f"{name} was cut off on its way. Choose it again.", 422)
    return JSONResponse({"name": draft.name, "text": draft.text, "sha256": draft.sha256})


async def _receive(request: Request, name: str, limit_bytes: int, path: Path) -> None:
    """Write the body to a file.

    Raises:
        DocumentError: it is longer than the limit.
        StoreError: it cannot be written.
        ClientDisconnect: it ended too early.
    """
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdigit() else None
    if announced is not None and announced > limit_bytes:
        raise _too_large(name, announced, limit_bytes)
    received = 0
    try:
        with path.open("wb") as file:
            async for piece in request.stream():
                received += len(piece)
                if received > limit_bytes:
                    raise _too_large(name, announced, limit_bytes)
                file.write(piece)
    except OSError as error:
        raise StoreError(
            f"Nothing can be stored ({error.strerror}). Make room and try again."
        ) from error


def _too_large(name: str, size_bytes: int | None, limit_bytes: int) -> DocumentError:
    return DocumentError(DocumentState.TOO_LARGE, describe_excess(name, size_bytes, limit_bytes))
