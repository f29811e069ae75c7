"""A patient's chart: the rows of an extract that the second reading understands, by feed."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Self, cast

Day = int
DATED = ("day", "end", "stop", "resolved")


@dataclass(frozen=True)
class Drug:
    """What an order can be for; `elemental` is the share of magnesium in the salt."""

    code: str
    name: str
    ingredient: str
    strength_mg: float
    route: str = "oral"
    product_class: str = ""
    salt: str = ""
    elemental: float = 0.0


class Row:
    """Anything that is dated; every kind of it is a frozen dataclass."""

    day: Day

    def moved(self, days: int) -> Self:
        """The same row, so many days later."""
        dated = {name: value for name in DATED if (value := getattr(self, name, None)) is not None}
        return cast("Self", replace(cast("Any", self), **{name: value + days for name, value in dated.items()}))


@dataclass(frozen=True)
class Order(Row):
    """A prescription. `stop` is its end_date."""

    drug: Drug
    day: Day
    days_supply: int | None = None
    refills: int | None = None
    stop: Day | None = None
    status: str = "active"
    daily_dose_mg: float | None = None
    tablets: float | None = None
    times_a_day: float | None = None
    quantity: float | None = None
    as_needed: bool = False
    sig: str = ""
    indication: str = ""


@dataclass(frozen=True)
class Lab(Row):
    analyte: str
    day: Day
    value: str
    status: str = "final"


@dataclass(frozen=True)
class Diagnosis(Row):
    code: str
    day: Day
    resolved: Day | None = None


@dataclass(frozen=True)
class Procedure(Row):
    code: str
    day: Day


@dataclass(frozen=True)
class Dose(Row):
    """A recorded administration."""

    drug: Drug
    day: Day


@dataclass(frozen=True)
class Session(Row):
    """A haemodialysis session; dry weight and cramps may not be recorded."""

    day: Day
    dry_weight: float | None = None
    cramps: bool | None = None


@dataclass(frozen=True)
class Encounter(Row):
    kind: str
    day: Day
    end: Day | None = None


@dataclass(frozen=True)
class Chart:
    """All that is on file about one patient."""

    patient_id: str
    birth: Day
    sex: str = "female"
    death: Day | None = None
    orders: tuple[Order, ...] = ()
    labs: tuple[Lab, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    doses: tuple[Dose, ...] = ()
    sessions: tuple[Session, ...] = ()
    encounters: tuple[Encounter, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Every row of every feed but that of the patient."""
        for feed in (self.orders, self.labs, self.diagnoses, self.procedures, self.doses, self.sessions, self.encounters):
            yield from feed

    def until(self, last: Day) -> "Chart":
        """The chart without the rows that are later than a day."""
        kept: dict[str, Any] = {
            f.name: tuple(row for row in getattr(self, f.name) if row.day <= last)
            for f in fields(self)
            if isinstance(getattr(self, f.name), tuple)
        }
        return replace(self, **kept)

    def known_on(self, day: Day) -> "Chart":
        """The chart as it stood at the end of a day: a later death is not known yet, either."""
        return replace(self.until(day), death=None if self.death is None or self.death > day else self.death)

    def coded(self, codes: set[str]) -> list[Day]:
        """The days on which any of some diagnosis codes was recorded, in order."""
        return sorted(d.day for d in self.diagnoses if d.code in codes)

    def age_on(self, day: Day) -> int:
        """Full years on a day."""
        born, today = date.fromordinal(self.birth), date.fromordinal(day)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
