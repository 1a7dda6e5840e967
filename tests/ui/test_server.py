from __future__ import annotations

import asyncio
import re
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Mount

from ingest.attachments import file_name
from ingest.queue import IngestQueue
from rag.errors import SettingsError, StoreError
from rag.intake import Job, Stage
from rag.settings import Settings, load_settings
from rag.wiring import Application
from tests.builders import paragraph, pdf
from tests.ui.workbench import HeldEmbedder, Workbench
from ui.guard import ROUTES
from ui.intake import INCOMING
from ui.server import create_app, listen, listening_host, submit_samples

HERE = "http://127.0.0.1:7860"
SENTENCE = "The harbour of Sainte-Maxime holds forty-one boats in winter."


@pytest.fixture
def client(application: Application, queue: IngestQueue) -> Iterator[TestClient]:
    async def make() -> FastAPI:
        return create_app(application, queue)  # where no loop runs, Gradio opens and leaves some

    with TestClient(asyncio.run(make()), base_url=HERE) as client:
        yield client


def ended(queue: IngestQueue, number: int) -> Job:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        job = next(job for job in queue.jobs() if job.id == number)
        if job.stage in (Stage.DONE, Stage.FAILED):
            return job
    raise AssertionError("the file was not taken in")


def upload(client: TestClient, queue: IngestQueue, content: bytes, name: str) -> Job:
    answer = client.post("/documents", params={"name": name}, content=content)
    assert answer.status_code == 202, answer.text
    return ended(queue, answer.json()["job"])


def test_the_page_comes_with_security_headers(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Tramontane" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "img-src 'self' data: blob:" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_space_listens_on_every_address(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path, "space_id": "someone/tramontane"})
    assert listening_host(settings) == "0.0.0.0"  # noqa: S104 - compared, not bound


def test_a_space_may_be_framed_by_hugging_face(
    application: Application, queue: IngestQueue, tmp_path: Path
) -> None:
    application.settings = load_settings({"data_dir": tmp_path, "space_id": "someone/space"})

    async def make() -> FastAPI:
        return create_app(application, queue)

    client = TestClient(asyncio.run(make()), base_url="https://someone-space.hf.space")
    answer = client.get("/healthz", headers={"origin": "https://someone-space.hf.space"})
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'self' https://huggingface.co https://*.hf.space" in policy


def test_the_server_says_that_it_is_well(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://198.51.100.7/x",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/proxy=http://198.51.100.7/x",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/deep_link",
        "/gradio_api/upload_progress",
        "/gradio_api/openapi.json",
        "/gradio_api/runs",
        "/monitoring",
        "/monitoring/summary",
        "/docs",
        "/openapi.json",
        "/login_check",
        "/token",
        "/page/../server.py",
        "/documents/x/pages/1.png",
    ],
)
def test_what_the_page_does_not_need_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/component_server", "/login"])
def test_no_other_door_takes_anything_in(client: TestClient, path: str) -> None:
    assert client.post(path, content=b"x").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_requests_of_other_sites_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    for answer in (
        client.post("/documents?name=a.txt", content=b"x", headers=headers),
        client.post("/gradio_api/queue/join", json={}, headers=headers),
        client.get("/gradio_api/queue/data?session_hash=x", headers=headers),
        client.options("/gradio_api/queue/join", headers=headers),
    ):
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_a_link_from_elsewhere_opens_the_page(client: TestClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=headers).status_code == 200


def test_a_rebound_host_name_is_refused(client: TestClient) -> None:
    answer = client.get("/", headers={"host": "evil.example:7860"})
    assert answer.status_code == 421


def test_an_uploaded_file_becomes_a_document_with_page_images(
    client: TestClient, queue: IngestQueue, application: Application
) -> None:
    job = upload(client, queue, pdf([paragraph(SENTENCE)]), "../../harbour.pdf")
    assert job.stage is Stage.DONE
    document = application.catalog.document(str(job.document_id))
    assert document.name == "harbour.pdf"
    answer = client.get(f"/documents/{document.id}/pages/1.jpg")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"].startswith("private")
    assert answer.content.startswith(b"\xff\xd8")
    assert client.get(f"/documents/{document.id}/pages/2.jpg").status_code == 404
    application.catalog.remove(document.id)
    assert client.get(f"/documents/{document.id}/pages/1.jpg").status_code == 404


def test_an_unknown_page_is_not_found_in_plain_words(client: TestClient) -> None:
    answer = client.get("/documents/nothing/pages/1.jpg")
    assert (answer.status_code, answer.text) == (404, "There is no such page.")
    for number in ("9" * 9, "9" * 19, "9" * 5000):
        assert client.get(f"/documents/nothing/pages/{number}.jpg").status_code == 404


@pytest.mark.parametrize(
    "headers", [{"host": "[::1"}, {"origin": "http://[bad"}, {"origin": "http://[::1"}]
)
def test_malformed_headers_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/healthz", headers=headers).status_code in (400, 403)


def test_an_upload_that_cannot_be_stored_is_told_and_leaves_nothing(
    client: TestClient, queue: IngestQueue, settings: Settings
) -> None:
    folder = settings.data_dir / INCOMING
    folder.write_text("in the way")
    answer = client.post("/documents?name=a.txt", content=b"words")
    assert answer.status_code == 507
    assert answer.text.startswith(f"a.txt was not taken in. The folder {folder} cannot be written")
    folder.unlink()
    assert upload(client, queue, b"words", "a.txt").stage is Stage.DONE
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_an_upload_for_which_there_is_no_room_is_told_and_leaves_nothing(
    client: TestClient, queue: IngestQueue, settings: Settings
) -> None:
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        answer = client.post("/documents?name=a.txt", content=b"x" * 900_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert answer.status_code == 507
    assert answer.text.startswith("a.txt was not taken in. Nothing can be stored (File too large)")
    assert queue.jobs() == []
    assert list((settings.data_dir / INCOMING).iterdir()) == []


def test_a_file_over_the_limit_is_refused_by_name(
    client: TestClient, queue: IngestQueue, settings: Settings
) -> None:
    answer = client.post("/documents?name=big.txt", content=b"x" * 1_000_001)
    assert answer.status_code == 413
    assert answer.text == (
        "big.txt has 1.1 MB; 1 MB are taken in at most. Split it, or raise TRAMONTANE_MAX_FILE_MB."
    )
    pieces = (b"x" * 100_000 for _ in range(11))
    answer = client.post("/documents?name=big.txt", content=pieces)
    assert answer.status_code == 413
    assert answer.text.startswith("big.txt has more than 1 MB;")
    assert queue.jobs() == []
    assert list((settings.data_dir / INCOMING).iterdir()) == []


def test_no_other_route_takes_in_a_large_body(client: TestClient) -> None:
    answer = client.post("/gradio_api/queue/join", content=b"x" * 1_000_001)
    assert answer.status_code == 413


def test_the_page_can_ask_whether_the_documents_changed(
    client: TestClient, queue: IngestQueue, application: Application
) -> None:
    before = client.get("/documents").json()["state"]
    assert client.get("/documents").json()["state"] == before
    job = upload(client, queue, SENTENCE.encode(), "harbour.txt")
    after = client.get("/documents").json()["state"]
    application.catalog.remove(str(job.document_id))  # as the command line would
    assert len({before, after, client.get("/documents").json()["state"]}) == 3


def test_an_upload_needs_a_name(client: TestClient) -> None:
    assert client.post("/documents", content=b"x").status_code == 422


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\letter.pdf", "letter.pdf"),
        ("a\x00b\r\n\x1b[31m.md", "a\ufffdb [31m.md"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "unnamed"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_names_are_only_for_showing(name: str, shown: str) -> None:
    assert file_name(name) == shown


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as caught:
            listen("127.0.0.1", port)
    assert f"Port {port} is already in use." in str(caught.value)
    assert f"--port {port + 1}" in str(caught.value)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SettingsError, match="TRAMONTANE_HOST"):
        listen("198.51.100.7", 0)


def test_samples_are_offered_once(
    tmp_path: Path, application: Application, queue: IngestQueue
) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_text(SENTENCE)
    application.settings = load_settings({"data_dir": tmp_path / "data", "chat": "reader"})
    assert submit_samples(application, queue, [sample]) == [1]
    assert ended(queue, 1).stage is Stage.DONE
    assert submit_samples(application, queue, [sample]) == []
    assert [job.name for job in queue.jobs()] == ["sample.txt"]
    application.catalog.remove(str(queue.jobs()[0].document_id))
    assert submit_samples(application, queue, [sample]) == []
    assert sample.exists()


def test_samples_that_failed_are_offered_again_and_those_removed_are_not(
    tmp_path: Path, application: Application
) -> None:
    there, late = tmp_path / "there.txt", tmp_path / "late.txt"
    there.write_text(SENTENCE)
    late.write_text("Read by now.")
    application.settings = load_settings({"data_dir": tmp_path / "data", "chat": "reader"})
    bench = Workbench(application, HeldEmbedder(application.embedder))
    with bench.working() as queue:
        (taken,) = queue.wait(submit_samples(application, queue, [there]))
        bench.reader.faults.append(StoreError("There is no room."))
        (failed,) = queue.wait(submit_samples(application, queue, [there, late]))
        assert [taken.stage, failed.stage] == [Stage.DONE, Stage.FAILED]
        application.catalog.remove(str(taken.document_id))
        (again,) = submit_samples(application, queue, [there, late])
        assert ended(queue, again).name == "late.txt"
        assert submit_samples(application, queue, [there, late]) == []
    names = [each.name for each in application.catalog.documents(application.library.id)]
    assert names == ["late.txt"]


def test_a_library_that_held_something_first_gets_no_samples(
    tmp_path: Path, client: TestClient, application: Application, queue: IngestQueue
) -> None:
    application.settings = load_settings({"data_dir": tmp_path / "data", "chat": "reader"})
    job = upload(client, queue, SENTENCE.encode(), "mine.txt")
    assert submit_samples(application, queue, [tmp_path / "sample.txt"]) == []
    application.catalog.remove(str(job.document_id))
    assert submit_samples(application, queue, [tmp_path / "sample.txt"]) == []


def test_of_gradios_routes_only_those_of_the_page_are_open(client: TestClient) -> None:
    assert isinstance(client.app, FastAPI)
    mount = next(
        route for route in client.app.routes if isinstance(route, Mount) and not route.path
    )
    assert isinstance(mount.app, FastAPI)
    paths = {re.sub(r"{[^}]*}", "1", path) for path in mount.app.openapi()["paths"]}
    assert {path.rstrip("/") for path in paths if ROUTES.match(path)} == {
        *("", "/config", "/svelte/1", "/static/1", "/assets/1", "/theme.css"),
        *("/favicon.ico", "/robots.txt", "/pwa_icon", "/pwa_icon/1", "/manifest.json"),
        *("/gradio_api/app_id", "/gradio_api/info", "/gradio_api/startup-events"),
        *("/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel"),
        *("/gradio_api/reset", "/gradio_api/heartbeat/1"),
    }
