"""The web server: our routes, with Gradio's page mounted among them behind a guard."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles

from ingest.queue import IngestQueue
from rag.connections import check_installed
from rag.errors import SettingsError
from rag.purging import DailyPurge
from rag.settings import Settings
from rag.store.blobs import hash_file
from rag.wiring import Application, build
from ui.api import build_api
from ui.guard import LOOPBACK, Guard, Setting
from ui.intake import open_queue
from ui.layout import build_page, invite
from ui.placing import to_begin_with
from ui.rooms import Rooms
from ui.routes import build_router
from ui.theme import build_theme

# After every event Gradio sums up all of them in a table; nothing here reads it.
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(sys.maxsize)

STATIC = Path(__file__).parent / "static"
SAMPLES = Path(__file__).parent.parent / "sample_docs"
HEAD = (
    '<link rel="stylesheet" href="page/page.css"><link rel="stylesheet" href="page/drafts.css">'
    '<link rel="stylesheet" href="page/checking.css"><link rel="stylesheet" href="page/intake.css">'
    '<link rel="stylesheet" href="page/models.css">'
    '<link rel="stylesheet" href="page/libraries.css"><script src="page/models.js"></script>'
    '<script src="page/page.js"></script><script src="page/intake.js"></script>'
    '<script src="page/underway.js"></script><script src="page/pressing.js"></script>'
    '<script src="page/documents.js"></script><script src="page/following.js"></script>'
    '<script src="page/focus.js"></script><script src="page/reading.js"></script>'
    '<script src="page/checking.js"></script><script src="page/drafts.js"></script>'
    '<meta name="color-scheme" content="light dark">'
)
EVENTS_AT_ONCE = 200  # Gradio's default of 40 lets the 41st visitor wait for a whole answer
ANSWERS_AT_ONCE = 64
SECONDS_TO_CLOSE = 2
SAMPLES_MARK = "samples"
SAMPLES_ARE_IN = "offered"


def create_app(application: Application, queue: IngestQueue) -> FastAPI:
    """The web application; nothing listens yet."""
    settings = application.settings
    app = FastAPI(title="Tramontane", docs_url=None, redoc_url=None, openapi_url=None)
    setting = Setting(
        loopback_only=listening_host(settings) in LOOPBACK,
        on_space=settings.space_id is not None,
    )
    # Gradio reflects any Origin unless its parent has a policy: here, none is allowed.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(Guard, setting=setting)
    rooms = Rooms(application, queue, invite)
    app.state.rooms = rooms
    app.include_router(build_router(application, queue, rooms))
    app.include_router(build_api(rooms.first))
    app.mount("/page", StaticFiles(directory=STATIC), name="page")
    blocks = build_page(application, rooms)
    blocks.max_threads = EVENTS_AT_ONCE
    blocks.queue(default_concurrency_limit=ANSWERS_AT_ONCE, api_open=False)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        favicon_path=str(STATIC / "icon.png"),
        theme=build_theme(),
        head=HEAD,
    )
    return app


def run_server(settings: Settings) -> None:
    """Serve the page until interrupted; how it goes is told on stderr.

    Raises:
        SettingsError: the address cannot be listened on, two settings disagree, or vLLM is asked
            for and is not installed.
        StoreError: the data directory cannot be used.
    """
    check_installed(settings)
    application = build(to_begin_with(settings))
    queue = open_queue(application)
    purge = DailyPurge(application.catalog)
    try:
        serve(application, queue)
    finally:
        purge.close()
        queue.close()
        application.close()


def serve(application: Application, queue: IngestQueue) -> None:
    """Listen until interrupted; the address is told once the page can be opened.

    A library that never held anything starts with the samples.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    settings = application.settings
    host = listening_host(settings)
    with listen(host, settings.port) as listener:
        app = create_app(application, queue)
        app.state.rooms.resume()
        queue.resume()  # not before it listens: a server in the way may be reading the same files
        samples = submit_samples(application, queue, sorted(SAMPLES.glob("*.*")))
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            forwarded_allow_ips="*" if settings.space_id is not None else None,
            timeout_graceful_shutdown=SECONDS_TO_CLOSE,
        )
        shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
        shown = f"[{shown}]" if ":" in shown else shown
        address = f"http://{shown}:{listener.getsockname()[1]}"
        server = _Server(config, f"Tramontane answers at {address} — press Ctrl+C to stop.")
        if samples:
            threading.Thread(target=_tell_samples, args=(queue, samples), daemon=True).start()
        try:
            server.run(sockets=[listener])
        finally:
            app.state.rooms.close()


class _Server(uvicorn.Server):
    """Tells where it answers, once it does."""

    def __init__(self, config: uvicorn.Config, sentence: str) -> None:
        super().__init__(config)
        self._sentence = sentence

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            _tell(self._sentence)


def submit_samples(
    application: Application, queue: IngestQueue, samples: Sequence[Path]
) -> list[int]:
    """Queue the samples that were never in, only into a library that was empty at first.

    Each is marked once it is a document, and all of them when none is left: until then, those
    missing are offered at every start, and one that was removed does not come back.

    Returns:
        The numbers of their jobs.
    """
    catalog, library = application.catalog, application.library
    mark = catalog.mark(SAMPLES_MARK)
    if not application.settings.samples or mark not in (None, library.id):
        return []
    if mark is None and catalog.documents(library.id):
        catalog.set_mark(SAMPLES_MARK, SAMPLES_ARE_IN)
        return []
    catalog.set_mark(SAMPLES_MARK, library.id)
    missing = [path for path in samples if catalog.mark(_sample_mark(path)) is None]
    if not missing:
        catalog.set_mark(SAMPLES_MARK, SAMPLES_ARE_IN)
    waiting = {job.sha256: job.id for job in queue.jobs() if not job.has_ended}
    numbers = []
    for path in missing:
        number = waiting.get(hash_file(path))  # accepted by an earlier start, and not read yet
        if number is None:
            number = queue.submit(path, path.name, keep=True, mark=_sample_mark(path))
        numbers.append(number)
    return numbers


def _sample_mark(sample: Path) -> str:
    return f"{SAMPLES_MARK}: {sample.name}"


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _tell_samples(queue: IngestQueue, samples: Sequence[int]) -> None:
    taken = [job for job in queue.wait(samples) if job.document_id is not None]
    if taken:
        _tell(f"{len(taken)} sample documents are in: ask them something.")


def listening_host(settings: Settings) -> str:
    """The address to listen on: a Space is reached through its proxy."""
    return "0.0.0.0" if settings.space_id is not None else settings.host  # noqa: S104


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        SettingsError: the port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise SettingsError(_refusal(host, port, error)) from error
    return listener


def _refusal(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"Port {port} needs more rights. Choose one above 1023."
    if isinstance(error, socket.gaierror) or error.errno != errno.EADDRINUSE:
        return f"{host} cannot be listened on. Set TRAMONTANE_HOST to an address of this machine."
    other = port + 1 if port < 65535 else 7860
    return (
        f"Port {port} is already in use. Stop the other program or choose another port: "
        f"tramontane serve --port {other}."
    )
