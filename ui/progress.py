"""Files on their way in, as the list shows them: how far they are, what they cost, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

from rag.domain import Document
from rag.intake import Estimate, Job, Stage
from ui import icons
from ui.endings import READ, count_ends, is_opened
from ui.printing import in_dollars

FEW = 4  # rows that are shown at once; the others are folded away
MOST_FOLDED = 60  # of those, how many are there to be unfolded
SECONDS_IN_MINUTES = 90  # from here on
LEAST_DOLLARS = 0.01
AT_WORK = (Stage.WAITING, Stage.READING, Stage.OCR, Stage.EMBEDDING)
MOST_KEPT = 22  # characters at the end of a name that are shown whatever the width
EVERY = "all"


@dataclass(frozen=True, slots=True)
class Tally:
    """How far files that are taken in together have come.

    `ends` says what those that need no more reading came to, as their end will be told; `meaning`
    is the share of their passages, as far as they are read, that have vectors.
    """

    files: int
    ends: Mapping[str, int]
    by_words: int
    meaning: float
    dollars: float

    @property
    def settled(self) -> float:
        """The share of the files that need no more reading."""
        return sum(self.ends.values()) / self.files if self.files else 0.0

    @property
    def reading(self) -> str:
        """How many are read, and what became of others, in words."""
        if self.ends.get(READ) == self.files:
            return f"{counted(self.files, 'file')} read"
        if self.settled == 1:
            told = (f"{number:,} {kind}" for kind, number in self.ends.items())
            return f"{counted(self.files, 'file')}: {', '.join(told)}"
        others = (f", {number:,} {kind}" for kind, number in self.ends.items() if kind != READ)
        return f"{self.ends.get(READ, 0):,} of {self.files:,} read{''.join(others)}"

    @property
    def finding(self) -> str:
        """How many can be found, and what that costs, in words."""
        parts = []
        if self.by_words:
            if self.by_words < self.files:
                parts.append(f"words ready for {self.by_words:,}")
            parts.append(f"meaning {int(100 * self.meaning)} %")
        if self.dollars:
            parts.append(cost(Estimate(0, 0, 0, self.dollars, 0)))
        return " · ".join(parts)


def tally(jobs: Sequence[Job], documents: Mapping[str, Document]) -> Tally:
    """How far these jobs are; `documents` are those of the library, by id."""
    found = [documents[id_] for job in jobs if (id_ := job.document_id or "") in documents]
    chunks = sum(document.chunks for document in found)
    return Tally(
        files=sum(not is_opened(job) for job in jobs),
        ends=count_ends(jobs, documents),
        by_words=sum(document.chunks > 0 for document in found),
        meaning=sum(document.embedded for document in found) / chunks if chunks else 0.0,
        dollars=_paid_for(jobs),
    )


def is_at_work(job: Job) -> bool:
    """Whether something happens to a file by itself: it has not ended, and waits for nobody."""
    return job.stage in AT_WORK


def fault_of(job: Job) -> str:
    """The fault for which a job is tried again later, in words; empty where there was none."""
    # What is said of a file that was read begins with its name.
    is_fault = is_at_work(job) and not job.outcome.startswith(job.name)
    return job.outcome if is_fault else ""


def shared_faults(jobs: Iterable[Job]) -> dict[str, int]:
    """The faults for which more than one job is tried again, and how many: told once for all."""
    faults = Counter(filter(None, map(fault_of, jobs)))
    return {fault: count for fault, count in faults.items() if count > 1}


def render_shared(faults: Mapping[str, int]) -> str:
    """What keeps several files from going on, each fault once."""
    return "".join(
        f'<p class="why hindered" role="status">{count:,} files wait. {escape(fault)} '
        "They are tried again soon.</p>"
        for fault, count in faults.items()
    )


def progress_words(job: Job, document: Document | None = None) -> str:
    """How far a file is, in words; `document` is what the library has of it by now."""
    match job.stage:
        case Stage.WAITING:
            return "waiting"
        case Stage.READING:
            return f"reading page {job.done:,} of {job.total:,}" if job.total else "reading"
        case Stage.OCR:
            page = min(job.done + 1, job.total)
            return f"OCR page {page:,} of {job.total:,}" if job.total else "waiting for OCR"
        case Stage.CONFIRM:
            return f"waits for your word: {cost(job.estimate)}"
        case Stage.EMBEDDING:
            share = _embedded(job, document)
            return f"words ready, meaning {int(100 * share)} %" if share else "words ready"
        case _:
            return job.outcome


def cost(estimate: Estimate | None) -> str:
    """What is to be paid, in words."""
    dollars = in_dollars(estimate)
    known = estimate is not None and (estimate.dollars or 0.0) >= LEAST_DOLLARS
    return f"about {dollars}" if known else dollars


def details(estimate: Estimate | None) -> str:
    """What is paid for, and how long it takes, in words."""
    if estimate is None:
        return ""
    parts = []
    if estimate.ocr_pages:
        parts.append(f"{counted(estimate.ocr_pages, 'page')} by OCR")
    if estimate.tokens:
        parts.append(f"{counted(estimate.tokens, 'token')} to embed")
    seconds = estimate.seconds
    minutes = f"{seconds / 60:,.0f} min"
    parts.append(f"about {seconds:,.0f} s" if seconds < SECONDS_IN_MINUTES else f"about {minutes}")
    return ", ".join(parts)


def render_bar(words: float, meaning: float = 0.0) -> str:
    """A slim bar: pale as far as the words are, full as far as the meaning is; shares of 1."""
    return (
        f'<span class="bar" aria-hidden="true"><i style="width:{words:.0%}"></i>'
        f'<b style="width:{meaning:.0%}"></b></span>'
    )


def render_work(job: Job, document: Document | None = None, before: str = "") -> str:
    """How far a file is, with a bar and what can be done about it.

    `before` is said first, as long as nothing is done to it.
    """
    name = escape(document.title or document.name if document else job.name)
    words = escape(progress_words(job, document))
    if job.stage is Stage.CONFIRM:
        question = _render_question(job, name, document)
        return f'<div class="work ask"><p><span>{words}</span></p>{question}</div>'
    shares = _shares(job, document)
    idle = sum(shares) == (1.0 if job.stage is Stage.EMBEDDING else 0.0)
    stop = "Stop" if document else "Cancel"
    first = f"<span>{before} · {words}</span>" if idle and before else f"<span>{words}</span>"
    notes = [fault_of(job) and f"{fault_of(job)} It is tried again soon."]
    if job.estimate is not None and job.estimate.dollars != 0:
        notes.insert(0, cost(job.estimate))
    why = "".join(f'<p class="why">{escape(note)}</p>' for note in notes if note)
    return (
        f'<div class="work"><p>{first}<button type="button" class="stop" data-event="cancel" '
        f'data-id="{job.id}" aria-label="{stop} {name}" title="{stop}">{icons.CROSS}</button></p>'
        f"{'' if idle else render_bar(*shares)}{why}</div>"
    )


def render_job(job: Job) -> str:
    """The row of a file that is no document yet, or never became one."""
    name = escape(job.name)
    if not job.has_ended:
        body = render_work(job)
    else:
        state, tone = ("cancelled", "") if job.stage is Stage.CANCELLED else ("failed", "b")
        reason = "" if job.stage is Stage.CANCELLED else f'<p class="why">{escape(job.outcome)}</p>'
        body = (
            f'<span class="s"><span class="st {tone}">{state}</span></span>{reason}'
            f"{render_again(job, f'Try {name} again')}"
            f'<button type="button" class="x" data-event="dismiss" data-id="{job.id}" '
            f'aria-label="Dismiss {name}">{icons.CROSS}</button>'
        )
    return (
        f'<li class="doc job{" unread" * job.has_ended}" data-job="{job.id}">'
        f'<span class="ico" aria-hidden="true">{kind_of(job.name)}</span>'
        f'<span class="t" title="{name}">{_cut_in_the_middle(job.name)}</span>{body}</li>'
    )


def _cut_in_the_middle(name: str) -> str:
    """A name as HTML, of which the page cuts the beginning where there is no room for all of it.

    What tells files of an archive apart stands at the end.
    """
    end = name.rpartition("/")[2]
    at = len(name) - min(len(end), MOST_KEPT)
    if at <= 0 or len(name) <= MOST_KEPT:
        return escape(name)
    return f'<span class="head">{escape(name[:at])}</span><span>{escape(name[at:])}</span>'


def render_again(job: Job, label: str, words: str = "Try again") -> str:
    """What takes a file up once more."""
    return (
        f'<button type="button" class="redo" data-event="retry" data-id="{job.id}" '
        f'aria-label="{label}">{icons.AGAIN}{words}</button>'
    )


def render_queue(
    rows: Sequence[Job], together: Sequence[Job], documents: Mapping[str, Document]
) -> str:
    """The files that are no documents yet, below how far all of them are.

    `together` are the files that are summed up, read or not.
    """
    head = ""
    running = [job for job in together if is_at_work(job)]
    if len(together) > 1 and running:
        found = tally(together, documents)
        words = found.settled
        stop = (
            f'<button type="button" class="all" data-confirm="halt" '
            f'data-count="{len(running)}">Cancel all</button>'
        )
        head = (
            f'<div class="h"><h2>Taking in</h2>{stop * (len(running) > 1)}</div>'
            f'<p class="tally"><b>{found.reading}</b><span>{found.finding}</span></p>'
            f"{render_bar(words, words * found.meaning)}"
        )
    ended = [job for job in rows if job.has_ended]
    going = sorted((job for job in rows if not job.has_ended), key=_order)
    asked = [job for job in together if job.stage is Stage.CONFIRM]
    return (
        f"{head}{_render_questions(asked, documents) if len(asked) > 1 else ''}"
        f"{_render_rows(ended, 'ended')}{_render_rows(going, 'going')}"
    )


def kind_of(name: str) -> str:
    """What stands on the icon of a file."""
    return escape(PurePath(name).suffix.lstrip(".").upper()[:4] or "TXT")


def _order(job: Job) -> tuple[bool, int]:
    return job.stage is Stage.WAITING, job.id


def _render_rows(jobs: Sequence[Job], name: str) -> str:
    shown = "".join(render_job(job) for job in jobs[:FEW])
    rest = jobs[FEW:]
    if not rest:
        return f'<ul class="docs">{shown}</ul>' if shown else ""
    folded = "".join(render_job(job) for job in rest[:MOST_FOLDED])
    unseen = len(rest) - MOST_FOLDED
    more = f'<li class="nothing">and {unseen:,} more</li>' if unseen > 0 else ""
    return (
        f'<ul class="docs">{shown}</ul><button type="button" class="more" data-more="{name}" '
        f'aria-expanded="false">{icons.UNFOLD}<span>{len(rest):,} more</span></button>'
        f'<ul class="docs" data-rest="{name}" hidden>{folded}{more}</ul>'
    )


def _render_question(job: Job, name: str, document: Document | None) -> str:
    no = "Leave it" if _is_wordless(document) else "Words only"
    facts = details(job.estimate)
    return (
        f'<p class="why">{escape(facts)}</p>'
        f'<p class="choices"><button type="button" class="do" data-event="confirm" '
        f'data-id="{job.id}" aria-label="Go on with {name}">Go on</button>'
        f'<button type="button" class="do mild" data-event="cancel" data-id="{job.id}" '
        f'aria-label="{no}: {name}">{no}</button></p>'
    )


def _render_questions(jobs: Sequence[Job], documents: Mapping[str, Document]) -> str:
    """One question for all files that wait for a person's word."""
    wordless = sum(_is_wordless(documents.get(job.document_id or "")) for job in jobs)
    no = "Words only" if wordless < len(jobs) else "Leave them"
    unread = f'<p class="why">{_left_unread(wordless)}</p>' if 0 < wordless < len(jobs) else ""
    known = [job.estimate for job in jobs if job.estimate is not None]
    unknown = len(known) < len(jobs) or any(each.dollars is None for each in known)
    together = Estimate(
        sum(each.pages for each in known),
        sum(each.tokens for each in known),
        sum(each.ocr_pages for each in known),
        None if unknown else sum(each.dollars or 0.0 for each in known),
        sum(each.seconds for each in known),
    )
    return (
        f'<div class="work ask every"><p>{len(jobs):,} files wait for your word: '
        f'{cost(together)}</p><p class="why">{details(together)}</p>{unread}'
        f'<p class="choices"><button type="button" class="do" data-event="confirm" '
        f'data-id="{EVERY}">Go on with all</button><button type="button" class="do mild" '
        f'data-event="decline" data-id="{EVERY}">{no}</button></p></div>'
    )


def _is_wordless(document: Document | None) -> bool:
    """Whether nothing of a document was read, so that no words of it can be found."""
    return document is not None and not document.chunks


def _left_unread(count: int) -> str:
    """What “Words only” does to those of several files that have no words yet."""
    if count == 1:
        return "1 of them has no words yet: “Words only” leaves it unread."
    return f"{count:,} of them have no words yet: “Words only” leaves them unread."


def _shares(job: Job, document: Document | None) -> tuple[float, float]:
    """How much of a file's words, and of its meaning, is there."""
    part = job.done / job.total if job.total else 0.0
    if job.stage is Stage.EMBEDDING:
        return 1.0, _embedded(job, document)
    return (part, 0.0) if job.stage is not Stage.WAITING else (0.0, 0.0)


def _embedded(job: Job, document: Document | None) -> float:
    if document is not None and document.chunks:
        return document.embedded / document.chunks
    return job.done / job.total if job.total else 0.0


def _paid_for(jobs: Sequence[Job]) -> float:
    """What is paid for all of them: for the same bytes once, however many files have them."""
    paid: dict[str, float] = {}
    for job in jobs:
        paid[job.sha256] = max(_paid(job), paid.get(job.sha256, 0.0))
    return sum(paid.values())


def _paid(job: Job) -> float:
    if job.estimate is None or job.stage in (Stage.CONFIRM, Stage.CANCELLED):
        return 0.0
    return job.estimate.dollars or 0.0


def counted(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
