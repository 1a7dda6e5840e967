"""What was spent on models, by day and person: amounts alone, never what was asked.

Before a request is sent its highest possible price is reserved, in the transaction that looks at
the caps: whoever shares the data directory sees it, so that no two of them spend the same dollar.
Afterwards the real price takes its place. A reservation whose process died may have been billed:
it counts in full until its day ends. Days are those of UTC, on which every machine agrees.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from rag.domain import Usage
from rag.errors import BudgetError, NotFoundError, SetAsideError
from rag.store.isolation import Upkeep, spanning
from rag.store.tables import reservations, spending

NANO = 1_000_000_000  # billionths of a dollar, in whole numbers: sums are exact
PERSON = "local"  # who asks where nobody signs in: one person
DAILY_SETTING, PERSON_SETTING = "TRAMONTANE_DAILY_DOLLARS", "TRAMONTANE_PERSON_DOLLARS"
DAY_SECONDS = 24 * 60 * 60
NOBODY = "There is no such person here."


class Purpose(StrEnum):
    """What money is spent on."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    OCR = "ocr"
    MODERATION = "moderation"


@dataclass(frozen=True, slots=True)
class Caps:
    """What may be spent in a day, in dollars: by all together, and by each person."""

    daily: float | None = None
    person: float | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.daily is not None or self.person is not None


NO_CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a day came to so far: `held` are dollars that requests under way may still cost."""

    dollars: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    held: float = 0.0


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a request may cost at most, set aside on a day for a person."""

    number: int
    day: str
    person: str
    purpose: Purpose
    nanodollars: int

    @property
    def dollars(self) -> float:
        """The sum that is set aside."""
        return self.nanodollars / NANO


class Spending:
    """Reads and writes what a person spent. Safe from many threads and processes.

    Of others there is to be known what all spent together, since a cap is on that, and no more.
    """

    def __init__(
        self,
        reader: Engine,
        writer: Engine,
        principal: str | None = PERSON,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the engines of the catalog, and for whom; `now` gives the seconds since 1970."""
        self.principal = principal or PERSON
        self._reader = reader
        self._writer = writer
        self._now = now

    def reserve(
        self, person: str, purpose: Purpose, dollars: float, caps: Caps = NO_CAPS
    ) -> Reservation:
        """Set aside what a request may cost at most; to be settled.

        Raises:
            BudgetError: a cap would be passed; nothing was set aside then.
            NotFoundError: it is another person than these engines act for.
            SetAsideError: only because of what is set aside for others.
        """
        self._check_own(person)
        now = self._now()
        day, wanted = _day(now), _nanodollars(dollars)
        values = {"day": day, "person": person, "purpose": purpose, "nanodollars": wanted}
        with self._writer.begin() as connection:
            connection.execute(
                delete(reservations).where(
                    reservations.c.day < day, reservations.c.person == person
                )
            )
            _check(connection, person, wanted, caps, now)
            done = connection.execute(insert(reservations).values(values))
            (number,) = done.inserted_primary_key or (0,)
        return Reservation(int(number), day, person, purpose, wanted)

    def settle(self, reservation: Reservation, dollars: float, usage: Usage | None = None) -> None:
        """Put what a request did cost in place of what was set aside, on the day it was sent."""
        with self._writer.begin() as connection:
            mine = reservations.c.id == reservation.number
            connection.execute(delete(reservations).where(mine))
            key = (reservation.day, reservation.person, reservation.purpose)
            _add(connection, key, dollars, usage)

    def release(self, reservation: Reservation) -> None:
        """Give back what was set aside for a request that cost nothing."""
        with self._writer.begin() as connection:
            connection.execute(delete(reservations).where(reservations.c.id == reservation.number))

    def record(self, person: str, purpose: Purpose, usage: Usage) -> None:
        """Count the tokens of a request that is free. Raises `NotFoundError` as `reserve`."""
        self._check_own(person)
        with self._writer.begin() as connection:
            _add(connection, (_day(self._now()), person, purpose), 0.0, usage)

    def held(self) -> frozenset[int]:
        """The numbers of this day's reservations that nobody settled yet."""
        query = select(reservations.c.id).where(reservations.c.day == _day(self._now()))
        with self._reader.begin() as connection:
            return frozenset(connection.execute(spanning(query, Upkeep.CAPS)).scalars())

    def today(self, person: str | None = None) -> Spent:
        """What this day came to so far, for one person or for all; nothing for a foreign one."""
        day = _day(self._now())
        with self._reader.begin() as connection:
            return _spent(connection, day, person)

    def _check_own(self, person: str) -> None:
        if person != self.principal:
            raise NotFoundError(NOBODY)


def in_dollars(amount: float) -> str:
    """A sum in words: cents where they say it, else as many figures as it takes."""
    if amount >= 1 or amount == 0:
        return f"${amount:,.2f}"
    figures = f"{amount:.4f}" if amount >= 0.0001 else "0.0001"
    less = "" if amount >= 0.0001 else "less than "
    kept = figures.rstrip("0")
    return f"{less}${kept.ljust(len('0.00'), '0')}"


def _add(
    connection: Connection, key: tuple[str, str, Purpose], dollars: float, usage: Usage | None
) -> None:
    day, person, purpose = key
    usage = usage or Usage(0, 0)
    more = {
        "nanodollars": _nanodollars(dollars),
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "requests": 1,
    }
    done = connection.execute(
        update(spending)
        .where(spending.c.day == day, spending.c.person == person, spending.c.purpose == purpose)
        .values({name: spending.c[name] + value for name, value in more.items()})
    )
    if done.rowcount == 0:
        row = {"day": day, "person": person, "purpose": purpose, **more}
        connection.execute(insert(spending).values(row))


def _spent(connection: Connection, day: str, person: str | None) -> Spent:
    columns = ("nanodollars", "input_tokens", "output_tokens", "requests")
    sums = (func.coalesce(func.sum(spending.c[name]), 0) for name in columns)
    query = select(*sums).where(spending.c.day == day)
    held = select(func.coalesce(func.sum(reservations.c.nanodollars), 0)).where(
        reservations.c.day == day
    )
    if person is None:
        query, held = spanning(query, Upkeep.CAPS), spanning(held, Upkeep.CAPS)
    else:
        query = query.where(spending.c.person == person)
        held = held.where(reservations.c.person == person)
    nanodollars, read, written, requests = connection.execute(query).one()
    set_aside = connection.execute(held).scalar_one()
    return Spent(nanodollars / NANO, read, written, requests, set_aside / NANO)


def _check(connection: Connection, person: str, wanted: int, caps: Caps, now: float) -> None:
    """Refuse what would pass a cap.

    Raises:
        BudgetError: it would.
        SetAsideError: it would only because of what is set aside.
    """
    passing: SetAsideError | None = None
    for cap, whose, setting in (
        (caps.daily, None, DAILY_SETTING),
        (caps.person, person, PERSON_SETTING),
    ):
        if cap is None or wanted == 0:
            continue
        spent = _spent(connection, _day(now), whose)
        least, limit = _nanodollars(spent.dollars) + wanted, round(cap * NANO)
        if least > limit:
            raise BudgetError(_refusal(cap, setting, spent, wanted, now))
        if least + _nanodollars(spent.held) > limit:
            passing = passing or SetAsideError(_refusal(cap, setting, spent, wanted, now))
    if passing is not None:
        raise passing


def _refusal(cap: float, setting: str, spent: Spent, wanted: int, now: float) -> str:
    whose = "a day" if setting == DAILY_SETTING else "a day for one person"
    price = in_dollars(math.ceil(wanted / NANO * 10_000) / 10_000)
    cap_named = f"the cap of {in_dollars(cap)} {whose}"
    if wanted > round(cap * NANO):
        return (
            f"This could cost up to {price}, more than {cap_named} allows. Choose a cheaper model, "
            f"or raise {setting}."
        )
    used = f"of which {in_dollars(spent.dollars)} is spent"
    if spent.held:
        used += f" and {in_dollars(spent.held)} set aside for requests under way"
    opens = f"It opens again at 00:00 UTC, {_wait(now)} from now; {setting} raises it."
    if _nanodollars(spent.dollars) + wanted <= round(cap * NANO):
        opens = f"Ask again when they have ended. {opens}"
    return f"This could cost up to {price} and pass {cap_named}, {used}. {opens}"


def _wait(now: float) -> str:
    minutes = max(1, math.ceil((DAY_SECONDS - now % DAY_SECONDS) / 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _day(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def _nanodollars(dollars: float) -> int:
    return max(0, math.ceil(round(dollars * NANO, 3)))
