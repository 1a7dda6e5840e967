"""Which characters the bytes of a text stand for."""

from __future__ import annotations

import codecs
import re
from itertools import pairwise
from unicodedata import combining

from ingest.common_letters import LEAST_SHARE, common_share
from ingest.hebrew import is_hebrew
from ingest.latin_letters import SIGNS, latin_encoding, mixes_scripts
from ingest.short_texts import MOST_BYTES, short_encoding
from ingest.written import MAX_ODD_SHARE, is_odd, is_written

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2))
SAMPLE_BYTES = 65_536
WIDE_SAMPLE_BYTES = 4_096
LEAST_ZEROS = 0.2  # of the bytes of UTF-16 or UTF-32 that are ASCII, each by itself
MAX_STRAY_ZEROS = (
    0.001  # of the bytes or characters of a text that is otherwise whole; or a single one
)
MAX_STRAY_CONTROLS = 0.01  # of the bytes of a text
MAX_FOREIGN_SHARE = 0.15  # of the bytes, for a text to count as ASCII with some accents
MAX_DAMAGED_SHARE = 1 / 3  # of the characters beyond ASCII, for a damaged file to count as UTF-8
MAX_WRONG_SHARE = 0.02  # of them, for what a file declares to be believed
LONGEST_ACCIDENT = 16  # bytes of a text that may be UTF-8 by chance
WORD_BYTES = 4  # beyond ASCII in a row: letters with accents seldom stand so
MAX_WORD_SHARE = 0.3  # of the bytes beyond ASCII, for a text to be in Latin letters

_EAST_ASIAN = ("cp932", "euc_jp", "gb18030", "big5", "cp949")
_OTHER_SCRIPTS = [
    *("cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866"),
    *_EAST_ASIAN,
    *("cp1253", "iso8859_7", "cp1255", "cp1256", "cp874"),
]
_LABELS = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", "x-ansi"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "gb-2312-80", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift-jis", "x-sjis", "sjis", "ms-kanji"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks-c-5601-1987", "ksc5601", "windows-949"), "cp949"),
    **dict.fromkeys(("iso-8859-9", "windows-1254"), "cp1254"),
    **dict.fromkeys(("tis-620", "iso-8859-11", "windows-874"), "cp874"),
    "windows-31j": "cp932",
    "x-mac-roman": "mac_roman",
}
# No text, or bytes in disguise; UTF-16 and UTF-32 are found without being told.
_NO_TEXT = (
    "utf-7 idna punycode unicode-escape raw-unicode-escape undefined utf-16 utf-16-le utf-16-be "
    "utf-32 utf-32-le utf-32-be"
)
_NO_LABELS = frozenset(_NO_TEXT.split())
_ESCAPED = re.compile("[\udc80-\udcff]")
_IN_WORD = re.compile("[A-Za-z][\udc80-\udcff]|[\udc80-\udcff][A-Za-z]")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_JAPANESE_MAIL = re.compile(rb"\x1b\$[@B]")
_ASCII = bytes(range(128))
_CONTROLS = bytes({*range(32), 127} - set(b"\0\t\n\f\r"))
_PLAIN = b"\t\n\f\r" + _ASCII[32:127]


def marked_encoding(content: bytes) -> tuple[str, int]:
    """The encoding that a byte order mark names, and the length of the mark; empty without one."""
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return encoding, len(mark)
    return "", 0


def wide_encoding(content: bytes) -> str:
    """UTF-16 or UTF-32 without a mark; empty for anything else.

    Bytes that are neither hardly ever make nothing but letters of it. ASCII or UTF-8 with some
    zeros among it does: two of its bytes together are one letter of Chinese.
    """
    sample = content[:WIDE_SAMPLE_BYTES]
    zeros = sample.count(0)
    if not zeros or (zeros < LEAST_ZEROS * len(sample) and _is_narrow(sample)):
        return _wide_script(sample)
    plain = {encoding: _plain_letters(content, encoding, width) for encoding, width in _WIDE}
    best = max(plain, key=lambda encoding: plain[encoding])
    if not plain[best]:
        return _wide_script(sample)
    return best if is_written(sample.decode(best, errors="ignore")) else ""


def _wide_script(sample: bytes) -> str:
    """UTF-16 of a script that hardly leaves a byte zero; empty for anything else."""
    if sample.isascii():
        return ""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace")
        odd = sum(map(is_odd, text))
        if odd <= MAX_ODD_SHARE * len(text) and common_share(text) >= LEAST_SHARE:
            return encoding
    return ""


def _is_narrow(sample: bytes) -> bool:
    """Whether the start of a text is one of single bytes or UTF-8, with zeros or without.

    Of other letters than Chinese, Japanese and Korean ones, UTF-16 makes many control characters.
    """
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > MAX_STRAY_CONTROLS * len(sample):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # its last letter may be cut
    except UnicodeDecodeError:
        foreign = len(sample.translate(None, _PLAIN + b"\0"))
        return foreign <= MAX_FOREIGN_SHARE * len(sample)
    return True


def has_few_zeros(content: bytes | str) -> bool:
    """Whether there are no more zeros than may have strayed into a text."""
    zeros = content.count(0) if isinstance(content, bytes) else content.count("\0")
    return zeros <= max(1, MAX_STRAY_ZEROS * len(content))


def _plain_letters(content: bytes, encoding: str, width: int) -> int:
    """How many of the first characters are ASCII; 0 where the bytes are not in this encoding."""
    sample = content[: min(len(content), WIDE_SAMPLE_BYTES) // width * width]
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - width:  # more than a pair that was cut
            return 0
        text = sample[: error.start].decode(encoding)
    odd = sum(is_odd(character) for character in text)
    return sum(map(str.isascii, text)) if odd <= MAX_ODD_SHARE * len(text) else 0


def encoding_of(content: bytes) -> str:
    """The encoding of a text without a byte order mark; empty for what is no text in any known.

    A text that is UTF-8 but for a few bytes counts as such.
    """
    if wide := wide_encoding(content):
        return wide
    if is_utf8(content) and not _is_accidental(content):
        return "iso2022_jp" if _JAPANESE_MAIL.search(content) else "utf-8"
    sample = _sample(content)
    beyond = len(sample.translate(None, _ASCII))
    if beyond <= MOST_BYTES:
        return short_encoding(sample) or latin_encoding(sample)
    runs = (len(run) for run in _BEYOND_ASCII.findall(sample))
    in_words = sum(length for length in runs if length >= WORD_BYTES)
    if likely := _east_asian(sample):
        return likely
    if in_words > MAX_WORD_SHARE * beyond:
        return _other_script(sample)
    return latin_encoding(sample)


def fitting(content: bytes, declared: str) -> str:
    """The encoding that a file says it is in, if it may be true; empty if not.

    Labels mean what browsers take them for: who says Latin-1 has written Windows-1252.
    """
    label = declared.strip().lower().replace("_", "-")
    encoding = _LABELS.get(label, label)
    try:
        text = content.decode(encoding, errors="replace") if encoding else ""
        is_known = bool(text) and codecs.lookup(encoding).name not in _NO_LABELS
    except (LookupError, ValueError, TypeError):
        return ""
    beyond_ascii = sum(not character.isascii() for character in text[:SAMPLE_BYTES])
    wrong = text.count("\ufffd", 0, SAMPLE_BYTES)
    return encoding if is_known and wrong <= MAX_WRONG_SHARE * beyond_ascii else ""


def sample_text(head: bytes) -> str:
    """The first bytes of a file as a text, to look at: wrong letters do no harm here."""
    encoding, start = marked_encoding(head)
    encoding = encoding or wide_encoding(head) or "utf-8"
    end = len(head) - (len(head) - start) % 4 if "32" in encoding or "16" in encoding else len(head)
    return head[start:end].decode(encoding, errors="replace")


def is_utf8(content: bytes) -> bool:
    """Whether bytes are UTF-8, but for some damage."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", errors="replace")
        beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore"))
        is_damaged = text.count("\ufffd") <= MAX_DAMAGED_SHARE * beyond_ascii
        return is_damaged or _is_mostly_utf8(content)
    return True


def _is_accidental(content: bytes) -> bool:
    """Whether a word is UTF-8 by chance: its accents have no letter (通知 in GB 18030)."""
    if len(content) > LONGEST_ACCIDENT:
        return False
    text = content.decode("utf-8", errors="replace")
    return any(
        combining(after) and not before.isalpha() and not combining(before)
        for before, after in pairwise(f" {text}")
    )


def _is_mostly_utf8(content: bytes) -> bool:
    """Whether some lines are UTF-8 with letters beyond ASCII, and most bytes of such letters."""
    text = content.decode("utf-8", errors="surrogateescape")
    wrong = len(_ESCAPED.findall(text))
    beyond = len(content.translate(None, _ASCII))
    lines = (line for line in text.splitlines() if not line.isascii())
    return 2 * wrong < beyond and any(not _ESCAPED.search(line) for line in lines)


def mended(content: bytes) -> tuple[str, int]:
    """A text that is UTF-8 but for some lines, and how many of these were read as Windows-1252.

    Wrong bytes in a line that has letters of UTF-8, too, are damage, and become U+FFFD.
    """
    text = content.decode("utf-8", errors="surrogateescape")
    if not _ESCAPED.search(text):
        return text, 0
    lines, count = text.splitlines(keepends=True), 0
    for place, line in enumerate(lines):
        if _ESCAPED.search(line):
            is_latin = bool(_IN_WORD.search(line)) and _ESCAPED.sub("", line).isascii()
            latin = _as_latin(line) if is_latin else ""
            count += bool(latin)
            lines[place] = latin or line.encode("utf-8", "surrogateescape").decode(
                "utf-8", "replace"
            )
    return "".join(lines), count


def _as_latin(line: str) -> str:
    """A line in Windows-1252, empty where it would have other signs than words have."""
    text = line.encode("utf-8", "surrogateescape").decode("cp1252", errors="replace")
    known = all(each.isascii() or each.isalpha() or each in SIGNS for each in text)
    return text if known else ""


def _sample(content: bytes) -> bytes:
    """Whole lines that say something of the encoding."""
    lines: list[bytes] = []
    size = 0
    for line in content.split(b"\n"):
        if not line.isascii():
            lines.append(line[:SAMPLE_BYTES])
            size += len(line)
        if size > SAMPLE_BYTES:
            break
    return b"\n".join(lines)


def _other_script(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    if is_hebrew(sample):
        return "cp1255"
    best = from_bytes(sample, cp_isolation=_OTHER_SCRIPTS).best()
    if best is not None and best.encoding == "cp932" and _HALF_WIDTH.search(str(best)):
        others = [
            each for each in _OTHER_SCRIPTS if each != "cp932"
        ]  # Cyrillic, taken for Katakana
        best = from_bytes(sample, cp_isolation=others).best()
    if best is not None and best.encoding not in _EAST_ASIAN and mixes_scripts(str(best)):
        return latin_encoding(sample)
    return best.encoding if best is not None else ""


def _east_asian(sample: bytes) -> str:
    shares = {encoding: _share(sample, encoding) for encoding in _EAST_ASIAN}
    likely = max(shares, key=lambda encoding: shares[encoding])
    return likely if shares[likely] >= LEAST_SHARE else ""


def _share(sample: bytes, encoding: str) -> float:
    """How much of a text consists of what its script uses most, if it is in this encoding."""
    text = sample.decode(encoding, errors="replace")
    wrong = text.count("\ufffd")
    return common_share(text) if wrong <= MAX_WRONG_SHARE * len(text) else 0.0


def whole(text: str) -> str:
    """Characters that were said in two halves, put together."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", errors="replace")
