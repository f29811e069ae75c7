"""The ten rules by their id, and how one of them is read."""

from collections.abc import Callable, Mapping
from typing import Protocol, cast

from second_reading import (
    abrupt_stop,
    cascade,
    cirrhosis_monitoring,
    cramp_after,
    dry_weight,
    magnesium_renal,
    magnesium_unknown,
    older_adult_start,
    starting_dose,
    titration,
)
from second_reading.chart import Chart, Day
from second_reading.verdicts import Verdict, with_universal_exclusions


class Reading(Protocol):
    """A module that reads one rule."""

    NEEDS: set[str]
    judge: Callable[[Chart, Day], list[Verdict]]


READINGS: dict[str, Reading] = {
    rule_id: cast("Reading", module)
    for rule_id, module in {
        "baclofen_abrupt_stop": abrupt_stop,
        "baclofen_older_adult_start": older_adult_start,
        "baclofen_starting_dose": starting_dose,
        "baclofen_titration_speed": titration,
        "cirrhosis_monitoring": cirrhosis_monitoring,
        "cramp_after_causing_drug": cramp_after,
        "cramp_prescribing_cascade": cascade,
        "dialysis_dry_weight_review": dry_weight,
        "magnesium_renal_function_unknown": magnesium_unknown,
        "magnesium_renal_insufficiency": magnesium_renal,
    }.items()
}


def read(rule_id: str, chart: Chart, as_of: Day, covers: Mapping[str, Day]) -> list[Verdict]:
    """Read one rule on one chart: all units, with the exclusions that every rule has."""
    reading = READINGS[rule_id]
    horizon = min([as_of, *(covers[feed] for feed in reading.NEEDS)])
    known = chart.known_on(as_of)
    return sorted(with_universal_exclusions(known.until(horizon), verdict) for verdict in reading.judge(known, horizon))
