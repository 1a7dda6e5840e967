from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.charsets import encoding_of, fitting
from ingest.hebrew import is_hebrew
from ingest.loaders.text import decode, note_on_encoding
from rag.errors import DocumentError

RUSSIAN = "В гавани зимой стоит сорок одна лодка и один паром, а летом гораздо больше."
JAPANESE = "冬の港には四十一隻の船と一隻のフェリーがあります。夏はもっと多いです。"
CHINESE = "冬天港口里有四十一艘船和一艘渡轮，夏天的船要多得多。"
TAIWANESE = "冬天港口裡有四十一艘船和一艘渡輪，夏天的船要多得多。"
KOREAN = "겨울에 항구에는 배 마흔한 척과 여객선 한 척이 있고 여름에는 훨씬 많습니다."
GREEK = "Το χειμώνα στο λιμάνι υπάρχουν σαράντα μία βάρκες και ένα πλοίο."
POLISH = "Zimą w porcie stoi czterdzieści jeden łodzi i jeden prom, a latem dużo więcej."
CZECH = "V zimě je v přístavu čtyřicet jedna lodí a jeden trajekt, v létě mnohem víc."
TURKISH = "Kışın limanda kırk bir tekne ve bir feribot var, yazın çok daha fazlası."
GERMAN = "Im Winter liegen im Hafen einundvierzig Boote für 5 € – und eine große Fähre."
FRENCH = "L’hiver, le port abrite quarante et un bateaux : où est passé l’été ? À Sète."
PORTUGUESE = "No inverno há quarenta e um barcos no porto; a situação do verão não é igual."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((RUSSIAN, it) for it in ("cp1251", "koi8-r", "iso8859-5", "cp866")),
        *((JAPANESE, it) for it in ("shift_jis", "euc_jp", "iso2022_jp")),
        *((CHINESE, it) for it in ("gb18030", "gb2312")),
        (TAIWANESE, "big5"),
        (KOREAN, "euc_kr"),
        *((GREEK, it) for it in ("cp1253", "iso8859-7")),
        *((POLISH, it) for it in ("cp1250", "iso8859-2")),
        *((CZECH, it) for it in ("cp1250", "iso8859-2")),
        (TURKISH, "cp1254"),
        *((text, "cp1252") for text in (GERMAN, FRENCH, PORTUGUESE)),
        (PORTUGUESE, "latin-1"),
    ],
    ids=lambda it: it if it.isascii() and len(it) < 12 else "",
)
def test_old_encodings_are_told_apart(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, JAPANESE + "\n", CHINESE + " 41\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_unicode_needs_no_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_is_believed_and_left_out(encoding: str) -> None:
    assert decode(GERMAN.encode(encoding)) == GERMAN


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("iso-8859-1", "cp1252"),
        ("GB2312", "gb18030"),
        ("x-sjis", "cp932"),
        ("ks_c_5601-1987", "cp949"),
        ("windows-1251", "cp1251"),
    ],
)
def test_a_declared_encoding_means_what_browsers_take_it_for(declared: str, written: str) -> None:
    content = "“ï” 漢 – 한 – ё".encode(written, errors="ignore")
    assert decode(content, declared) == content.decode(written)


@pytest.mark.parametrize("declared", ["utf-8", "rot13", "hex", "nonsense", "", "utf-7", "x\x00y"])
def test_a_declared_encoding_that_cannot_be_true_is_not_believed(declared: str) -> None:
    assert decode(RUSSIAN.encode("cp1251"), declared) == RUSSIAN


def test_a_few_damaged_bytes_do_not_change_the_encoding() -> None:
    assert decode("éàü ".encode() * 20 + b"\xff") == "éàü " * 20 + "\ufffd"
    assert fitting(RUSSIAN.encode("utf-8") * 9 + b"\xff", "utf-8") == "utf-8"


@pytest.mark.parametrize("damage", [b"\xff", b"\xe4", "€".encode()[:2]])
def test_one_damaged_byte_among_few_accents_does_not_change_the_encoding(damage: bytes) -> None:
    said = "Der Käufer und der Verkäufer in Köln"
    assert decode(said.encode() + b"\n" + damage) == f"{said}\n\ufffd"


def test_ascii_with_some_zeros_is_not_taken_for_chinese() -> None:
    log = b"The pump starts at 40 bar. " * 40 + b"\0\0 end"

    assert encoding_of(log) == "utf-8"
    assert encoding_of(log.replace(b"\0", b"").decode().encode("utf-16-le")) == "utf-16-le"


def test_noise_is_no_text() -> None:
    noise = bytes(128 + (number * 7919 + number // 3) % 128 for number in range(4_000))
    with pytest.raises(DocumentError, match="unknown binary format or text encoding"):
        decode(noise)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_an_encoding_or_none(content: bytes) -> None:
    encoding = encoding_of(content)
    if encoding:
        assert isinstance(content.decode(encoding, errors="replace"), str)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("台北的預算是五千元。會議在星期一舉行。負責人是王先生。", "big5"),
        ("東京の予算は五千円です。会議は月曜日に開かれます。", "euc_jp"),
        ("北京的预算是五千元。会议在星期一举行。负责人是王先生。", "gb18030"),
        ("서울의 예산은 오천 원입니다. 회의는 월요일에 열립니다.", "cp949"),
    ],
)
def test_a_short_text_of_east_asia_keeps_its_script_and_is_called_a_guess(
    text: str, encoding: str
) -> None:
    content = text.encode(encoding)

    assert decode(content) == text
    assert f"it is read as {encoding.replace('_', '-')}." in note_on_encoding(content)
    assert not note_on_encoding((text * 20).encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_japanese_in_utf_16_needs_no_mark(encoding: str) -> None:
    text = "東京の予算は四千七百十一ユーロです。二行目です。"

    assert decode(text.encode(encoding)) == text
    assert not note_on_encoding(text.encode(encoding))


def test_a_line_of_latin_1_in_utf_8_is_read_and_named() -> None:
    content = "UTF-8 Größe\n".encode() + "latin Größe 55\n".encode("cp1252") + b"end"

    assert decode(content) == "UTF-8 Größe\nlatin Größe 55\nend"
    assert note_on_encoding(content) == (
        "One line is not in UTF-8 as the rest is, and read as Windows-1252."
    )
    assert not note_on_encoding("Größe\n".encode())
    assert not note_on_encoding("Größe und Café\n".encode("cp1252"))


GERMAN_OLD = "Die Straße nach Köln kostet 12 EUR. Der Händler heißt Jürgen Müßig in Österreich."
FRENCH_OLD = "La vérité a été cachée aux employés du café, à Créteil."
HEBREW = "המפעל בחיפה מייצר 60 מכונות בשנה."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Fabryka w Łodzi wytwarza 120. Dyrektorem jest Zażółć Gęślą jaźń.", "cp1250"),
        *((HEBREW, it) for it in ("cp1255", "iso8859-8")),
        ("הדוח השנתי של הבנק", "cp1255"),
        *((GERMAN_OLD, it) for it in ("cp850", "cp437", "mac_roman")),
        *((FRENCH_OLD, it) for it in ("cp850", "mac_roman")),
        ("Köln", "cp850"),
        ("Zürich und München", "cp850"),
        ("Göteborg får nya spårvagnar", "mac_roman"),
        *(("At 21 °C ± 1 it costs £7 for 500 m³.", it) for it in ("cp1252", "latin-1")),
    ],
)
def test_short_texts_are_read_in_their_set(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("The “quick”and brown fox", "cp1252"),
        ("Wie geht‘s? Schön, Mitarbeiter•innen!", "cp1252"),
        ("Windows™and more", "cp1252"),
        ("Well…maybe", "cp1252"),
        ("SignÉcriture", "cp1252"),
        ("Indonesië, Pará Arára, Mauritanië, Oš", "cp1252"),
        ("Köln \xa4", "cp1252"),
        ("Punt na hÉigipte", "cp1252"),
        ("José, Jürgen, Søren, Zoë, François and Ñandú", "cp1252"),
        ("Ł. Nowak, mł. 5", "cp1250"),
        *((text, "cp1250") for text in ("duša ¤", "duša ¤ žena")),
        ("cеверноалтайский", "cp1251"),  # its first letter is typed in ASCII
        ("он пошел домой", "cp1251"),
        ("все дела и берега", "cp1251"),
        ("отчет за год: 57 машин", "cp1251"),
        ("Windows работает на GPU-серверах компании Intel", "cp1251"),
    ],
)
def test_no_rare_set_is_seen_in_a_text_of_a_usual_one(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_byte_that_is_no_letter_of_a_set_tells_against_it_but_not_alone() -> None:
    text = "Der Käufer für die Bücher in Köln heißt Böll"

    assert decode(text.encode("cp1252") + b" \x81") == f"{text} \ufffd"
    assert decode("Köln ".encode("cp1252") + b"\x81") == "Köln \ufffd"


def test_hebrew_is_told_by_its_letters_at_the_ends_of_words() -> None:
    assert is_hebrew(HEBREW.encode("cp1255"))
    assert not is_hebrew("завод выпускает машины".encode("cp1251"))
    assert not is_hebrew("кот идет к пруду, он один".encode("cp1251"))
    assert not is_hebrew("ο ναος και το νερο".encode("cp1253"))
    assert not is_hebrew("Вера рада делам Рима, шарады".encode("cp1251"))
    assert not is_hebrew("шашка, щека".encode("cp1251"))
    assert not is_hebrew("дела шведов, шаги и щит".encode("cp1251"))
    assert not is_hebrew(b"")
