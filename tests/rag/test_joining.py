from hypothesis import given
from hypothesis import strategies as st

from rag.intake import Chunk
from rag.joining import NEIGHBOURS_TOKENS, Repeats, grow
from rag.store.places import PlacedChunk

TABLE = "Net sales 2022 2021\n" + "\n".join(f"Region {n} {n * 137} {n * 119}" for n in range(20))


def chunk(id_: int, tokens: int = 100) -> PlacedChunk:
    return PlacedChunk(id_, Chunk(1, id_ * 10, id_ * 10 + 10, (), tokens))


PAGE = [chunk(id_) for id_ in range(1, 11)]


def grown(
    hit: int, page: list[PlacedChunk] = PAGE, taken: frozenset[int] = frozenset()
) -> list[int]:
    return [each.id for each in grow(hit, page, taken)]


def test_a_passage_grows_by_its_neighbours_until_it_is_full() -> None:
    assert grown(5) == [3, 4, 5, 6, 7, 8]
    assert grown(1) == [1, 2, 3, 4, 5, 6]
    assert grown(10) == [5, 6, 7, 8, 9, 10]


def test_a_passage_stops_at_chunks_that_are_taken() -> None:
    assert grown(5, taken=frozenset({4, 7})) == [5, 6]


def test_a_neighbour_that_is_too_long_is_left_out() -> None:
    page = [chunk(1, 50), chunk(2, 580), chunk(3, 100), chunk(4, 100)]

    assert grown(3, page) == [3, 4]
    assert grown(2, page) == [2]


def test_a_chunk_longer_than_a_passage_stands_alone() -> None:
    assert grown(1, [chunk(1, 5000), chunk(2)]) == [1]


def test_a_chunk_that_was_removed_meanwhile_gives_nothing() -> None:
    assert grown(99) == []


@given(
    st.lists(st.integers(1, 700), min_size=1, max_size=12),
    st.sets(st.integers(1, 12)),
    st.data(),
)
def test_a_passage_is_a_run_of_free_chunks_with_its_hit(
    lengths: list[int], taken: set[int], data: st.DataObject
) -> None:
    page = [chunk(id_, tokens) for id_, tokens in enumerate(lengths, 1)]
    hit = data.draw(st.sampled_from(page))
    taken = taken - {hit.id}

    ids = [each.id for each in grow(hit.id, page, taken)]

    assert hit.id in ids
    assert ids == list(range(ids[0], ids[-1] + 1))
    assert not taken & set(ids)
    tokens = sum(lengths[id_ - 1] for id_ in ids)
    assert tokens <= max(NEIGHBOURS_TOKENS, hit.chunk.tokens)


def test_a_text_that_says_the_same_again_is_a_repeat() -> None:
    repeats = Repeats()

    assert not repeats.holds(TABLE)
    assert repeats.holds(TABLE)
    assert repeats.holds(TABLE.replace("\n", "  "))


def test_a_table_with_other_figures_is_no_repeat() -> None:
    repeats = Repeats()
    repeats.holds(TABLE)

    assert not repeats.holds(TABLE.replace("137", "155").replace("2022 2021", "2021 2020"))
    assert not repeats.holds(
        "Net sales 2021 2020\n" + "\n".join(f"Region {n} {n * 119} {n * 101}" for n in range(20))
    )


def test_short_texts_are_compared_as_they_stand() -> None:
    repeats = Repeats()

    assert not repeats.holds("Page 3 of 7")
    assert not repeats.holds("Page 4 of 7")
    assert repeats.holds("Page 4 of 7.")


CONTRACT = (
    "This agreement is made between the supplier and {name}, who buys and pays for the goods as "
    "they are delivered each month at the works. The yearly price is {price} euros, due in March. "
    "Either side may end it with notice of three months, in writing, to the address above."
)


def test_contracts_that_differ_in_the_price_or_the_name_are_no_repeats() -> None:
    repeats = Repeats()

    assert not repeats.holds(CONTRACT.format(name="Acme", price="1200"))
    assert not repeats.holds(CONTRACT.format(name="Acme", price="5400"))
    assert not repeats.holds(CONTRACT.format(name="Bosch", price="1200"))
    assert repeats.holds(CONTRACT.format(name="Acme", price="1200"))
