"""The web server: our routes, with Gradio's page mounted among them behind a guard."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles

from ingest.pipeline import Ingestor, Limits
from ingest.queue import IngestQueue
from rag.errors import SettingsError
from rag.settings import Settings
from rag.wiring import Application, build
from ui.guard import LOOPBACK, Guard, Setting
from ui.layout import build_page
from ui.routes import build_router
from ui.theme import build_theme

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
SAMPLES = Path(__file__).parent.parent / "sample_docs"
HEAD = (
    '<link rel="stylesheet" href="page/page.css"><script src="page/page.js"></script>'
    '<meta name="color-scheme" content="light dark">'
)
EVENTS_AT_ONCE = 200  # Gradio's default of 40 lets the 41st visitor wait for a whole answer
ANSWERS_AT_ONCE = 64
SECONDS_TO_CLOSE = 2
SAMPLES_MARK = "samples"


def create_app(application: Application, queue: IngestQueue) -> FastAPI:
    """The web application; nothing listens yet."""
    settings = application.settings
    app = FastAPI(title="Tramontane", docs_url=None, redoc_url=None, openapi_url=None)
    setting = Setting(
        loopback_only=listening_host(settings) in LOOPBACK,
        on_space=settings.space_id is not None,
        max_file_bytes=settings.max_file_mb * 1_000_000,
    )
    # Gradio reflects any Origin unless its parent has a policy: here, none is allowed.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(Guard, setting=setting)
    app.include_router(build_router(application, queue))
    app.mount("/page", StaticFiles(directory=STATIC), name="page")
    blocks = build_page(application, queue)
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
    """Serve the page until interrupted.

    Raises:
        SettingsError: the address cannot be listened on, or two settings disagree.
        StoreError: the data directory cannot be used.
    """
    application = build(settings)
    limits = Limits(settings.max_file_mb * 1_000_000, settings.max_pages)
    ingestor = Ingestor(application.catalog, application.embedder, limits)
    queue = IngestQueue(ingestor, lambda: application.library)
    try:
        serve(application, queue)
    finally:
        queue.close()
        application.close()


def serve(application: Application, queue: IngestQueue) -> None:
    """Listen until interrupted; the address is logged once the page can be opened.

    A library that never held anything starts with the samples.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    settings = application.settings
    host = listening_host(settings)
    with listen(host, settings.port) as listener:
        app = create_app(application, queue)
        submit_samples(application, queue, sorted(SAMPLES.glob("*.*")))
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            forwarded_allow_ips="*" if settings.space_id is not None else None,
            timeout_graceful_shutdown=SECONDS_TO_CLOSE,
        )
        shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
        logger.info("Tramontane answers at http://%s:%d", shown, listener.getsockname()[1])
        uvicorn.Server(config).run(sockets=[listener])


def submit_samples(application: Application, queue: IngestQueue, samples: Sequence[Path]) -> None:
    """Queue the samples, once in the life of a data directory and only into an empty library."""
    catalog = application.catalog
    if not application.settings.samples or catalog.mark(SAMPLES_MARK) is not None:
        return
    catalog.set_mark(SAMPLES_MARK, "offered")
    if not catalog.documents(application.library.id):
        for path in samples:
            queue.submit(path, path.name, keep=True)


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
