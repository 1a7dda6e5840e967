"""A library that never leaves this machine: by no way does a word of it reach another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import NotFoundError, PolicyError
from rag.policy import is_here
from rag.providers.reader import READER
from rag.settings import load_settings
from rag.store.catalog import Catalog
from rag.store.holdings import NewLibrary
from rag.wiring import build_existing
from tests.builders import PdfPage, pdf
from tests.loopback import LoopbackServer, listed_model
from tests.loopback_rerank import RerankLoopback
from tests.ui.cli.rig import Run
from ui.intake import intake_of

CANARY = "zirbelnuss"
TEXT = f"The {CANARY} of the old mill weighs four kilograms. It is kept by the miller."
QUESTION = f"What does the {CANARY} weigh?"
KEY = "right"
MINI, MISTRAL = "all-MiniLM-L6-v2", "mistral-embed"
SCHEMA = {"type": "object", "properties": {"weight": {"type": "string"}}}


def beyond(url: str) -> str:
    """The address of a server here that counts as one elsewhere: the system leads it back here."""
    return url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    """A server that stands for La Plateforme and for one of one's own, on another machine."""
    with LoopbackServer(served=[listed_model("m")]) as server:
        monkeypatch.setenv("TRAMONTANE_MISTRAL_URL", beyond(server.url))
        monkeypatch.setenv("TRAMONTANE_ASK_ABOVE", "100")
        yield server


@pytest.fixture
def reranker() -> Iterator[RerankLoopback]:
    with RerankLoopback() as server:
        yield server


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """What the commands read, by the word that stands for it in their arguments."""
    written = {
        "MILL": ("mill.txt", TEXT),
        "MORE": ("more.txt", f"{TEXT} And more of it is said here."),
        "BATCH": ("rows.jsonl", json.dumps({"question": QUESTION})),
        "DRAFT": ("draft.txt", f"The {CANARY} weighs four kilograms."),
        "SCHEMA": ("schema.json", json.dumps(SCHEMA)),
        "EVAL": ("eval.jsonl", json.dumps({"question": QUESTION, "document": "mill.txt"})),
    }
    found = {}
    for word, (name, text) in written.items():
        found[word] = tmp_path / name
        found[word].write_text(text)
    return found


def told(sent: Sequence[object]) -> list[str]:
    """What was sent that tells of the documents, or of the question."""
    bodies = [json.dumps(each, default=lambda each: each.body) for each in sent]
    return [body for body in bodies if CANARY in body or "old mill" in body]


CHAT_WAYS = [
    ("ask", QUESTION),
    ("ask", QUESTION, "--bar", "0", "--json"),
    ("batch", "BATCH"),
    ("summarise", "mill.txt"),
    ("summarise", "mill.txt", "--wish", f"about the {CANARY}"),
    ("extract", "mill.txt", "--schema", "SCHEMA"),
]
EMBEDDING_WAYS = [
    ("add", "MORE"),
    ("ask", QUESTION),
    ("search", QUESTION),
    ("batch", "BATCH"),
    ("verify", "DRAFT"),
    ("rebuild", "--embedding", MISTRAL, "--yes"),
]
WAYS = [
    *[({"CHAT": "SERVER"}, MINI, way) for way in CHAT_WAYS],
    *[({"CHAT": "mistral-small-latest"}, MINI, way) for way in CHAT_WAYS],
    *[({}, MISTRAL, way) for way in EMBEDDING_WAYS],
    ({}, MINI, ("rebuild", "--embedding", MISTRAL, "--yes")),
    ({"RERANK": "chat", "CHAT": "SERVER"}, MINI, ("search", QUESTION)),
    ({"MODERATION": "mistral"}, MINI, ("ask", QUESTION)),
]


@pytest.mark.parametrize("stays", [False, True], ids=["anywhere", "this-machine"])
@pytest.mark.parametrize(("setting", "embedding", "way"), WAYS)
def test_a_word_goes_where_the_policy_lets_it(
    run: Run,
    files: dict[str, Path],
    elsewhere: LoopbackServer,
    monkeypatch: pytest.MonkeyPatch,
    setting: dict[str, str],
    embedding: str,
    way: tuple[str, ...],
    stays: bool,
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", "data")
    monkeypatch.setenv("TRAMONTANE_CHAT", "reader")
    run("library", "create", "documents", "--embedding", embedding)
    assert run("add", files["MILL"], files["DRAFT"]).code == 0  # two, to be put in order
    run("library", "policy", "documents", "this-machine" if stays else "anywhere")
    elsewhere.requests.clear()
    for name, value in setting.items():
        address = f"{beyond(elsewhere.url)}/v1"
        monkeypatch.setenv(f"TRAMONTANE_{name}", value.replace("SERVER", address))

    output = run(*[files.get(word, word) for word in way])

    assert bool(told(elsewhere.requests)) is not stays, output.err
    if stays and setting.get("RERANK") != "chat":  # then it stays in the order of the search
        said = " ".join((output.out + output.err).split())
        assert "never leaves this machine, so nothing was sent to 0.0.0.0" in said
        assert "tramontane library policy documents anywhere" in said
        assert output.code in (1, 2)


def test_a_reranker_elsewhere_is_left_out(
    run: Run, files: dict[str, Path], reranker: RerankLoopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", "data")
    monkeypatch.setenv("TRAMONTANE_CHAT", "reader")
    run("add", files["MILL"], files["MORE"])
    monkeypatch.setenv("TRAMONTANE_RERANK", beyond(reranker.url))
    run("search", QUESTION)
    assert told(reranker.requests)
    reranker.requests.clear()
    run("library", "policy", "documents", "this-machine")
    output = run("search", QUESTION, "--json")
    assert (output.code, output.rows[0]["document"][-4:]) == (0, ".txt")
    assert "Set TRAMONTANE_RERANK to off" in " ".join(output.err.split())
    assert reranker.requests == []
    monkeypatch.setenv("TRAMONTANE_RERANK", reranker.url)  # which is here
    run("search", QUESTION)
    assert told(reranker.requests)


def test_an_embedding_server_elsewhere_neither_embeds_nor_counts(
    run: Run, files: dict[str, Path], elsewhere: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", "data")
    monkeypatch.setenv("TRAMONTANE_EMBEDDING", beyond(elsewhere.url))
    assert run("add", files["MILL"]).code == 0
    assert told(elsewhere.requests)
    run("library", "policy", "documents", "this-machine")
    elsewhere.requests.clear()
    files["MORE"].write_text(f"{TEXT} " * 200)  # long enough to be counted by the server
    assert run("add", files["MORE"]).code == 1
    said = " ".join(run("search", QUESTION).err.split())
    assert "Embed it here, with `tramontane rebuild --embedding all-MiniLM-L6-v2" in said
    refused = run("rebuild", "--embedding", beyond(elsewhere.url), "--yes").sentence(2)
    assert "never leaves this machine" in refused
    assert told(elsewhere.requests) == []
    run("rebuild", "--embedding", MINI)
    monkeypatch.delenv("TRAMONTANE_EMBEDDING")
    assert run("search", QUESTION, "--json").code == 0
    assert told(elsewhere.requests) == []


def test_a_scan_is_read_here_or_not_at_all(
    run: Run, elsewhere: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", "data")
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("TRAMONTANE_OCR", "mistral")
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf([PdfPage(image=True)]))
    run("library", "create", "documents", "--policy", "this-machine")
    output = run("add", path)
    assert output.code == 1
    report = " ".join(run("report").out.split())
    assert "Set TRAMONTANE_OCR=tesseract, or allow it" in report + output.err + output.out
    assert elsewhere.requests == []
    monkeypatch.setenv("TRAMONTANE_OCR", "auto")
    run("add", path)
    assert elsewhere.requests == []


def test_a_policy_holds_at_once_for_what_is_open(
    run: Run,
    files: dict[str, Path],
    elsewhere: LoopbackServer,
    reranker: RerankLoopback,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", "data")
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("TRAMONTANE_RERANK", beyond(reranker.url))
    monkeypatch.setenv("TRAMONTANE_MODERATION", "mistral")
    monkeypatch.setenv("TRAMONTANE_OCR", "mistral")
    run("add", files["MILL"])
    with closing(build_existing(load_settings())) as application:
        chat = application.assistant()
        ocr = intake_of(application).recogniser
        assert ocr is not None
        assert ocr.ocr is not None
        application.embedder.embed([TEXT])
        assert told(elsewhere.requests)
        run("library", "policy", "documents", "this-machine")
        elsewhere.requests.clear()
        reader = application.assistant(READER)
        for ask in (
            lambda: list(chat.ask(QUESTION, (), application.scope())),
            lambda: list(reader.ask(QUESTION, (), application.scope())),
            lambda: application.embedder.embed([TEXT]),
            application.assistant,
            lambda: ocr.ocr.read(b"\x89PNG"),
        ):
            with pytest.raises(PolicyError, match="never leaves this machine"):
                ask()
        assert told(elsewhere.requests) == []
        assert reranker.requests == []
        assert [offer.card.name for offer in application.offers()] == [READER]


def test_nothing_is_sent_about_a_library_that_was_deleted(
    run: Run, files: dict[str, Path], elsewhere: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_DATA_DIR", "data")
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    run("add", files["MILL"])
    with closing(build_existing(load_settings())) as application:
        application.embedder.embed(["before"])
        with closing(Catalog(Path("data"))) as catalog:
            catalog.libraries.create(NewLibrary("other", MINI, 384))
            catalog.libraries.remove(application.library.id)
        elsewhere.requests.clear()
        with pytest.raises(NotFoundError):
            application.embedder.embed([TEXT])
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8000", True),
        ("http://LOCALHOST:8000/v1", True),
        ("http://llama.localhost", True),
        ("http://10.0.0.1:8000", False),
        ("http://192.168.1.2", False),
        ("https://api.mistral.ai", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1@example.com/v1", False),
        ("http://2130706433", False),
        ("http://host.docker.internal:11434", False),
        ("", False),
    ],
)
def test_only_loopback_is_here(address: str, here: bool) -> None:
    assert is_here(address) is here
