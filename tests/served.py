"""A real server of a tiny model on this machine, in a process and an environment of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rag.domain import Usage
from rag.providers.openai_compatible import OpenAiCompatibleChat

# Names of a model, as far as they are known to the catalogue: one that calls tools by function
# calling, and one that knows no tools.
WITH_TOOLS, WITHOUT_TOOLS = (
    "mistralai/Mistral-Nemo-Instruct-2407",
    "mistralai/Mixtral-8x7B-Instruct-v0.1",
)
START_SECONDS, END_SECONDS = 600.0, 30.0


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A server that is up, which lists one model under several names.

    `ways` says by which way the model calls tools under which name, the first listed first, and
    `usage` what the answer to the contract's question takes, None where a stream does not say.
    """

    port: int
    subject: ClassVar[str] = ""
    context_tokens: ClassVar[int] = 0
    usage: ClassVar[Usage | None] = None
    ways: ClassVar[Mapping[str, str]] = {}
    metric: ClassVar[str] = ""  # how many requests it is at work on

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def name(self) -> str:
        return next(iter(self.ways))

    def chat(self, model: str | None) -> OpenAiCompatibleChat:
        """Its model under a name, or under the first that it lists."""
        return OpenAiCompatibleChat(
            self.url, model=model, api_key=None, context_tokens=None, timeout_seconds=60
        )

    def get(self, path: str, seconds: float = 5) -> tuple[int, str]:
        """Status and body of what it answers, 0 while it does not."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    @property
    def is_busy(self) -> bool:
        """Whether it is at work on a request."""
        metrics = self.get("/metrics")[1]
        counts = re.findall(rf"^{self.metric}\S* (\S+)", metrics, re.M)
        assert counts, "the server tells no number of requests"
        return sum(map(float, counts)) > 0

    def is_idle_within(self, seconds: float) -> bool:
        """Whether it comes to work on nothing in so many seconds."""
        end = time.monotonic() + seconds
        while self.is_busy:
            if time.monotonic() > end:
                return False
        return True


@contextmanager
def running(
    server: ModelServer, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[None]:
    """The process of a server, with its log in a folder; it ends with everything it started."""
    log = folder / "server.log"
    with (
        log.open("wb") as written,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            _wait(server, process, log)
            yield
        finally:
            _end(process)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(server: ModelServer, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while server.get("/v1/models")[0] != 200:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
        if process.poll() is not None or time.monotonic() > end:
            tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise AssertionError(f"{server.subject} did not start:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and everything that it started."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
