"""Pairs of a claim and a passage to train on, from written ones and from freely licensed texts."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.verifier.perturbations import broken, kept
from rag.sentences import split_sentences
from rag.signs import telling

SUPPORTED, BEYOND, AGAINST = 0, 1, 2  # said; not said; said otherwise
HOLDS = frozenset({"verbatim", "paraphrase", "computed"})
SENTENCES, STRANGERS = 3, 3  # of a passage
SHORTEST_SENTENCE = 6  # words
GOES_BEYOND = frozenset({"half_true", "overgeneralised", "off_topic"})
_SPACED = re.compile(r"\s+([,.;:!?)%])|([($])\s+")


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim, a passage, and whether the passage says it: 0 yes, 1 not so much, 2 otherwise."""

    claim: str
    passage: str
    label: int


def label_of(kind: str) -> int:
    """The label of a kind of written claim."""
    if kind in HOLDS:
        return SUPPORTED
    return BEYOND if kind in GOES_BEYOND else AGAINST


def written(
    paths: Sequence[Path], chance: random.Random, edits: int
) -> Iterator[tuple[str, str, int]]:
    """The written claims with their whole passages and labels, and `edits` of each that holds."""
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    sentences = [text for row in rows for kind, text in row["claims"] if kind in HOLDS]
    for row in rows:
        passage = row["passage"]
        for kind, claim in row["claims"]:
            yield claim, passage, label_of(kind)
            if kind in HOLDS:
                for pair in _edited(claim, passage, chance.sample(sentences, 12), chance, edits):
                    yield pair.claim, pair.passage, pair.label


def balanced(paths: Sequence[Path], chance: random.Random) -> Iterator[tuple[str, str, int]]:
    """What the written pairs lack: true claims in the passage's words, false ones in others.

    Their writers put false claims in the words of the passage and true ones in words of their own,
    which teaches that what sounds alike is false. Here the sentences of a passage are claims, as
    they stand and edited by rules, and the claims of other passages that sound most like it are
    false ones.
    """
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    held = [(row["passage"], text) for row in rows for kind, text in row["claims"] if kind in HOLDS]
    sentences = [text for _, text in held]
    for row in rows:
        passage = row["passage"]
        own = [" ".join(passage[s.start : s.end].split()) for s in split_sentences(passage)]
        own = [text for text in own if len(text.split()) >= SHORTEST_SENTENCE]
        for text in chance.sample(own, min(SENTENCES, len(own))):
            yield text, passage, SUPPORTED
            for pair in _edited(text, passage, chance.sample(sentences, 12), chance, 1):
                yield pair.claim, pair.passage, pair.label
        words = telling(passage)
        strange = [text for other, text in chance.sample(held, 60) if other != passage]
        strange.sort(key=lambda text: -len(telling(text) & words) / (1 + len(telling(text))))
        for text in strange[:STRANGERS]:
            yield text, passage, BEYOND


def split_wikipedia(folder: Path, chance: random.Random) -> Iterator[Pair]:
    """WikiSplit (Botha et al. 2018, CC BY-SA 4.0): a sentence, and two that say the same.

    Either side is a passage for what the other says; sentences about other things stand around it.
    """
    rows = []
    for path in sorted(folder.glob("wikisplit.*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            whole, _, parts = line.partition("\t")
            one, _, other = parts.partition("<::::>")
            if other:
                rows.append((_set(whole), _set(one), _set(other)))
    chance.shuffle(rows)
    for at, (whole, one, other) in enumerate(rows):
        beside = [chance.choice(rows)[0] for _ in range(chance.choice([0, 1, 1, 2]))]
        others = [text for row in chance.sample(rows, 8) for text in row[1:]]
        stated = whole if chance.random() < 0.7 else f"{one} {other}"
        said = [stated, *beside]
        chance.shuffle(said)
        passage = " ".join(said)
        claim = chance.choice([one, one, whole])
        yield Pair(claim, passage, SUPPORTED)
        yield from _edited(claim, passage, others, chance, 2)
        if at % 3 == 0:
            yield Pair(rows[at - 1][1], passage, BEYOND)


def captions(folder: Path) -> Iterator[Pair]:
    """SNLI (Bowman et al. 2015, CC BY-SA 4.0), development and test parts."""
    labels = {"entailment": SUPPORTED, "neutral": BEYOND, "contradiction": AGAINST}
    for part in ("dev", "test"):
        files = [folder / f"snli.{name}.{part}" for name in ("s1", "s2", "labels")]
        columns = [file.read_text("utf-8").splitlines() for file in files]
        for passage, claim, label in zip(*columns, strict=True):
            if label.strip() in labels:
                yield Pair(_set(claim), _set(passage), labels[label.strip()])


def monotone(path: Path) -> Iterator[Pair]:
    """MED (Yanaka et al. 2019, CC BY-SA 4.0): what may be said more or less generally."""
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            label = SUPPORTED if row["gold_label"] == "entailment" else BEYOND
            yield Pair(row["sentence2"], row["sentence1"], label)


def _edited(
    claim: str, passage: str, others: Sequence[str], chance: random.Random, edits: int
) -> Iterator[Pair]:
    for _ in range(edits):
        made = broken(claim, passage, others, chance)
        if made:
            yield Pair(made[1], passage, label_of(made[0]))
    same = kept(claim, chance)
    if same:
        yield Pair(same, passage, SUPPORTED)


def _set(text: str) -> str:
    """Text as it is printed, of text taken apart into tokens."""
    text = text.replace("``", '"').replace("''", '"').replace(" 's", "'s").replace(" n't", "n't")
    text = re.sub(r"(\d) ([-–]) (\d)", r"\1\2\3", text)
    return _SPACED.sub(lambda match: match[1] or match[2], text).strip()
