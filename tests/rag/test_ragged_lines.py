"""Lines of a paragraph that are far from full."""

import pytest

from rag.sentences import split_sentences

WIDE = "The bridge of Orlava was opened in the spring of the year after the war by the mayor, Jana"


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "It is used for 42 trains\na day, and for a few of the ships of the town.",
        "It was built for a sum of 3.5 million\nCrowns.",
        "It was built for 900\nCrowns.",
        "It was built for 3.5\nmillion Crowns.",
        "Mara Lind, who took office on 3\nMay 2021 and earns 84,000 euros.",
        "Mara Lind, who took office on 3\nMay, earns 84,000 euros.",
        "Der Kai wurde am 3.\nMai 2021 eröffnet.",
        "Der Kai wird am\n3. Mai 2021 eröffnet.",
        "The director is Dr.\nMara Lind of the port.",
        "There are people at No.\n7 quays of the port.",
        "It was bought in Jan.\n2020 by the port.",
    ],
)
def test_a_sentence_goes_on_after_a_line_that_is_not_full(sentence: str) -> None:
    assert sentences(f"{WIDE}\nKovac. {sentence} It is well.") == [
        f"{WIDE}\nKovac.",
        sentence,
        "It is well.",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ["Report 2021, Page 3", "May 2021 was a month of rain in all of the harbour of Orlava."],
        ["Shares repurchased 2.0 4.6", "As of July 29, 2023, more was available to the port."],
        ["Restructuring related 130 145", "Acquisition, integration related 42 38"],
        ["Used in operations 37", "Purchases of property and equipment of the port 10"],
        ["Fees", "of the harbour of Orlava, for each of the ships that came in that year."],
        ["The port is ready", "3. Open the gate of the quay and wait for the ship to be there."],
    ],
)
def test_a_heading_and_a_row_do_not_go_on(lines: list[str]) -> None:
    assert sentences("\n".join([f"{WIDE}.", "", *lines]))[1:] == lines
