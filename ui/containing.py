"""What archives, mails and other files held, and what became of each file in them, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from ingest.loaders.mailbox import DELETED
from ingest.mailbody import SIGNED
from rag.batch import Row
from rag.domain import PageState
from rag.errors import NotFoundError
from rag.intake import Container, Fate, Member
from rag.store.catalog import Catalog
from ui import icons
from ui.progress import kind_of
from ui.viewer import render_bar

REF = "in-"  # before the number of a record, where else the id of a document stands
NO_RECORD = "What this archive held is known no more."
MOST_SHOWN = 500
MOST_NAMED = 5
_TOLD = (SIGNED, DELETED)  # why else a file is passed over
_TROUBLE = (Fate.NOT_READ, Fate.PARTLY, Fate.CANCELLED)
_COLOURS = {
    Fate.READ: PageState.TEXT,
    Fate.PARTLY: PageState.NEEDS_OCR,
    Fate.NOT_READ: PageState.FAILED,
}


def counts_words(members: Sequence[Member]) -> str:
    """How many files there were, and what became of them: "3 files: 2 read, 1 not read"."""
    own = [member for member in members if member.fate is not Fate.PASSED]
    if not own:
        return "no files"
    count = Counter(member.fate for member in own)
    parts = [f"{count[fate]:,} {fate}" for fate in Fate if count[fate]]
    return f"{_files(len(own))}: {', '.join(parts)}"


def member_words(member: Member, within: str) -> str:
    """What became of a file in another of this name, in words, after its own name."""
    return f"{member.fate}. {_more(member, within)}".rstrip()


def _more(member: Member, within: str) -> str:
    """What there is to know of a file in another, besides its fate."""
    is_called_so = member.document in ("", f"{within}/{member.name}")
    known = "" if is_called_so else f"The library has it as {member.document}."
    return f"{known} {member.reason}".strip()


def member_lines(members: Sequence[Member], within: str) -> list[str]:
    """A line for each file that a person may miss, and one for all that nobody does."""
    told = [member for member in members if member.name and member.fate is not Fate.PASSED]
    lines = [f"{member.name}: {member_words(member, within)}" for member in told]
    return lines + _rest(members)


def member_row(member: Member) -> Row:
    """A file in another, as part of a line of JSON; without its name where that was purged."""
    return {
        "file": member.name or None,
        "state": member.fate,
        "reason": member.reason,
        "id": member.document_id or None,
        "document": member.document or None,
    }


def container_row(container: Container, members: Sequence[Member]) -> Row:
    """What a file held that is no document itself, as a line of JSON."""
    own = {"container": container.name, "size_bytes": container.size_bytes}
    return own | {"files": [member_row(member) for member in members]}


def staying_words(members: Sequence[Member], name: str) -> str:
    """What to know of the files that came in one that is removed; "" where none is there."""
    names = list(dict.fromkeys(member.document for member in members if member.document_id))
    if not names:
        return ""
    stay = "stays" if len(names) == 1 else "stay"
    more = f" and {len(names) - MOST_NAMED:,} more" * (len(names) > MOST_NAMED)
    named = ", ".join(names[:MOST_NAMED])
    return f"What came in {name} {stay} in the library: {named}{more}."


def lost_words(files: int, lost: int) -> str:
    """Of how many files how many were not read, or not whole, in words."""
    return f"{lost:,} of {_files(files)} not fully read" if files > 1 else "not fully read"


def reference(container: Container) -> str:
    """What the page calls it by: the document, or where it is none, its record."""
    return container.document_id or f"{REF}{container.id}"


def library_of(catalog: Catalog, asked: str) -> str:
    """The library of a document, or of what a record's reference names.

    Raises:
        NotFoundError: it is not known any more.
    """
    if not asked.startswith(REF):
        return catalog.document(asked).library_id
    container = catalog.containers.with_id(int(asked.removeprefix(REF)))
    if container is None:
        raise NotFoundError(NO_RECORD)
    return container.library_id


def render_lost(container: Container, files: int, lost: int) -> str:
    """The row of what is no document itself and held files that were not read."""
    name, key = escape(container.name), reference(container)
    return (
        f'<li class="doc unread held" data-held="{key}"><span class="ico" aria-hidden="true">'
        f'{kind_of(container.name)}</span><button type="button" class="t" data-event="report" '
        f'data-id="{key}" title="{name}">{name}</button><span class="s"><span class="st w">'
        f'{lost_words(files, lost)}</span><button type="button" class="rep" data-event="report" '
        f'data-id="{key}" aria-label="Report on {name}">Report</button></span>'
        f'<button type="button" class="x" data-event="dismiss" data-id="{key}" '
        f'title="Hide this note. Nothing is removed." aria-label="Hide {name}">{icons.CROSS}'
        "</button></li>"
    )


def render_place(container: Container) -> str:
    """In what a document came, which opens the report on that."""
    name = escape(container.name)
    return (
        f'<button type="button" class="within" data-event="report" '
        f'data-id="{escape(reference(container))}" title="Report on {name}">in {name}</button>'
    )


def render_container(container: Container, members: Sequence[Member], state: str) -> str:
    """The HTML of the report on what is no document itself, in the pane of the source."""
    name = escape(container.name)
    return (
        f'{render_bar(f"""<h2 title="{name}">{name}</h2>""")}<div class="report" tabindex="0" '
        f'role="region" aria-label="Report" data-report="{reference(container)}" '
        f'data-state="{escape(state)}"><h3>{escape(counts_words(members))}</h3>'
        f"{_render_members(members, container.name)}</div>"
    )


def render_within(members: Sequence[Member], within: str) -> str:
    """What a document held besides its pages, as part of its own report; nothing for nothing."""
    if not members:
        return ""
    head = f'<div class="h"><h3>Files in it</h3><span>{escape(counts_words(members))}</span></div>'
    return head + _render_members(members, within)


def _render_members(members: Sequence[Member], within: str) -> str:
    """The files in another, those that were not read first."""
    told = [member for member in members if member.name and member.fate is not Fate.PASSED]
    told.sort(key=lambda member: member.fate not in _TROUBLE)
    rows = "".join(_render_member(member, within) for member in told[:MOST_SHOWN])
    more = [f"{len(told) - MOST_SHOWN:,} more"] if len(told) > MOST_SHOWN else []
    rest = "".join(f'<p class="nothing">{escape(line)}</p>' for line in more + _rest(members))
    return f'<ol class="runs members">{rows}</ol>{rest}' if rows else rest


def _render_member(member: Member, within: str) -> str:
    colour = _COLOURS.get(member.fate, PageState.EMPTY)
    name = f"<b>{escape(member.name)}</b>"
    if member.document_id:
        name = (
            f'<button type="button" class="to" data-event="report" '
            f'data-id="{escape(member.document_id)}">{escape(member.name)}</button>'
        )
    more = _more(member, within)
    why = f'<p class="why">{escape(more)}</p>' if more else ""
    return (
        f'<li data-state="{colour}"><i data-state="{colour}" aria-hidden="true"></i>{name}'
        f"<span>{member.fate}</span>{why}</li>"
    )


def _rest(members: Sequence[Member]) -> list[str]:
    """Sentences on the files that are not named."""
    by_reason = Counter(
        (member.reason if member.reason in _TOLD else "")
        for member in members
        if member.fate is Fate.PASSED
    )
    passed = by_reason.pop("", 0)
    gone = sum(not member.name for member in members)
    lines = []
    if gone:
        lines.append(f"{_files(gone)} {'was' if gone == 1 else 'were'} deleted for good.")
    lines += [f"{_files(count)} passed over: {reason}" for reason, count in by_reason.items()]
    if passed:
        were = "is empty or hidden, and was" if passed == 1 else "are empty or hidden, and were"
        lines.append(f"{_files(passed)} {were} passed over.")
    return lines


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
