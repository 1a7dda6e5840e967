import numpy as np

from rag.calibration import Calibrations, letter_rarity, spread
from rag.spelling import sequences
from tests.rag.desk import Desk


def test_what_many_texts_hold_weighs_less() -> None:
    rarity = letter_rarity(["the king", "the queen", "the knight"])

    common, rare = (rarity.of(sequences(word)) for word in ("the", "king"))

    assert common.max() < rare.min()


def test_what_a_small_library_lacks_tells_less_than_what_a_large_one_lacks() -> None:
    small, large = (letter_rarity(["the king"] * count) for count in (2, 200))
    zebra, king = sequences("zebra"), sequences("king")

    assert (large.of(zebra).min() / small.of(zebra).max()) > 3
    assert large.of(zebra).min() > large.of(king).max()


def test_without_texts_every_sequence_weighs_the_same() -> None:
    weights = letter_rarity([]).of(np.unique(sequences("zebra")))

    assert len(set(weights.tolist())) == 1


def test_a_library_is_measured_again_once_it_has_changed(desk: Desk) -> None:
    calibrations = Calibrations(desk.catalog)

    def measured() -> int:
        library = desk.catalog.library_with_id(desk.library.id)
        spans = desk.catalog.chunk_spans(library.id)
        ids = [range(span.first, span.last + 1) for span in spans]
        return calibrations.of(library, lambda: ids).texts

    before = measured()
    assert measured() == before
    desk.add("ducks.txt", "Ducks can fly.")
    assert measured() == before + 1


def test_a_sample_is_spread_over_everything() -> None:
    assert spread([range(1, 3), range(3, 4)], 5) == [1, 2, 3]
    assert spread([range(10)], 5) == [0, 2, 4, 6, 8]
    assert spread([range(4), range(7, 7), range(10, 16)], 5) == [0, 2, 10, 12, 14]
    assert spread([], 5) == []
