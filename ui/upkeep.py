"""The commands that look after a library: what is wrong with it, and making it anew."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from ingest.embedded import hash_of, text_of
from ingest.reembedding import discard_kept, price_of_reembedding, reembed
from rag.doctor import Level, examine
from rag.embedding_connections import asked_embedding
from rag.errors import SettingsError
from rag.intake import Estimate
from rag.settings import is_url
from rag.store.checks import mend
from rag.wiring import checks, open_for_reembedding
from ui import bars, printing
from ui.checkup import check_of_ocr
from ui.naming import estimate_row, waiting_words
from ui.opening import DONE, SOME_FAILED, open_application, settings_of
from ui.options import AsJson, DataDir, LibraryName
from ui.paying import Yes, agrees


def doctor(data_dir: DataDir = None, library: LibraryName = None, json: AsJson = False) -> int:
    """Say what is configured, what can be reached, and what is wrong.

    A language model that answers is asked two short questions (some 200 tokens).
    """
    settings = settings_of(data_dir, library)
    looks = [*checks(settings), check_of_ocr(settings)]
    findings = list(examine(settings.data_dir, looks))
    printing.report_findings(findings, json=json)
    return SOME_FAILED if any(finding.level is Level.WRONG for finding in findings) else DONE


def rebuild(
    data_dir: DataDir = None,
    library: LibraryName = None,
    embedding: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Embed the library again: all-MiniLM-L6-v2, mistral-embed with a key, or the URL "
            "of a server.",
        ),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what embedding anew would take and cost.")
    ] = False,
    yes: Yes = False,
    json: AsJson = False,
) -> int:
    """Make the search indexes again, or embed anew.

    The indexes are made from the catalog; with --embedding, so are the vectors. What was embedded
    is kept if that fails, and not paid again.
    """
    if embedding is not None:
        return _embed_anew((data_dir, library), embedding, estimate=estimate, yes=yes, json=json)
    if estimate:
        raise SettingsError("--estimate needs --embedding MODEL: the model to embed anew with.")
    return _index_anew(data_dir, library, json=json)


def _index_anew(data_dir: Path | None, library: str | None, *, json: bool) -> int:
    """Make what is derived again; the exit code."""
    with open_application(data_dir, library) as application:
        application.catalog.verify()
        orphans = application.catalog.discard_orphans()
        discard_kept(application.catalog)
        mended = mend(application.catalog.data_dir, lambda chunk: hash_of(text_of(chunk)))
        application.indexes.discard(application.library.id)
        count = len(application.indexes.current(application.library.id).vectors)
        model = application.library.embedding_model
        are_stored = application.indexes.are_stored(application.library.id)
    if json:
        printing.say_row({"chunks": count, "embedding": model})
    elif are_stored:
        printing.say(f"The indexes of {count} chunks were made again.")
    printing.tell_upkeep(orphans, mended, None if are_stored else application.catalog.data_dir)
    return DONE if are_stored else SOME_FAILED


def _embed_anew(
    place: tuple[Path | None, str | None],
    embedding: str,
    *,
    estimate: bool,
    yes: bool,
    json: bool,
) -> int:
    """Make the vectors of a library again, once its price is agreed to; the exit code.

    `place` is the data directory and the library as the command has them.
    """
    configured = settings_of(*place)
    settings = settings_of(*place, asked_embedding(configured, embedding))
    catalog, library, embedder = open_for_reembedding(settings)
    with closing(catalog):
        price = price_of_reembedding(catalog, library, embedder)
        if estimate:
            _say_price(library.name, price, json=json)
            return DONE
        is_dear = (price.dollars or 0.0) > settings.ask_above
        if is_dear and not agrees(f"The library {library.name}", price, yes=yes):
            return SOME_FAILED
        with bars.file_progress() as report:
            count = reembed(catalog, library, embedder, report)
        waiting = waiting_words(catalog, library.name)
    _say_embedded(count, embedder.model, json=json)
    for sentence in waiting:
        printing.tell(sentence)
    if is_url(settings.embedding) and settings.embedding != configured.embedding:
        printing.tell(
            f"From now on set TRAMONTANE_EMBEDDING={settings.embedding}, so that questions are "
            "embedded there, too."
        )
    return DONE


def _say_embedded(count: int, model: str, *, json: bool) -> None:
    if json:
        printing.say_row({"chunks": count, "embedding": model})
    else:
        printing.say(f"{count} chunks were embedded again with {model}.")


def _say_price(name: str, price: Estimate, *, json: bool) -> None:
    if json:
        printing.say_row({"library": name, **estimate_row(price)})
    else:
        printing.say(f"The library {name}: {printing.in_words(price)}.")
