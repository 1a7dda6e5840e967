"""What people think of answers, on the command line: listed, or exported as questions."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

from rag.folding import flowing
from rag.known_questions import marked_row
from rag.marks import MarkedAnswer, Place
from ui import printing
from ui.report_layout import wrapped
from ui.runs import write_text
from ui.times import written_time

STDOUT = Path("-")
LONGEST_ANSWER = 160  # characters that are shown


def export_marked(marked: Sequence[MarkedAnswer], path: Path) -> None:
    """Write the marked answers as questions, JSON lines, to a file or to stdout for `-`.

    Raises:
        SettingsError: the file cannot be written.
    """
    if path == STDOUT:
        say_marked_as_json(marked)
        return
    lines = [json.dumps(marked_row(each), ensure_ascii=False) + "\n" for each in marked]
    write_text(path, "".join(lines))
    count = "1 marked question was" if len(marked) == 1 else f"{len(marked)} marked questions were"
    printing.tell(f"{count} written to {path}.")


def say_marked_as_json(marked: Sequence[MarkedAnswer]) -> None:
    """Print the marked answers as questions, JSON lines."""
    for each in marked:
        printing.say_row(marked_row(each))


def say_marked(marked: Sequence[MarkedAnswer]) -> None:
    """Print the marked answers for people, in the order in which they were marked."""
    for each in marked:
        at = written_time(each.marked_at)
        printing.say(wrapped(f"- {each.opinion}, {at}: {flowing(each.question)}"))
        for line in _lines(each):
            printing.say(wrapped(line, indent=4))
    if not marked:
        printing.tell("No answer is marked yet: mark one in the page.")


def _lines(marked: MarkedAnswer) -> list[str]:
    """What is known of a marked answer, a line for each thing."""
    answer = textwrap.shorten(marked.answer, LONGEST_ANSWER, placeholder=" …")
    by = f" by {marked.model}" if marked.model else ""
    lines = [
        f"because: {flowing(marked.reason)}" if marked.reason else "",
        f"{'refused' if marked.refused else 'answered'}{by}: {answer}" if answer else "",
        f"cited: {_told(marked.cited)}" if marked.cited else "",
        f"the right page: {_told(marked.evidence)}" if marked.evidence else "",
    ]
    return [line for line in lines if line]


def _told(places: Sequence[Place]) -> str:
    return "; ".join(place.told for place in places)
