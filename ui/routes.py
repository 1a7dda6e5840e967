"""Our own routes: page images, uploads, and whether the server is well."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.requests import ClientDisconnect

from ingest.pdfium import render_page
from ingest.queue import IngestQueue
from rag.errors import NotFoundError, RagError

if TYPE_CHECKING:
    from rag.wiring import Application

PAGE_WIDTH_PIXELS = 1200  # sharp on a screen of two pixels a point in a pane of 468 points
PAGES_IN_MEMORY = 32
MAX_NAME_CHARACTERS = 200


class TooLargeError(Exception):
    """An upload is longer than what is taken in."""


def build_router(application: Application, queue: IngestQueue) -> APIRouter:
    """The routes over a catalog and an ingestion queue."""
    router = APIRouter()

    @lru_cache(maxsize=PAGES_IN_MEMORY)
    def image(path: Path, number: int) -> bytes:
        return render_page(path, number, PAGE_WIDTH_PIXELS)

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/documents/{document_id}/pages/{number}.jpg")
    def page_image(document_id: str, number: int) -> Response:
        try:
            application.catalog.page(document_id, number)
            content = image(application.catalog.original(document_id), number)
        except NotFoundError:
            return PlainTextResponse("There is no such page.", 404)
        except RagError as error:
            return PlainTextResponse(str(error), 422)
        headers = {"cache-control": "private, max-age=3600"}
        return Response(content, media_type="image/jpeg", headers=headers)

    @router.post("/documents")
    async def upload(request: Request, name: str) -> Response:
        name = display_name(name)
        limit = application.settings.max_file_mb * 1_000_000
        path = await run_in_threadpool(_new_file)
        try:
            await _receive(request, path, limit)
            job = await run_in_threadpool(queue.submit, path, name)  # which deletes it, once read
        except (RagError, ClientDisconnect) as error:
            path.unlink(missing_ok=True)
            return PlainTextResponse(f"“{name}” was not taken in. {error}".strip(), 422)
        except TooLargeError:
            path.unlink(missing_ok=True)
            most = f"{application.settings.max_file_mb} MB"
            return PlainTextResponse(f"“{name}” is too large: at most {most} are taken in.", 413)
        return JSONResponse({"job": job}, 202)

    return router


def display_name(name: str) -> str:
    """A file's name fit to be shown: no folders, no control characters, not too long."""
    name = PureWindowsPath(PurePosixPath(name).name).name
    shown = "".join(character for character in name if character.isprintable()).strip()
    stem, dot, suffix = shown.rpartition(".")
    if len(shown) > MAX_NAME_CHARACTERS:
        shown = stem[: MAX_NAME_CHARACTERS - len(suffix) - 1] + dot + suffix[:MAX_NAME_CHARACTERS]
    return shown or "unnamed"


def _new_file() -> Path:
    with tempfile.NamedTemporaryFile(prefix="tramontane-", delete=False) as file:
        return Path(file.name)


async def _receive(request: Request, path: Path, limit: int) -> None:
    """Write the body to a file.

    Raises:
        TooLargeError: the body is longer than the limit.
    """
    size = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                raise TooLargeError
            file.write(piece)
