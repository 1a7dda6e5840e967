import pytest

from rag.sentences import split_sentences

TITLES = (
    "Ing. Dipl.-Ing. Dr.-Ing. Prof. Dr. Mme. Mlle. M. Sr. Sra. Srta. Hr. Fr. Lt. Col. Gen. Capt."
    " Rev. St. Hon. Gov. Sen. Sgt. Maj. Sig. Dott. Avv. Lic. Arq. Mgr. MUDr. Dra. Gebr. ing. dott."
    " Bgm. Brig. Cpl. Insp. Abg. RA. Pfr. Gral. Tte. Avda. Exmo. av. bd. dhr. mw. inż. kpt. ks. św."
    " ul. pl. gen. Fa. Bros."
)
REFERENCES = (
    "Art. No. Nr. Nrn. Fig. Figs. Tab. vol. vols. ed. p. pp. Abb. Kap. Ziff. Bd. núm. cap. pág."
    " max. Abs. Anm. Rn. nr. nrs. blz. hfdst. artt. pagg. art. n. apdo. párr. tít. ust. poz."
    " rozdz. rys. str. tel. min. Min. Ca. Rs. mio. Mio."
)


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "It was bought for EUR 12.5 million from Siemens AG in Jan. 2020 by Mr. Olsen.",
        "The keel was laid on Sept. 30, 2021 and the mast on Oct. 3 of that year.",
        "Der Kai wurde am 3. Okt. 2021 und nicht im Dez. 2020 eröffnet.",
        "Le quai a ouvert en janv. 2020 et le phare le 3 avr. 2021.",
        "El muelle se abrió el 3 de mar. 2021 y cerró en dic. 2022.",
        "Il molo fu aperto il 3 gen. 2021 dal sig. Rossi e dal dott. Bianchi.",
    ],
)
def test_a_month_cut_short_ends_nothing_before_a_year_or_a_day(sentence: str) -> None:
    assert sentences(sentence) == [sentence]


@pytest.mark.parametrize(
    "title",
    TITLES.split(),
)
@pytest.mark.parametrize("gap", [" ", "\n"])
def test_a_title_ends_nothing_before_a_name(title: str, gap: str) -> None:
    text = f"The work will be carried out by {title}{gap}Novak of the Institute in spring."

    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "reference",
    REFERENCES.split(),
)
def test_a_reference_ends_nothing_before_a_figure(reference: str) -> None:
    text = f"The rule is found in {reference} 3 of the book of the harbour."

    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "They sell oil, coal etc. Boats go there.",
            ["They sell oil, coal etc.", "Boats go there."],
        ),
        ("It went to Siemens AG. Mara paid.", ["It went to Siemens AG.", "Mara paid."]),
        ("It is of Acme Inc. The price is 4.", ["It is of Acme Inc.", "The price is 4."]),
        ("It is of Acme Ltd. It paid 4.", ["It is of Acme Ltd.", "It paid 4."]),
        ("He lives in the U.S. She does not.", ["He lives in the U.S.", "She does not."]),
        ("Is it so? No. It is not.", ["Is it so?", "No.", "It is not."]),
        ("They met in Jan. Mara came.", ["They met in Jan.", "Mara came."]),
        ("Press Tab. Then wait.", ["Press Tab.", "Then wait."]),
        ("It was made by Acme Inc. of Brno.", ["It was made by Acme Inc. of Brno."]),
        ("He was made Sgt. The next day he left.", ["He was made Sgt.", "The next day he left."]),
        ("Er wurde 2019 Bgm. Die Wahl war klar.", ["Er wurde 2019 Bgm.", "Die Wahl war klar."]),
        ("Er wurde 2019 Bgm. Danach ging er.", ["Er wurde 2019 Bgm. Danach ging er."]),  # a name?
        ("It stands in § 5 Abs. 3 here.", ["It stands in § 5 Abs. 3 here."]),
        ("Das sagt Satz 2 der Anm. Mara las sie.", ["Das sagt Satz 2 der Anm.", "Mara las sie."]),
        ("It was Capt. E. Smith who came.", ["It was Capt. E. Smith who came."]),
        ("Then Lt. Gen. Mark Lee spoke.", ["Then Lt. Gen. Mark Lee spoke."]),
        ("See Dz. U. z 2020 r. poz. 5 there.", ["See Dz. U. z 2020 r. poz. 5 there."]),
        ("Dr. He of Bern and Prof. Das came.", ["Dr. He of Bern and Prof. Das came."]),
        ("So say Lee et al. In 2020 it was 4.", ["So say Lee et al.", "In 2020 it was 4."]),
        ("It stood still. 3 boats came.", ["It stood still.", "3 boats came."]),
        ("It is of Acme Inc. Common Stock.", ["It is of Acme Inc. Common Stock."]),
    ],
)
def test_what_may_end_a_sentence_does_where_the_next_begins(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
