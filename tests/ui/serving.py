"""The HTTP API on this machine, behind the guard, without the page."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from rag.wiring import Application
from ui.api import build_api
from ui.guard import Guard, Setting

KEY = "none is asked for"


@contextmanager
def serving(application: Application) -> Iterator[str]:
    """Serve an application's API; yields the address that OpenAI's client is given."""
    app = FastAPI()
    app.add_middleware(Guard, setting=Setting(loopback_only=True, on_space=False))
    app.include_router(build_api(lambda: application))
    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join()
