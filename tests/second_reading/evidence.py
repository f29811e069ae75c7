"""Cramps, spasticity, hospice care and the modifiers (section 2 and section 1)."""

from second_reading.catalogue import (
    CRAMP_CODES,
    CRAMP_SIG,
    DEMENTIA_CODES,
    FALL_CODES,
    HOSPICE_CODES,
    SPASTICITY_CODES,
)
from second_reading.chart import Chart, Day

FALL_DAYS = 365


def cramp_days(chart: Chart) -> list[Day]:
    """Days with cramp evidence of tier A (a code, also as an indication) or B (a text), in order."""
    ordered = [o.day for o in chart.orders if o.indication in CRAMP_CODES or o.sig == CRAMP_SIG]
    return sorted(chart.coded(CRAMP_CODES) + ordered)


def has_spasticity(chart: Chart) -> bool:
    """Spasticity evidence, ever: a code, or an order's indication."""
    return bool(chart.coded(SPASTICITY_CODES)) or any(o.indication in SPASTICITY_CODES for o in chart.orders)


def hospice_from(chart: Chart) -> Day | None:
    """The first day of hospice or palliative care."""
    return next(iter(chart.coded(HOSPICE_CODES)), None)


def fell(chart: Chart, index: Day, last: Day) -> bool:
    """A coded fall within 365 days before the index, or later, up to the last day that counts."""
    return any(index - FALL_DAYS <= day <= last for day in chart.coded(FALL_CODES))


def has_dementia(chart: Chart, last: Day) -> bool:
    return any(day <= last for day in chart.coded(DEMENTIA_CODES))
