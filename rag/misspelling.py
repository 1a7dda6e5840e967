"""The words that a misspelt word may have been meant to be."""

from __future__ import annotations

import string

SHORTEST = 5  # letters; a shorter word has too many neighbours
SHORTEST_FOR_TWO = 8  # letters of a word that may be two letters off


def is_correctable(word: str) -> bool:
    """Whether a word is long enough, and no number or identifier."""
    return len(word) >= SHORTEST and word.isalpha()


def one_letter_off(word: str) -> list[str]:
    """Every word one letter away: left out, put in, changed, or swapped with the next.

    Norvig, How to Write a Spelling Corrector, 2007 (norvig.com/spell-correct.html).
    """
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    letters = string.ascii_lowercase
    without = [head + tail[1:] for head, tail in halves if tail]
    swapped = [head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1]
    changed = [head + letter + tail[1:] for head, tail in halves if tail for letter in letters]
    with_one = [head + letter + tail for head, tail in halves for letter in letters]
    found = dict.fromkeys(without + swapped + changed + with_one)
    found.pop(word, None)
    return list(found)


def is_within(word: str, other: str, most: int) -> bool:
    """Whether at most so many letters have to be left out, put in or changed."""
    if abs(len(word) - len(other)) > most:
        return False
    row = list(range(len(other) + 1))
    for at, letter in enumerate(word, start=1):
        above, row = row, [at]
        for place, its_letter in enumerate(other, start=1):
            changed = above[place - 1] + (letter != its_letter)
            row.append(min(changed, above[place] + 1, row[-1] + 1))
        if min(row) > most:
            return False
    return row[-1] <= most
