"""dialysis_dry_weight_review: recurrent cramps on dialysis with a dry weight that nobody changed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from statistics import median

from second_reading.chart import Chart, Day, Session
from second_reading.kidneys import usable
from second_reading.verdicts import Verdict

NEEDS = {"patients", "dialysis_sessions"}
UNCHANGED_DAYS, RECENT_DAYS, EARLIER_DAYS = 60, 60, 90

# By how much the median must rise over the one before.
RISES: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "albumin": lambda before, now: now - before >= Decimal("0.2"),
    "creatinine": lambda before, now: now >= before * Decimal("1.1"),
    "npcr": lambda before, now: now - before >= Decimal("0.1"),
}


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    seen = chart.until(horizon)
    sessions = sorted(seen.sessions, key=lambda s: s.day)
    months = [list(group) for _, group in groupby(sessions, key=lambda s: month_of(s.day))]
    return [judge_month(seen, group[-1].day) for group in months if has_recurrent_cramps(sessions, group[-1].day)]


def month_of(day: Day) -> str:
    return date.fromordinal(day).strftime("%Y-%m")


def has_recurrent_cramps(sessions: list[Session], day: Day) -> bool:
    """Cramps in 3 of the last 13 sessions within 30 days, of which 6 say whether there were any."""
    last = [s for s in sessions if day - 30 <= s.day <= day][-13:]
    asked = [s.cramps for s in last if s.cramps is not None]
    return len(asked) >= 6 and sum(asked) >= 3


def judge_month(seen: Chart, day: Day) -> Verdict:
    unit = f"{seen.patient_id}|{month_of(day)}"
    weights = [
        (s.day, s.dry_weight) for s in sorted(seen.sessions, key=lambda s: s.day) if s.dry_weight is not None and s.day <= day
    ]
    changes = [later for (_, before), (later, weight) in pairwise(weights) if weight != before]
    if changes and day - changes[-1] < UNCHANGED_DAYS:
        return Verdict(unit, day, "clear")
    if not weights or day - weights[0][0] < UNCHANGED_DAYS:
        return Verdict(unit, day, "not_evaluable")
    risen = sum(has_risen(seen, analyte, day) for analyte in RISES)
    return Verdict(unit, day, "finding", "high" if risen >= 2 else "moderate")


def has_risen(seen: Chart, analyte: str, day: Day) -> bool:
    """Whether the median of the last 60 days is that much above the one of the 90 days before."""
    first = day - RECENT_DAYS
    now, before = values(seen, analyte, first, day), values(seen, analyte, first - EARLIER_DAYS, first - 1)
    return bool(now and before) and RISES[analyte](median(before), median(now))


def values(seen: Chart, analyte: str, first: Day, last: Day) -> list[Decimal]:
    """The results of some days; one given as a limit is left out."""
    found = [lab for lab in seen.labs if lab.analyte == analyte and first <= lab.day <= last and usable(lab)]
    return [Decimal(lab.value) for lab in found if lab.value[0] not in "<>"]
