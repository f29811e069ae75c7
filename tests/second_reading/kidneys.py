"""Renal function and dialysis on a day (section 2)."""

from second_reading.catalogue import (
    DIALYSIS_DEPENDENCE_CODES,
    DIALYSIS_PROCEDURES,
    STAGES,
    TRANSPLANT_CODES,
    TRANSPLANT_PROCEDURES,
)
from second_reading.chart import Chart, Day, Lab

RESULT_DAYS = 365
DIALYSIS_DAYS = 90
JUST_BELOW = 0.001


def usable(lab: Lab) -> bool:
    """Whether a result may be used at all."""
    return lab.status not in {"cancelled", "entered-in-error"}


def number(value: str) -> float:
    """`>60` means at least 60, `<15` below 15."""
    if value.startswith("<"):
        return float(value[1:]) - JUST_BELOW
    return float(value.lstrip(">="))


def derived_egfr(creatinine: float, sex: str, age: int) -> float | None:
    """CKD-EPI 2021 from a creatinine in mg/dL (Inker 2021); for adults whose sex is known."""
    if sex not in {"female", "male"} or age < 18:
        return None
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)
    ratio = creatinine / kappa
    return float(142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.200 * 0.9938**age * factor)


def egfr_of_day(chart: Chart, day: Day) -> float | None:
    """The renal function measured on a day: reported before derived."""
    labs = [lab for lab in chart.labs if lab.day == day and usable(lab)]
    reported = [number(lab.value) for lab in labs if lab.analyte == "egfr"]
    creatinines = [number(lab.value) for lab in labs if lab.analyte == "creatinine"]
    derived = [derived_egfr(value, chart.sex, chart.age_on(day)) for value in creatinines]
    return next((value for value in [*reported, *derived] if value is not None), None)


def egfr_on(chart: Chart, day: Day) -> float | None:
    """The latest renal function known on a day, at most a year old."""
    measured = {lab.day for lab in chart.labs if day - RESULT_DAYS <= lab.day <= day}
    return next((value for d in sorted(measured, reverse=True) if (value := egfr_of_day(chart, d)) is not None), None)


def staged_on(chart: Chart, day: Day) -> float | None:
    """What the latest staging code stands for on a day; of several codes on one day the worst."""
    staged = [(d.day, -STAGES[d.code]) for d in chart.diagnoses if d.code in STAGES and d.day <= day]
    return -max(staged)[1] if staged else None


def egfr_or_stage_on(chart: Chart, day: Day) -> float | None:
    """The eGFR of a day, or what a code stands for when there is none."""
    egfr = egfr_on(chart, day)
    return staged_on(chart, day) if egfr is None else egfr


def on_dialysis(chart: Chart, day: Day) -> bool:
    """A session or procedure in the 90 days up to the day, or dependence coded before, and no kidney transplant since."""
    recent = [s.day for s in chart.sessions] + [p.day for p in chart.procedures if p.code in DIALYSIS_PROCEDURES]
    evidence = [d for d in recent if day - DIALYSIS_DAYS <= d <= day]
    evidence += [d for d in chart.coded(DIALYSIS_DEPENDENCE_CODES) if d <= day]
    transplants = chart.coded(TRANSPLANT_CODES) + [p.day for p in chart.procedures if p.code in TRANSPLANT_PROCEDURES]
    return any(not any(d < transplant <= day for transplant in transplants) for d in evidence)
