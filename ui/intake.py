"""How the page and the command line open what takes files in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.incoming import Incoming
from ingest.intake import Intake, open_intake
from ingest.queue import IngestQueue
from ingest.tesseract import find_tesseract
from rag.connections import build_ocr
from rag.errors import SettingsError
from rag.policy import is_here
from rag.protocols import Ocr
from rag.settings import Settings
from rag.spending import MeteredOcr

if TYPE_CHECKING:
    from rag.wiring import Application

INCOMING = "incoming"  # the folder of files that are being received


def intake_of(application: Application) -> Intake:
    """What reads and embeds files for an application; to be closed.

    Raises:
        SettingsError: the OCR that is asked for is not there.
    """
    settings = application.settings
    gate = application.gate
    # Where the settings leave the choice, pages of a library that stays here are read here.
    here = application.library.stays_here and not is_here(settings.mistral_url)
    here = here and settings.ocr == "auto"
    billed = None if here else build_ocr(settings, gate)
    ocr = find_ocr(settings) if billed is None else MeteredOcr(billed, application.meter)
    return open_intake(settings, application.catalog, application.embedder, ocr)


def find_ocr(settings: Settings) -> Ocr | None:
    """The OCR of this machine, where the settings want it and it is installed.

    Raises:
        SettingsError: it is wanted, and not installed.
    """
    if settings.ocr not in ("auto", "tesseract"):
        return None
    found = find_tesseract()
    if found is None and settings.ocr == "tesseract":
        raise SettingsError(
            "TRAMONTANE_OCR is 'tesseract', which is not installed. Install the program tesseract "
            "(Debian: apt install tesseract-ocr), or unset the setting."
        )
    return found


def open_queue(application: Application) -> IngestQueue:
    """The queue of the library in use, at work; to be closed."""
    settings = application.settings
    incoming = Incoming(settings.data_dir / INCOMING, settings.library)
    # One more than there are processes to read: while these read on, it cuts what was read.
    readers = settings.readers + 1
    return IngestQueue(
        intake_of(application), lambda: application.library, incoming, readers=readers
    )
