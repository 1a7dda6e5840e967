"""What a doctor's trials cost: noted in the catalog where there is one, under the caps anywhere."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.doctor import Note
from rag.errors import BudgetError
from rag.setting_aside import Queue
from rag.settings import Settings
from rag.spending import Meter, day_in_words
from rag.store.catalog import Catalog
from rag.store.spending import PERSON, Caps


def meter_of(settings: Settings, catalog: Catalog) -> Meter:
    """Where money is counted, under the caps of the settings."""
    caps = Caps(settings.daily_dollars, settings.person_dollars)
    return Meter(catalog.spending, caps, Queue(settings.request_timeout_seconds))


class Trials:
    """Pays for trials; all of them together keep within the caps, also where no catalog is."""

    def __init__(self, settings: Settings, has_catalog: Callable[[], bool]) -> None:
        """Take settings that are as patient as a trial is to be."""
        self._settings = settings
        self._has_catalog = has_catalog
        self._spent = 0.0

    def paid(self, look: Callable[[Meter], str | Note]) -> str | Note:
        """What a look finds that is paid for; a cap that keeps it from looking is no fault."""
        try:
            with self._meter() as meter:
                return look(meter)
        except BudgetError as error:
            return Note(f"Not tried. {error}")

    @contextmanager
    def _meter(self) -> Iterator[Meter]:
        settings = self._settings
        if self._has_catalog():
            with closing(Catalog(settings.data_dir)) as catalog:
                yield meter_of(settings, catalog)
            return
        caps = Caps(self._left(settings.daily_dollars), self._left(settings.person_dollars))
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(Catalog(Path(folder))) as catalog,
        ):
            meter = Meter(catalog.spending, caps)
            try:
                yield meter
            finally:
                self._spent += meter.spent_today()

    def _left(self, cap: float | None) -> float | None:
        return None if cap is None else max(0.0, cap - self._spent)


def look_at_spending(meter: Meter) -> str | Note:
    """What this day came to, and whether a cap is reached."""
    spending, caps = meter.spending, meter.caps
    words = day_in_words(meter)
    of_one = caps.person is not None and spending.today(PERSON).dollars >= caps.person
    of_all = caps.daily is not None and spending.today().dollars >= caps.daily
    if of_one or of_all:
        return Note(f"The cap is reached: nothing that is billed is sent before 00:00 UTC. {words}")
    return words
