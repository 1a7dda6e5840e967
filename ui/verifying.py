"""The `verify` command: a text against the library, or rows of claims against their passages."""

from __future__ import annotations

import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ingest.drafts import DraftFile, read_draft_file
from ingest.outcomes import READABLE
from ingest.pipeline import Limits
from ingest.sandbox import Sandbox
from rag.drafts import (
    PASSAGES,
    CheckedClaim,
    Draft,
    DraftChecker,
    draft_row,
    read_draft,
    without_itself,
)
from rag.errors import NotFoundError, SettingsError
from rag.pairs import check_pairs, read_pairs
from rag.settings import Settings
from ui import bars, inputs, printing
from ui.draft_reports import (
    VERDICTS,
    DraftReport,
    Format,
    details,
    exported,
    place_of,
    shown_quote,
    summary,
)
from ui.naming import scope_of
from ui.opening import DONE, SOME_FAILED, open_application, open_verifier, settings_of
from ui.options import AsJson, Count, DataDir, LibraryName, Only

FORMATS: dict[str, Format] = {
    ".md": "md",
    ".markdown": "md",
    ".csv": "csv",
    ".html": "html",
    ".htm": "html",
}
HANG = 15  # characters before the lines of a claim


def verify(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A text (TXT, Markdown, PDF, DOCX) to check against the library, or JSONL rows of "
            "claim and passage; - is stdin.",
        ),
    ],
    data_dir: DataDir = None,
    library: LibraryName = None,
    document: Only = None,
    k: Count = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write the report, too: FILE.md, .csv or .html."
        ),
    ] = None,
    json: AsJson = False,
) -> int:
    """Check every statement of a text against the library, or claims against their passages.

    The exit code is 1 when some statements are not backed, or some rows cannot be checked.
    """
    form = None if export is None else _format_of(export)
    if inputs.holds_rows(file):
        if export is not None:
            raise SettingsError("Rows are printed as JSON lines: leave out --export.")
        return _verify_rows(file)
    settings = settings_of(data_dir, library)
    own = _read(file, settings)
    draft = read_draft(own.text)
    with open_application(data_dir, library) as application:
        catalog = application.catalog
        scope = scope_of(application, document or [])
        if not any(each.state in READABLE for each in catalog.documents(scope.library_id)):
            raise NotFoundError(
                "There is no text to check against. Add files with: tramontane add PATH"
            )
        scope, itself = without_itself(catalog, scope, name=own.name, sha256=own.sha256)
        checker = DraftChecker(
            application.retriever, application.verifier, bar=settings.bar, passages=k or PASSAGES
        )
        checked = tuple(_told(checker.check(draft, scope), draft, json=json))
    report = DraftReport(draft, checked, own.name, itself)
    _finish(report, json=json)
    if export is not None and form is not None:
        _write(export, exported(report, form))
    return DONE if report.is_backed else SOME_FAILED


def _verify_rows(file: str) -> int:
    """Check claims against their own passages: no library is needed, and none is made."""
    failed = count = 0
    with inputs.opened(file) as stream:
        for row in check_pairs(read_pairs(stream), open_verifier()):
            printing.say_row(row)
            count += 1
            failed += row["verdict"] is None
    rows = "1 row was" if count == 1 else f"{count:,} rows were"
    wrong = f", {failed:,} of them with an error: see the field 'error'" if failed else ""
    printing.tell(f"{rows} read{wrong}.")
    return SOME_FAILED if failed else DONE


def _read(file: str, settings: Settings) -> DraftFile:
    """The draft, from a file or from stdin.

    Raises:
        DocumentError: it cannot be read.
    """
    limits = Limits(settings.max_file_mb * 1_000_000, settings.max_pages)
    with Sandbox(1) as sandbox, tempfile.TemporaryDirectory() as folder:
        if file != inputs.STDIN:
            return read_draft_file(Path(file), Path(file).name, limits, sandbox.read)
        kept = Path(folder) / "stdin"
        kept.write_bytes(sys.stdin.buffer.read(limits.max_bytes + 1))
        return read_draft_file(kept, "", limits, sandbox.read)


def _told(claims: Iterator[CheckedClaim], draft: Draft, *, json: bool) -> Iterator[CheckedClaim]:
    """Print each claim as soon as it is checked."""
    with bars.share_progress("checking", len(draft.claims)) as bar:
        for claim in claims:
            if json:
                printing.say_row(draft_row(claim))
            else:
                _say(claim)
            bar.advance(bar.task_ids[0])
            yield claim


def _say(claim: CheckedClaim) -> None:
    lines = [claim.text]
    if claim.reason:
        lines.append(f"Why: {claim.reason}")
    if claim.quote is not None:
        lines.append(f"{place_of(claim.quote)}: “{shown_quote(claim.quote)}”")
    elif claim.nearest is not None:
        lines.append(f"Nearest: {place_of(claim.nearest)}")
    said = "\n".join(_wrapped(line) for line in lines)
    printing.say(f"{VERDICTS[claim.verdict]:<{HANG}}{said[HANG:]}\n")


def _wrapped(line: str) -> str:
    before = " " * HANG
    return textwrap.fill(
        line,
        printing.WIDTH,
        initial_indent=before,
        subsequent_indent=before,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _finish(report: DraftReport, *, json: bool) -> None:
    """Say how much is backed: below the report, or beside the lines for programs."""
    if json:
        printing.tell(f"{summary(report)}.")
    else:
        printing.say(f"{summary(report)}.")
    for sentence in details(report):
        printing.tell(sentence)


def _format_of(export: Path) -> Format:
    form = FORMATS.get(export.suffix.lower())
    if form is None:
        raise SettingsError(
            f"--export writes Markdown, CSV or HTML: name a file such as {export.stem}.html."
        )
    if not export.absolute().parent.is_dir():
        raise SettingsError(f"There is no folder {export.parent} to write {export.name} to.")
    return form


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}).") from error
    printing.tell(f"The report is in {path}.")
