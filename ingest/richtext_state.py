"""What a reader of rich text (RTF) keeps in mind: of groups, paragraphs, and texts aside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ingest.markup_tables import Block


@dataclass(frozen=True, slots=True)
class RichText:
    """What a rich text document says: its title, its blocks, and what its pages have around, once.

    Of one that `is_damaged`, bytes are missing that it announces.
    """

    title: str
    blocks: tuple[Block, ...]
    margins: tuple[Block, ...]
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What holds inside a group; `destination` is empty where there is text."""

    destination: str = ""
    encoding: str = ""
    after_unicode: int = 1  # characters that stand for one that a reader may not know
    is_hidden: bool = False
    is_marker: bool = False
    shift: int = 0  # 1 for raised characters, -1 for lowered ones


@dataclass(slots=True)
class Paragraph:
    """The paragraph that is read."""

    pieces: list[str] = field(default_factory=list)
    marker: list[str] = field(default_factory=list)
    level: int = 0
    in_table: bool = False


@dataclass(slots=True)
class Aside:
    """A text of its own in the middle of another, `first` of those that it goes among."""

    depth: int
    outer: Paragraph
    blocks: list[Block]
    margin: str = ""  # "header" or "footer"
    lead: str = ""  # how one begins: who comments, or the mark of a note
    first: int = 0

    def end(self) -> None:
        """Put the lead before the first of its blocks."""
        if self.lead and len(self.blocks) > self.first:
            begun = self.blocks[self.first]
            self.blocks[self.first] = replace(begun, text=f"{self.lead} {begun.text}")
