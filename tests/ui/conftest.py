from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from fastapi.dependencies import models

from ingest.incoming import Incoming
from ingest.intake import Intake, limits_of
from ingest.loaders.load import load
from ingest.pipeline import Ingestor
from ingest.queue import IngestQueue
from ingest.rendering import render_page
from rag.settings import Settings, load_settings
from rag.wiring import Application, build
from tests.loopback import LoopbackServer, listed_model
from tests.ui.harbours import ARGUMENTS, CHROMIUM, GUIDE, add
from ui.intake import INCOMING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EXPECT_SECONDS = 20.0  # how long a page may take to show something on a machine that is busy

APP = Path(__file__).parents[2] / "app.py"

# What FastAPI remembers of the last 4,096 routes: it keeps them, and so some forty whole apps.
REMEMBERED = [each for each in vars(models).values() if hasattr(each, "cache_clear")]


# Every address the app looks up or connects to, except this machine's own.
WATCH = """
import sys
def watch(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host not in (None, "127.0.0.1", "::1", "localhost", "0.0.0.0"):
        with open({log!r}, "a") as file:
            file.write(f"{{host}}\\n")
sys.addaudithook(watch)
"""


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    if find_spec("playwright") is not None:
        from playwright.sync_api import expect

        expect.set_options(timeout=EXPECT_SECONDS * 1000)


@pytest.fixture(autouse=True)
def _no_app_is_remembered() -> Iterator[None]:
    yield
    for each in REMEMBERED:
        each.cache_clear()


@contextmanager
def running_app(data_dir: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """The web app in a process of its own; yields its address.

    Afterwards, it has spoken to no other machine.
    """
    watched = data_dir / "watched"
    watched.mkdir()
    log = watched / "hosts"
    log.touch()
    (watched / "sitecustomize.py").write_text(WATCH.format(log=str(log)))
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TRAMONTANE_") and name not in ("MISTRAL_API_KEY", "SPACE_ID")
    }
    environment |= {"TRAMONTANE_DATA_DIR": str(data_dir), "TRAMONTANE_PORT": "0", **settings}
    environment["PYTHONPATH"] = str(watched)
    process = subprocess.Popen(
        [sys.executable, str(APP)],
        cwd=data_dir,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines: list[str] = []
    drain: threading.Thread | None = None
    try:
        address = None
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                address = found.group()
                break
        assert address, "".join(lines)
        drain = threading.Thread(target=lambda pipe: [None for _ in pipe], args=(process.stderr,))
        drain.start()
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        if drain is not None:
            drain.join(timeout=20)
        process.stderr.close()
    assert log.read_text() == ""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = {"data_dir": tmp_path / "data", "samples": False, "chat": "reader", "max_file_mb": 1}
    return load_settings(chosen)


@pytest.fixture
def application(settings: Settings) -> Iterator[Application]:
    built = build(settings)
    yield built
    built.close()


@pytest.fixture
def queue(application: Application) -> Iterator[IngestQueue]:
    settings = application.settings
    ingestor = Ingestor(application.catalog, application.embedder, limits_of(settings), load)
    incoming = Incoming(settings.data_dir / INCOMING, settings.library)
    intake = Intake(application.catalog, ingestor, render_page)
    waiting = IngestQueue(intake, lambda: application.library, incoming)
    yield waiting
    waiting.close()


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer(served=[listed_model("local-model")]) as server:
        yield server


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def address(server: LoopbackServer, data_dir: Path) -> Iterator[str]:
    settings = {"TRAMONTANE_SAMPLES": "false", "TRAMONTANE_CHAT": f"{server.url}/v1"}
    with running_app(data_dir, settings) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str, tmp_path: Path) -> Iterator[Page]:
    """The page with the guide in its library; afterwards, nothing left it and nothing ran."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.set_default_timeout(20_000)
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.goto(address)
    add(page, tmp_path / "harbours.pdf", GUIDE)
    yield page
    page.close()
    hosts = {urlsplit(url).netloc for url in requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(address).netloc}
    assert not [url for url in requests if "file=" in url or "proxy=" in url]
    assert faults == []
