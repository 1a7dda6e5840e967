"""How long the application takes until the first word of an answer, besides the model.

    python -m bench.first_token [--questions 60] [--at-once 50]

A scripted server answers at once, in a process of its own. The sample documents are asked one
question after the other, then many at once, each from a thread. Printed are the median and the 95th
percentile of two times: from the question to its first word, and the part of it that comes after
the passages were found. The server's own share, the same request without the application, is
measured alone.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from threading import Barrier
from typing import cast

from rag.domain import Event, Message, Prompt, Retrieved, TextDelta
from rag.providers.openai_compatible import OpenAiCompatibleChat
from rag.settings import load_settings
from rag.wiring import Application, build_existing

COMMAND = Path(sys.executable).with_name("tramontane")
SAMPLES = Path(__file__).parents[1] / "sample_docs"
QUESTIONS = (
    "How much memory does Mixtral 8x7B need?",
    "What does a batch job cost?",
    "How many parameters does Mixtral 8x7B use per token?",
    "Which models read 256,000 tokens?",
    "What does Mistral Large cost?",
    "Which licence does Codestral Mamba have?",
)
START_SECONDS = 30.0
MOST_ALONE_SECONDS, MOST_AT_ONCE_SECONDS = 0.1, 0.5

Times = list[tuple[float, float]]
"""For each question the seconds to its first word, and those of them after the search."""


@contextmanager
def served() -> Iterator[str]:
    """The address of a server that answers at once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.loopback", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}/v1"
            began = time.monotonic()
            while time.monotonic() - began < START_SECONDS:
                try:
                    with urllib.request.urlopen(f"{address}/models"):
                        break
                except OSError:
                    time.sleep(0.05)
            yield address
        finally:
            process.terminate()


def timed(application: Application, question: str) -> tuple[float, float]:
    """The seconds until the first word, and those of them after the search."""
    began = found = time.perf_counter()
    asked = application.assistant().ask(question, (), application.scope())
    with closing(cast(Generator[Event], asked)) as events:
        for event in events:
            if isinstance(event, Retrieved):
                found = time.perf_counter()
            if isinstance(event, TextDelta):
                now = time.perf_counter()
                return now - began, now - found
    raise RuntimeError(f"{question} was not answered")


def one_by_one(application: Application, questions: Sequence[str]) -> Times:
    """One question after the other."""
    return [timed(application, question) for question in questions]


def at_once(application: Application, questions: Sequence[str]) -> Times:
    """All questions at the same moment."""
    barrier = Barrier(len(questions))

    def ask(question: str) -> tuple[float, float]:
        barrier.wait()
        return timed(application, question)

    with ThreadPoolExecutor(len(questions)) as threads:
        return list(threads.map(ask, questions))


def bare(address: str, questions: Sequence[str]) -> list[float]:
    """The seconds until the first word of the model alone."""
    chat = OpenAiCompatibleChat(
        address, model=None, api_key=None, context_tokens=None, timeout_seconds=30.0
    )
    chat.connect()
    seconds = []
    for question in questions:
        began = time.perf_counter()
        streamed = chat.stream(Prompt((Message("user", question),), question))
        with closing(cast(Generator[object], streamed)) as items:
            next(items)
        seconds.append(time.perf_counter() - began)
    return seconds


def told(name: str, seconds: Sequence[float]) -> float:
    """Print the median and the 95th percentile of some times; the latter is returned."""
    high = quantiles(seconds, n=20)[-1]
    sys.stdout.write(f"{name:<46} {1000 * median(seconds):7.1f} {1000 * high:7.1f}\n")
    return high


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--at-once", type=int, default=50)
    arguments = parser.parse_args()
    questions = [QUESTIONS[at % len(QUESTIONS)] for at in range(arguments.questions)]
    together = [QUESTIONS[at % len(QUESTIONS)] for at in range(arguments.at_once)]
    with tempfile.TemporaryDirectory() as folder, served() as address:
        data = Path(folder) / "data"
        adding = [str(COMMAND), "add", str(SAMPLES), "--data-dir", str(data)]
        subprocess.run(adding, check=True, capture_output=True)
        settings = load_settings({"data_dir": data, "chat": address})
        with closing(build_existing(settings)) as application:
            one_by_one(application, QUESTIONS)  # indexes are read, connections made
            sys.stdout.write(f"{'milliseconds to the first word':<46}  median     p95\n")
            told("the model alone", bare(address, questions))
            alone = one_by_one(application, questions)
            told("one by one, whole", [whole for whole, _ in alone])
            one = told("one by one, after the search", [after for _, after in alone])
            many = at_once(application, together)
            told(f"{len(together)} at once, whole", [whole for whole, _ in many])
            rest = told(f"{len(together)} at once, after the search", [after for _, after in many])
    sys.exit(0 if one <= MOST_ALONE_SECONDS and rest <= MOST_AT_ONCE_SECONDS else 1)


if __name__ == "__main__":
    main()
