"""OCR by tesseract, where it is installed: https://tesseract-ocr.github.io/tessdoc.

The program is run directly: it gets the picture on its input and nothing else, neither a file nor
our environment with its keys, and ends with its time.
"""

from __future__ import annotations

import io
import logging
import resource
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from ingest import typesetting
from ingest.programs import Programs
from ingest.straightening import Turned, is_blank, straightened
from ingest.typesetting import ReadWord
from rag.domain import DocumentState
from rag.errors import DocumentError, UnavailableError
from rag.intake import OcrPage

LANGUAGES = ("fra", "deu", "spa", "ita", "eng")  # read first by what knows accents
ORIENTATION = "osd"  # the model that knows how a page is turned
TIMEOUT_SECONDS = 60.0
LISTING_SECONDS = 10.0
MEMORY_BYTES = 2_000_000_000
MAX_PIXELS = 20_000_000
# One thread, so that two pages read side by side take two processors.
ENVIRONMENT = {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"}
ONE_COLUMN, FREE, LOOK_HOW_TURNED = 4, 3, 0  # page segmentation modes (tesseract --help-psm)
# Sauvola's threshold, which follows the shade of the paper: Otsu's reads half of a shaded scan.
LOCAL_THRESHOLD = ("-c", "thresholding_method=2")
# Of 100. Pages that are read well have 90 and more on average; upside down they have 35.
WELL_READ = 70.0
FEW_WORDS = 10
# By which others end a program: an administrator, or a machine that shuts down. Never the page.
FROM_OUTSIDE = (-signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP)
SURELY_TURNED = 2.0  # of the orientation's own scale, from 0 to above 30

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The program, and the languages to read, joined by plus signs; costs nothing.

    To be closed, which ends what it still reads.
    """

    program: Path
    languages: str
    knows_orientation: bool = False
    timeout_seconds: float = TIMEOUT_SECONDS
    name: str = "tesseract"
    dollars_per_page: float = 0.0
    programs: Programs = field(default_factory=Programs, compare=False, repr=False)

    def read(self, image: bytes) -> OcrPage:
        """The words on a picture (PNG or JPEG), in reading order.

        Lines are kept as they stand; a blank line is between paragraphs.

        Raises:
            DocumentError: the picture is damaged, or takes too long.
            UnavailableError: the program is gone, or was ended from outside.
            CancelledError: this was closed.
        """
        page = _opened(image)
        if is_blank(page):
            return OcrPage("", ())
        turned = straightened(page)
        words = self._words(turned)
        if not _is_well_read(words):
            turned, words = self._another_way(page, turned, words)
        return typesetting.set_page(words, turned.back)

    def close(self) -> None:
        """End the pages that are being read, and read no other."""
        self.programs.close()

    def _another_way(
        self, page: Image.Image, turned: Turned, words: Sequence[ReadWord]
    ) -> tuple[Turned, Sequence[ReadWord]]:
        """The page turned as its letters stand, or laid out freely, if that reads better."""
        quarters = self._quarters(turned.image)
        if quarters:
            other = straightened(page, quarters)
            return _better((turned, words), (other, self._words(other)))
        return _better((turned, words), (turned, self._read_words(turned.image, FREE)))

    def _words(self, turned: Turned) -> Sequence[ReadWord]:
        """Its words line by line; of pages with columns of prose, column by column.

        Taken as one column, the rows of tables stay whole; laid out freely, tesseract takes them
        apart, and leaves columns of figures out.
        """
        words = self._read_words(turned.image, ONE_COLUMN)
        if typesetting.has_columns_of_prose(words):
            return self._read_words(turned.image, FREE)
        return words

    def _read_words(self, page: Image.Image, segmentation: int) -> Sequence[ReadWord]:
        options = ("-l", self.languages, "--psm", str(segmentation), *LOCAL_THRESHOLD, "tsv")
        printed, status = self._run(page, options)
        if status:
            raise DocumentError(DocumentState.FAILED, "tesseract broke down on the page.")
        return typesetting.words_of(printed)

    def _quarters(self, page: Image.Image) -> int:
        """How many quarters a page must be turned counter-clockwise to be upright."""
        if not self.knows_orientation:
            return 0
        found, _ = self._run(page, ("-l", ORIENTATION, "--psm", str(LOOK_HOW_TURNED)))
        figures = dict(line.split(": ", 1) for line in found.splitlines() if ": " in line)
        try:
            degrees = int(figures["Rotate"])
            confidence = float(figures["Orientation confidence"])
        except (KeyError, ValueError):  # too few letters to tell
            return 0
        return -degrees // 90 % 4 if confidence >= SURELY_TURNED else 0

    def _run(self, page: Image.Image, options: Sequence[str]) -> tuple[str, int]:
        """What the program prints of a page, and the status with which it ends."""
        picture = io.BytesIO()
        page.save(picture, "PPM")
        command = (str(self.program), "stdin", "stdout", *options)
        try:
            with self.programs.started(command, ENVIRONMENT) as process:
                _confine(process.pid, self.timeout_seconds)
                try:
                    printed, said = process.communicate(picture.getvalue(), self.timeout_seconds)
                except subprocess.TimeoutExpired as error:
                    process.kill()
                    raise _too_slow(self.timeout_seconds) from error
        except OSError as error:
            raise UnavailableError(
                f"tesseract cannot be started ({error.strerror}). Install it again."
            ) from error
        if process.returncode in FROM_OUTSIDE:
            raise UnavailableError("tesseract was stopped before it had read the page. Try again.")
        if process.returncode:
            logger.debug("tesseract gave up: %s", said[-500:].decode(errors="replace"))
        return printed.decode(errors="replace"), process.returncode


def find_tesseract() -> Tesseract | None:
    """Tesseract with those of our languages that are installed, else with all there are."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    try:
        listed = subprocess.run(  # noqa: S603 - found on the path, its options ours
            (program, "--list-langs"),
            capture_output=True,
            env=ENVIRONMENT,
            timeout=LISTING_SECONDS,
            check=True,
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError):
        return None
    installed = [line.strip() for line in listed.splitlines()[1:] if line.strip()]
    readable = [language for language in installed if language not in (ORIENTATION, "equ")]
    chosen = [language for language in LANGUAGES if language in readable] or readable
    if not chosen:
        return None
    return Tesseract(Path(program), "+".join(chosen), ORIENTATION in installed)


def _opened(image: bytes) -> Image.Image:
    try:
        page = Image.open(io.BytesIO(image), formats=("PNG", "JPEG"))
        if page.width * page.height > MAX_PIXELS:
            raise DocumentError(DocumentState.FAILED, "The page is too large a picture for OCR.")
        return page.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DocumentError(
            DocumentState.FAILED, "The picture of the page cannot be read."
        ) from error


def _confine(process_id: int, seconds: float) -> None:
    """Limit a child's memory and time, so that it ends even if we do not live to end it."""
    if hasattr(resource, "prlimit"):  # on Linux
        ends = round(seconds) + 1
        for limit, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, ends)):
            try:
                resource.prlimit(process_id, limit, (most, most))
            except ProcessLookupError:
                return


def _too_slow(seconds: float) -> DocumentError:
    return DocumentError(
        DocumentState.FAILED, f"OCR of the page took longer than {seconds:.0f} seconds."
    )


def _is_well_read(words: Sequence[ReadWord]) -> bool:
    return len(words) >= FEW_WORDS and _confidence(words) / len(words) >= WELL_READ


def _confidence(words: Sequence[ReadWord]) -> float:
    return sum(word.confidence for word in words)


def _better(
    one: tuple[Turned, Sequence[ReadWord]], other: tuple[Turned, Sequence[ReadWord]]
) -> tuple[Turned, Sequence[ReadWord]]:
    """The reading with more that is surely a word."""
    return max(one, other, key=lambda reading: _surely_read(reading[1]))


def _surely_read(words: Sequence[ReadWord]) -> float:
    return sum(max(0.0, word.confidence - WELL_READ) for word in words)
