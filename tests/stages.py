"""A library and a model on a script, and how a question that is put to them ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ingest.loaders.load import load
from ingest.pipeline import Ingestor, Limits
from rag.domain import Answer, Quote, Retrieved, Verdict
from rag.settings import load_settings
from rag.wiring import Application, build
from tests.endings import TEXTS, Case, Ending, Found
from tests.loopback import LoopbackServer, Say

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
NEAREST = 3


@dataclass
class Stage:
    """A library of the texts, and the server of the model that answers from it."""

    application: Application
    server: LoopbackServer
    data_dir: Path
    shown: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def chat(self) -> str:
        return f"{self.server.url}/v1"

    def prepare(self, *cases: Case) -> list[Ending]:
        """Let the model say what it says in some cases; returns how each must end."""
        script = self.server.scripts["/v1/chat/completions"]
        script.clear()
        endings = []
        for case in cases:
            updated = {"strict": case.strict}
            self.application.settings = self.application.settings.model_copy(update=updated)
            documents = self._shown(case.question)
            script.append(Say(_with_markers(case.reply, documents)))
            nearest = documents[:NEAREST] if case.ending.refused else ()
            endings.append(replace(case.ending, nearest=nearest))
        return endings

    def _shown(self, question: str) -> tuple[str, ...]:
        """The documents that the model is shown for a question, in their order."""
        if question not in self.shown:
            events = self.application.assistant().ask(question, (), self.application.scope())
            found = next(event for event in events if isinstance(event, Retrieved))
            self.shown[question] = tuple(each.document.name for each in found.passages)
        return self.shown[question]


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    with LoopbackServer() as server:
        data_dir = folder / "data"
        chosen = {"data_dir": data_dir, "chat": f"{server.url}/v1", "samples": False}
        with closing(build(load_settings(chosen))) as application:
            limits = Limits(1_000_000, 100)
            ingestor = Ingestor(application.catalog, application.embedder, limits, load)
            for name, text in TEXTS.items():
                path = folder / name
                path.write_text(text, encoding="utf-8")
                ingestor.add(path, application.library)
            yield Stage(application, server, data_dir)


def ending_of(answer: Answer) -> Ending:
    """How a question ended, by its answer."""
    for claim in answer.claims:
        assert all(_is_exact(quote) for quote in claim.quotes)
    return Ending(
        answer.text,
        tuple(
            Found(
                claim.verdict,
                claim.reason,
                tuple(quote.document.name for quote in claim.quotes),
                claim.cited,
            )
            for claim in answer.claims
        ),
        tuple((each.quote.document.name, Verdict(each.verdict or "")) for each in answer.citations),
        tuple(
            tuple((value, quote.document.name) for value, quote in each.values)
            for each in answer.disagreements
        ),
        answer.refused,
        answer.grounded,
        tuple(each.document.name for each in answer.nearest),
    )


def ending_of_row(
    row: Mapping[str, Any], text: str, nearest: Sequence[Mapping[str, Any]]
) -> Ending:
    """How a question ended, by what is written out of its answer."""
    for claim in row["claims"]:
        for quote in claim["quotes"]:
            assert TEXTS[quote["document"]][quote["start"] : quote["end"]] == quote["quote"]
    return Ending(
        text,
        tuple(
            Found(
                Verdict(claim["verdict"]),
                claim["reason"],
                tuple(quote["document"] for quote in claim["quotes"]),
                claim["cited"],
            )
            for claim in row["claims"]
        ),
        tuple((each["document"], Verdict(each["verdict"])) for each in row["citations"]),
        tuple(
            tuple((value["value"], value["document"]) for value in each["values"])
            for each in row["disagreements"]
        ),
        row["refused"],
        row["grounded"],
        tuple(each["document"] for each in nearest) if row["refused"] else (),
    )


def ending_of_batch(row: Mapping[str, Any]) -> Ending:
    """How a question ended, by its row of a batch: the nearest pages are its first passages."""
    assert row["error"] is None
    return ending_of_row(row, row["answer"], row["passages"][:NEAREST])


def _is_exact(quote: Quote) -> bool:
    return TEXTS[quote.document.name][quote.start : quote.end] == quote.text


def _with_markers(reply: str, documents: Sequence[str]) -> str:
    """A reply with the numbers under which the model was shown the documents."""
    numbers = {name: str(at) for at, name in enumerate(documents, start=1)}

    def written(match: re.Match[str]) -> str:
        number = numbers[f"{match[1]}.txt"]
        return "".join(RAISED[int(figure)] for figure in number) if match[2] else number

    return re.sub(r"{(\w+)(:raised)?}", written, reply)
