"""The commands that keep a data directory safe: backing it up, restoring it, looking at it all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.embedded import hash_of, text_of
from rag.doctor import Finding, Level
from rag.store.archives import Manifest
from rag.store.backup import back_up
from rag.store.checks import check as check_all
from rag.store.restoring import restore as restore_backup
from ui import bars, printing
from ui.opening import DONE, SOME_FAILED, settings_of
from ui.options import AsJson, DataDir
from ui.times import rewritten_time

BackupFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The file of the backup, such as backup.tar.")
]


def backup(file: BackupFile, data_dir: DataDir = None, json: AsJson = False) -> int:
    """Back the data directory up into one file, while it is used.

    Every library is in it, with the original files; settings and keys are not. It is read back
    before it gets its name, and an earlier backup of that name is replaced.
    """
    settings = settings_of(data_dir, None)
    with bars.bytes_progress("backing up") as report:
        made = back_up(settings.data_dir, file, report)
    row = {"file": str(made.path), "size_bytes": made.size_bytes, **_row(made.manifest)}
    sentence = f"{_counted(made.manifest)} were backed up into {made.path}"
    sentence = f"{sentence} ({_size(made.size_bytes)}), which was read back."
    return _say(made.manifest, row, sentence, "is not in the backup", json=json)


def restore(file: BackupFile, data_dir: DataDir = None, json: AsJson = False) -> int:
    """Restore a backup into a data directory that is empty or absent."""
    settings = settings_of(data_dir, None)
    with bars.bytes_progress("restoring") as report:
        made = restore_backup(file, settings.data_dir, report)
    row = {"data_dir": str(made.data_dir), **_row(made.manifest)}
    made_at = rewritten_time(made.manifest.made_at)
    sentence = (
        f"{_counted(made.manifest)} were restored into {made.data_dir}, as of {made_at}. "
        "The search indexes are made again at the first question."
    )
    return _say(made.manifest, row, sentence, "was not in the backup", json=json)


def check(data_dir: DataDir = None, json: AsJson = False) -> int:
    """Verify everything that is stored, and say what mends each fault.

    The database, its rows, every original by its hash and every search index are read; nothing is
    changed. It may take a while, and Tramontane may run meanwhile.
    """
    settings = settings_of(data_dir, None)
    are_faults = False
    for checked in check_all(settings.data_dir, lambda chunk: hash_of(text_of(chunk))):
        sentences = [*((Level.WRONG, fault) for fault in checked.faults)]
        sentences += [(Level.NOTE, note) for note in checked.notes]
        findings = [
            Finding(checked.part, level, sentence)
            for level, sentence in sentences or [(Level.GOOD, checked.sentence)]
        ]
        are_faults |= bool(checked.faults)
        printing.report_findings(findings, json=json)
    return SOME_FAILED if are_faults else DONE


def _say(
    manifest: Manifest, row: dict[str, object], sentence: str, absent: str, *, json: bool
) -> int:
    if json:
        printing.say_row(row)
    else:
        printing.say(sentence)
    for each in manifest.missing:
        name = ", ".join(each.names) or each.sha256
        printing.tell(
            f"The original of {name} {absent}: it was {each.reason}. Add the file again; its text "
            "and its passages are there."
        )
    return SOME_FAILED if manifest.missing else DONE


def _row(manifest: Manifest) -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "schema": manifest.schema_version,
        **manifest.counts,
        "missing": [each.model_dump() for each in manifest.missing],
    }


def _counted(manifest: Manifest) -> str:
    counts = manifest.counts
    parts = [_number(counts.get(name, 0), name) for name in ("documents", "originals", "libraries")]
    return f"{parts[0]} and {parts[1]} in {parts[2]}"


def _number(count: int, plural: str) -> str:
    singular = {"libraries": "library"}.get(plural, plural.removesuffix("s"))
    noun = {"originals": "original files", "original": "original file"}
    word = singular if count == 1 else plural
    return f"{count:,} {noun.get(word, word)}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.1f} MB"
