"""The documents on the left: their states, what is being read, and which are asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from rag.domain import Document, DocumentState, Library
from rag.intake import Container, Content, Job, Stage
from rag.store.reembeddings import Reembedding
from rag.store.trash import Kept
from ui import icons
from ui.chat import ANSWERABLE
from ui.containing import reference, render_lost, render_place
from ui.embedding_menu import render_progress
from ui.endings import UNREAD, being_read, is_opened, kind_of_end
from ui.namesakes import Signs
from ui.notices import render_notices
from ui.outcomes import render_left_out, render_outcome
from ui.progress import (
    fault_of,
    is_at_work,
    kind_of,
    render_again,
    render_queue,
    render_shared,
    render_work,
    shared_faults,
)
from ui.readiness import render_count, render_others
from ui.rereading import Again, render_again_work, sign_of
from ui.stalled import BY_OCR, WAITING_FOR_OCR, render_stalled
from ui.trash import render_trash, render_undo

WARNING, FAILURE = "w", "b"
STATE_WORDS = {
    DocumentState.PARTIAL: ("partly read", WARNING),
    DocumentState.NEEDS_OCR: ("needs OCR", WARNING),
    DocumentState.EMPTY: ("no text", WARNING),
    DocumentState.NEEDS_PASSWORD: ("needs a password", WARNING),
    DocumentState.DAMAGED: ("damaged", FAILURE),
    DocumentState.UNSUPPORTED: ("not supported", FAILURE),
    DocumentState.TOO_LARGE: ("too large", FAILURE),
    DocumentState.FAILED: ("failed", FAILURE),
}
FORMATS = (
    "PDF, Word, PowerPoint, Excel, CSV, HTML, Markdown, text, RTF, EPUB, e-mail, JSON, source "
    "code, pictures (by OCR), and ZIP of these"
)
DROP_ZONE = (
    '<label class="drop" id="drop" title="{}"><input type="file" id="files" multiple '
    'data-max-mb="{}" aria-label="Add documents" aria-description="{}"><b>Add documents</b> '
    "or drop them anywhere</label>"
)
NOTHING = f'<p class="nothing">Files become pages that can be asked: {FORMATS}.</p>'
CHECKUP = (
    '<button type="button" class="act setup" data-event="checkup">'
    f"{icons.PULSE}<span>Check the set-up</span></button>"
)
NOTHING_AGAIN: Mapping[str, Again] = {}
OUTCOMES = 300  # the last files whose end the page is told of


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the list shows: documents, oldest first; files on their way in; what is left out.

    `state` differs whenever the list does, for whoever asks whether to look again. Jobs after the
    number `since` are summed up as long as one of them goes on. What is `said` is told once.
    `removed` is in the trash, at the time `now`. `places` says in what files came, by their hashes,
    and `lost` in what some were not read, with how many there were and how many of them.
    `library` is where files that are added go, and `anew` whether it is being embedded anew.
    `has_ocr` says whether pictures of pages can be read here. `left_out` are the files that were
    never taken out of an archive, by its name and hash. `again` are pages that are read once more.
    `apart` is what tells documents of one name apart.
    """

    documents: Sequence[Document]
    jobs: Sequence[Job]
    excluded: frozenset[str] = frozenset()
    state: str = ""
    max_file_mb: int = 50
    since: int = 0
    said: tuple[str, ...] = ()
    removed: Sequence[Kept] = ()
    now: float = 0.0
    places: Mapping[str, Container] = field(default_factory=dict)
    lost: Sequence[tuple[Container, int, int]] = ()
    library: Library | None = None
    anew: Reembedding | None = None
    has_ocr: bool = True
    left_out: Mapping[tuple[str, str], Sequence[Content]] = field(default_factory=dict)
    again: Mapping[str, Again] = field(default_factory=dict)
    apart: Signs = field(default_factory=dict)

    @property
    def by_id(self) -> dict[str, Document]:
        """The documents by their ids."""
        return {document.id: document for document in self.documents}

    @property
    def job_of(self) -> dict[str, Job]:
        """The last job of each document that has one, by the document's id."""
        by_content = {document.sha256: document.id for document in self.documents}
        found: dict[str, Job] = {}
        for job in self.jobs:
            if job.document_id is not None:
                found[job.document_id] = job
                continue
            id_ = by_content.get(job.sha256, "")
            # Published in this very moment, or read again; another copy of it waits its turn.
            if id_ and not job.has_ended and (id_ not in found or found[id_].has_ended):
                found[id_] = job
        return found

    @property
    def settled(self) -> list[tuple[Container, int, int]]:
        """Of what is `lost`, that of which no file is on its way: the others have rows as such."""
        jobs = {job.id: job for job in self.jobs}
        going: dict[int, str] = {}
        todo = [job for job in self.jobs if not job.has_ended]
        while todo:
            job = todo.pop()
            going[job.id] = job.sha256
            if job.parent_id in jobs and job.parent_id not in going:
                todo.append(jobs[job.parent_id])
        return [each for each in self.lost if each[0].sha256 not in going.values()]

    @property
    def stalled(self) -> list[Job]:
        """The jobs that a fault has ended, whose documents can go on."""
        by_id = self.by_id
        return [
            job
            for id_, job in self.job_of.items()
            if job.stage is Stage.FAILED
            and id_ in by_id
            and _can_go_on(by_id[id_], job, has_ocr=self.has_ocr)
        ]

    @property
    def halted(self) -> list[Document]:
        """The documents that a fault has left unread or without vectors, whatever can be done."""
        by_id = self.by_id
        return [
            by_id[id_]
            for id_, job in self.job_of.items()
            if job.stage is Stage.FAILED and id_ in by_id and _is_halted(by_id[id_])
        ]


def state_of(
    library: Library,
    jobs: Sequence[Job],
    anew: Reembedding | None = None,
    again: Mapping[str, Again] = NOTHING_AGAIN,
) -> str:
    """A word that changes with every change of the library's documents and of what is read."""
    newest = max((job.id for job in jobs), default=0)
    ended = sum(job.has_ended for job in jobs)
    asking = sum(job.stage is Stage.CONFIRM for job in jobs)
    places = f"{library.id}-{library.generation}-{library.vectors}"
    stage = anew.stage if anew else ""
    return f"{places}-{stage}-{asking}-{newest}-{len(jobs)}-{ended}{sign_of(again)}"


def render_documents(shelf: Shelf) -> str:
    """The HTML of the list, newest first, with the files that are being read above it.

    Documents that wait for a person's word come first. The page itself adds what was not sent to
    `#unsent`, and tells the outcome of its own files.
    """
    faults = shared_faults(shelf.jobs)
    shelf = replace(shelf, jobs=[_unless_shared(job, faults) for job in shelf.jobs])
    documents, job_of = shelf.by_id, shelf.job_of
    # A file that left a document is shown with it; only one that left none is a row of its own.
    shown = {job.id for id_, job in job_of.items() if id_ in documents}
    copies = {job.id for job in shelf.jobs if is_at_work(job) and job.document_id in documents}
    alone = [job for job in shelf.jobs if job.id not in shown | copies and _has_row(job)]
    together = [job for job in shelf.jobs if job.id > shelf.since or not job.has_ended]
    newest = list(reversed(shelf.documents))
    newest.sort(key=lambda document: not _asks(document, job_of))
    titles = Counter(document.title for document in newest)
    rows = [
        _render_document(
            document if titles[document.title] == 1 else replace(document, title=document.name),
            job_of.get(document.id),
            document.id not in shelf.excluded,
            shelf.places.get(document.sha256),
            has_ocr=shelf.has_ocr,
            again=shelf.again.get(document.id),
            sign=shelf.apart.get(document.id, ""),
        )
        for document in newest
    ]
    lost = "".join(render_lost(*each) for each in shelf.settled)
    intake = render_queue(alone, together, documents) + render_shared(faults)
    intake += render_stalled(shelf.halted, shelf.stalled)
    intake += f'<ul class="docs">{lost}</ul>' if lost else ""
    meaning = "" if shelf.library is None else render_progress(shelf.library, shelf.anew)
    label = ' aria-label="Files being taken in"' if intake else ""
    formats = FORMATS[0].upper() + FORMATS[1:]
    return (
        f"{DROP_ZONE.format(formats, shelf.max_file_mb, formats)}"
        f'<ul class="docs" id="unsent"></ul>{meaning}'
        f'<section class="intake"{label}>{intake}</section>'
        f'<div class="h"><h2>Documents</h2>{render_count(shelf.documents, shelf.excluded)}'
        f"</div>{render_others(shelf.documents, job_of)}"
        f"{render_undo(shelf.removed, shelf.now)}"
        f'<ul class="docs">{"".join(rows)}</ul>'
        f"{'' if rows or alone else NOTHING}{render_trash(shelf.removed)}"
        f"{CHECKUP}{_render_outcomes(shelf, documents)}"
    )


def are_running(
    jobs: Sequence[Job],
    anew: Reembedding | None = None,
    again: Mapping[str, Again] = NOTHING_AGAIN,
) -> bool:
    """Whether something happens to a file, or to the whole library, by itself."""
    is_changing = bool(again) or (anew is not None and anew.stage is Stage.EMBEDDING)
    return is_changing or any(is_at_work(job) for job in jobs)


def _unless_shared(job: Job, faults: Collection[str]) -> Job:
    """The job without the fault that it has in common with others, which is told once for all."""
    return replace(job, outcome="") if fault_of(job) in faults else job


def _asks(document: Document, job_of: Mapping[str, Job]) -> bool:
    """Whether a document waits for a person's word, who has to see it."""
    job = job_of.get(document.id)
    return job is not None and job.stage is Stage.CONFIRM


def _has_row(job: Job) -> bool:
    if job.stage is Stage.CANCELLED:
        return job.document_id is None
    return not job.has_ended or job.is_lost


def _render_outcomes(shelf: Shelf, documents: Mapping[str, Document]) -> str:
    """How each file ended, for the page to tell whoever added it, and which have not."""
    ended = [job for job in shelf.jobs if job.has_ended][-OUTCOMES:]
    outcomes = "".join(render_outcome(job, documents.get(job.document_id or "")) for job in ended)
    outcomes += "".join(
        render_left_out(job, shelf.left_out.get((job.name, job.sha256), ()))
        for job in ended
        if is_opened(job)
    )
    outcomes += render_notices(shelf.said)
    going = " ".join(f"{job.id}:{job.parent_id or ''}" for job in shelf.jobs if not job.has_ended)
    newest = max((job.id for job in shelf.jobs), default=0)
    reading = len(being_read(shelf.jobs))
    embedding = sum(job.stage is Stage.EMBEDDING for job in shelf.jobs)
    asking = sum(job.stage is Stage.CONFIRM for job in shelf.jobs)
    library = shelf.library
    return (
        f'<div id="outcomes" data-state="{escape(shelf.state)}" data-reading="{reading}" '
        f'data-embedding="{embedding}" '
        f'data-asking="{asking}" data-failed="{" ".join(_failures(shelf, documents))}" '
        f'data-partly="{" ".join(reference(container) for container, _, _ in shelf.settled)}" '
        f'data-going="{going}" '
        f'data-newest="{newest}" data-library="{escape(library.id if library else "")}" '
        f"hidden>{outcomes}</div>"
    )


def _failures(shelf: Shelf, documents: Mapping[str, Document]) -> Iterator[str]:
    """The jobs of the files that failed, which are those that a batch counts as such."""
    yield from (str(job.id) for job in shelf.jobs if job.is_lost)
    for id_, job in shelf.job_of.items():
        is_done = id_ in documents and job.has_ended and not job.is_lost
        if is_done and kind_of_end(job, documents[id_]) in UNREAD:
            yield str(job.id)


def _render_document(
    document: Document,
    job: Job | None,
    is_asked: bool,
    place: Container | None,
    *,
    has_ocr: bool,
    again: Again | None,
    sign: str,
) -> str:
    title = document.title or document.name
    called = escape(f"{title} ({sign})" if sign not in ("", title) else title)
    key = escape(document.id)
    can_answer = document.state in ANSWERABLE
    box = (
        f'<button type="button" class="box" role="checkbox" aria-checked="{str(is_asked).lower()}" '
        f'data-event="choose" data-id="{key}" aria-label="Ask {called}">'
        f"{icons.CHECK}</button>"
        if can_answer
        else ""
    )
    hint = escape(f"{document.name}. {document.reason}" if document.reason else document.name)
    kind = "unread" if not can_answer else "" if is_asked else "out"
    at_work = job is not None and is_at_work(job)
    if job is not None and not job.has_ended:
        below = render_work(job, document, _length(document) if document.page_count else "")
    else:
        below = render_again_work(again) if again is not None else ""
        below += _render_end(document, job, called, has_ocr=has_ocr and again is None)
    link = "" if _sentences(document, job) else _render_report_link(document, called)
    is_told = place is None or title.startswith(f"{place.name}/")
    within = "" if place is None or is_told else render_place(place)
    came = f"in {place.name}" if within and place else ""
    apart = "" if sign in ("", title, came) else f'<span class="apart">{escape(sign)}</span>'
    above = f'<span class="s">{_render_state(document, job)}{within}{apart}{link}</span>'
    remove = (
        f'<button type="button" class="x" data-confirm="remove" data-id="{key}" '
        f'data-name="{called}" aria-label="Remove {called}">{icons.CROSS}</button>'
    )
    # While something happens to a document there is one thing to do: to stop it.
    return (
        f'<li class="doc {kind}{" going" * at_work}" data-id="{key}">'
        f'<span class="ico" aria-hidden="true">{kind_of(document.name)}</span>'
        f'<button type="button" class="t" data-event="show" data-id="{key}" title="{hint}">'
        f"{escape(title)}</button>"
        f"{'' if at_work else above}{below}{'' if at_work else remove}{box}</li>"
    )


def _render_report_link(document: Document, called: str) -> str:
    return (
        f'<button type="button" class="rep" data-event="report" data-id="{escape(document.id)}" '
        f'aria-label="Report on {called}">Report</button>'
    )


def _render_state(document: Document, job: Job | None) -> str:
    length = f"<span>{_length(document)}</span>" if document.page_count else ""
    if job is not None and not job.has_ended:  # what is still to come is told below
        return length
    if document.state in STATE_WORDS:
        words, tone = STATE_WORDS[document.state]
        return f'{length}<span class="st {tone}">{words}</span>'
    if document.embedded < document.chunks:
        return f'{length}<span class="st {WARNING}">words only</span>'
    return length


def _render_end(document: Document, job: Job | None, called: str, *, has_ocr: bool) -> str:
    """What there is to say of a document to which nothing happens, and what can be done."""
    sentences = _sentences(document, job)
    said = [f'<p class="why">{escape(sentence)}</p>' for sentence in sentences[:-1]]
    if sentences:
        link = _render_report_link(document, called)
        said.append(f'<p class="why">{escape(sentences[-1])} {link}</p>')
    if job is not None and _can_go_on(document, job, has_ocr=has_ocr):
        label, words = f"Go on with {called}", "Go on"
        if not _lacks_vectors(document):
            label, words = f"{BY_OCR}: {called}", BY_OCR
        said.append(render_again(job, label, words))
    return "".join(said)


def _sentences(document: Document, job: Job | None) -> list[str]:
    """What is said of a document that nothing happens to."""
    if job is not None and not job.has_ended:
        return []
    said = [document.reason]
    if document.embedded < document.chunks:
        fault = job.outcome if job is not None and job.stage is Stage.FAILED else ""
        said += ["It is found by its words, not by its meaning.", fault]
    return list(filter(None, said))


def _can_go_on(document: Document, job: Job, *, has_ocr: bool) -> bool:
    """Whether taking a document up once more can bring it any further."""
    has_stopped = job.stage in (Stage.FAILED, Stage.CANCELLED)
    return has_stopped and (_lacks_vectors(document) or (has_ocr and _is_halted(document)))


def _is_halted(document: Document) -> bool:
    """Whether there are pages that wait for OCR, or passages that wait for vectors."""
    return document.state in WAITING_FOR_OCR or _lacks_vectors(document)


def _lacks_vectors(document: Document) -> bool:
    return document.embedded < document.chunks


def _length(document: Document) -> str:
    if not document.paginated and document.page_count == 1:
        return f"{max(1, round(document.size_bytes / 1000)):,} kB"
    noun = "page" if document.paginated else "part"
    return f"{document.page_count:,} {noun}{'s' * (document.page_count != 1)}"
