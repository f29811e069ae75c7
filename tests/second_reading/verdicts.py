"""What a reading says of a unit, and the exclusions that hold for every rule (section 1)."""

from dataclasses import dataclass, replace
from datetime import date

from second_reading.chart import Chart, Day
from second_reading.evidence import hospice_from

SEVERITIES = ("info", "low", "moderate", "high", "critical")


@dataclass(frozen=True, order=True)
class Verdict:
    """One unit and its outcome; the severity is that of a finding."""

    unit_id: str
    index: Day
    outcome: str
    severity: str | None = None

    def __str__(self) -> str:
        told = f"{self.outcome} ({self.severity})" if self.severity else self.outcome
        return f"{self.unit_id}: {told} on {date.fromordinal(self.index)}"


def worst(severities: list[str]) -> str:
    return max(severities, key=SEVERITIES.index)


def at_most(severity: str, ceiling: str) -> str:
    return min(severity, ceiling, key=SEVERITIES.index)


def with_universal_exclusions(chart: Chart, verdict: Verdict) -> Verdict:
    """Under 18, or dead before the index: excluded. In hospice care a finding is information (all ten rules list it)."""
    if chart.age_on(verdict.index) < 18 or (chart.death is not None and chart.death < verdict.index):
        return replace(verdict, outcome="excluded", severity=None)
    hospice = hospice_from(chart)
    if verdict.severity and hospice is not None and hospice <= verdict.index:
        return replace(verdict, severity="info")
    return verdict
