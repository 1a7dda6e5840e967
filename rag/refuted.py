"""What in a claim its source says otherwise, though every figure and name of it stands there.

Each rule is sure of what it says; where none is, a model weighs the words (`rag.verification`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rag.attached import misattached
from rag.compared_periods import placed_otherwise
from rag.comparisons import compared_otherwise, is_compared_alike
from rag.counted import miscounted
from rag.denied import denied_otherwise
from rag.displaced import displaced, unrespective
from rag.exchanged import exchanged
from rag.grids import cells, missed_cell
from rag.limits import bounded_otherwise, rated_otherwise
from rag.modals import denied_of_verb
from rag.polarity import opposed
from rag.ranks import misranked
from rag.runs import Run, nearest_run, share_of
from rag.subjects import said_of_another
from rag.terms import terms
from rag.trends import moved_by_otherwise, moved_otherwise

Pair = tuple[str, str]
# Chosen on the claims of bench/verifier/written: below, a rule refuses too many true ones.
SPOKEN_OF, TOUCHED_ON, SAID_ALIKE, SAID_MOSTLY = 0.4, 0.3, 0.45, 0.55


@dataclass(frozen=True, slots=True)
class Rule:
    """What finds a contradiction: a pair of what the source and what the claim says, or None.

    `tell` makes a phrase of the pair; `in_tables` says whether it can read those too, `of_cells`
    whether it reads them cell by cell; `from_share` is what share of a claim's words a run of the
    passage must have for the two to be compared.
    """

    find: Callable[[str, str], Pair | None]
    tell: Callable[[str, str], str]
    in_tables: bool = False
    from_share: float = SPOKEN_OF
    of_cells: bool = False

    def found(self, claim: str, passage: str, table: str = "") -> Pair | None:
        """What it finds in a claim and a passage that it can read; see `refutation`."""
        if self.of_cells:
            return self.find(claim, table or passage)
        run = nearest_run(claim, passage)
        if (
            not self.in_tables
            and cells(table or passage)
            and (run is None or _is_row(passage, run))
        ):
            return None
        if self.from_share and (run is None or share_of(claim, passage, run) < self.from_share):
            return None
        return self.find(claim, passage)


def refutation(claim: str, passage: str, table: str = "") -> str:
    """Why a passage does not say a claim, in a phrase; empty where no rule finds anything.

    Args:
        claim: on one line; its figures, periods and names stand in the passage.
        passage: as it is written, with its lines.
        table: the same with its rows cell by cell below their heads, where these are known.
    """
    for rule in RULES.values():
        found = rule.found(claim, passage, table)
        if found:
            return rule.tell(*found)
    return ""


def _is_row(passage: str, run: Run) -> bool:
    """Whether a run stands in a line that is a row of a table, or its head."""
    line = passage[passage.rfind("\n", 0, run.span.start) + 1 :].partition("\n")[0]
    return not line.rstrip().endswith((".", ";", ","))


def _of_sentence(find: Callable[[str, str], Pair | None]) -> Callable[[str, str], Pair | None]:
    """A rule for the sentence of a passage that comes nearest to a claim."""

    def found(claim: str, passage: str) -> Pair | None:
        run = nearest_run(claim, passage)
        if run is None:
            return None
        words = [word for word in terms(passage) if word.sentence == run.sentence]
        return find(claim, passage[words[0].span.start : words[-1].span.end])

    return found


def _opposed(claim: str, passage: str) -> Pair | None:
    run = nearest_run(claim, passage)
    if is_compared_alike(claim, passage):
        return None
    found = opposed(claim, passage[run.span.start : run.span.end]) if run else None
    return (found[1], found[0]) if found else None


def _other(stated: str, claimed: str) -> str:
    return f"the source says {stated}, not {claimed}"


def _quoted(stated: str, claimed: str) -> str:
    return f"the source says “{stated}”, not “{claimed}”"


def _denied(stated: str, claimed: str) -> str:
    if stated:
        return f"the source says “{stated}” of this"
    return f"the source does not say “{claimed}” of this"


def _in_cell(stated: str, claimed: str) -> str:
    return f"the table has {stated} there, not {claimed}"


def _of_this(stated: str, claimed: str) -> str:
    return f"the source says {stated} of this, not {claimed}"


def _turned(one: str, other: str) -> str:
    return f"the source has “{one}” and “{other}” the other way round"


def _elsewhere(_: str, claimed: str) -> str:
    return f"the source does not say this of “{claimed}”"


def _of_another(stated: str, claimed: str) -> str:
    return f"the source says this of “{stated}”, not of “{claimed}”"


def _ranked(stated: str, claimed: str) -> str:
    if stated.endswith("%"):
        return f"by the table “{claimed}” is {stated} of the whole"
    return f"by the table this is so of “{stated}”, not of “{claimed}”"


def _moved(stated: str, claimed: str) -> str:
    return f"the table has {stated} not “{claimed}”"


RULES = {
    "cell": Rule(missed_cell, _in_cell, in_tables=True, from_share=0.0, of_cells=True),
    "rank": Rule(misranked, _ranked, in_tables=True, from_share=0.0),
    "trend": Rule(moved_otherwise, _moved, in_tables=True, from_share=0.0),
    "by": Rule(moved_by_otherwise, _quoted, in_tables=True),
    "before": Rule(placed_otherwise, _of_this, in_tables=True, from_share=TOUCHED_ON),
    "count": Rule(miscounted, _other, in_tables=True),
    "respectively": Rule(unrespective, _other, in_tables=True, from_share=0.0),
    "bound": Rule(bounded_otherwise, _quoted, in_tables=True, from_share=0.0),
    "attached": Rule(misattached, _of_this, from_share=SAID_ALIKE),
    "rate": Rule(_of_sentence(rated_otherwise), _quoted, from_share=TOUCHED_ON),
    "opposed": Rule(_opposed, _quoted),
    "denied": Rule(denied_otherwise, _denied, from_share=SAID_MOSTLY),
    "verb": Rule(denied_of_verb, _quoted, from_share=SAID_MOSTLY),
    "compared": Rule(compared_otherwise, _turned, from_share=SPOKEN_OF),
    "exchanged": Rule(exchanged, _turned, from_share=SAID_MOSTLY),
    "displaced": Rule(displaced, _elsewhere),
    "subject": Rule(said_of_another, _of_another, from_share=0.0),
}
