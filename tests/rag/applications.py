"""Whole applications, wired as an entry point wires them, and a La Plateforme of our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.settings import Settings, load_settings
from rag.wiring import Application, build
from tests.loopback import LoopbackServer, Reply

KEY = "s3cr3t-k3y-0123456789"
TEXTS = {
    "nemo.txt": "Nemo has 12 billion parameters. Mistral built it together with NVIDIA.",
    "cheese.txt": "Camembert is a soft cheese from Normandy. It ripens for three weeks.",
}
QUESTION = "How many parameters does Nemo have?"


def settings(**given: object) -> Settings:
    return load_settings({"data_dir": Path("data"), **given})


@contextmanager
def application(**given: object) -> Iterator[Application]:
    with closing(build(settings(**given))) as opened:
        yield opened


def fill(opened: Application) -> None:
    ingestor = Ingestor(opened.catalog, opened.embedder, Limits(1_000_000, 100), load)
    for name, text in TEXTS.items():
        path = Path(name)
        path.write_text(text, encoding="utf-8")
        ingestor.add(path, opened.library)


@contextmanager
def platform(chat: Iterable[Reply] = ()) -> Iterator[LoopbackServer]:
    with LoopbackServer(api_key=KEY, chat=chat) as server:
        yield server
