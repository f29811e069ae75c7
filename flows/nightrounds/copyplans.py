"""Plans for copies of the cases' patients: how many of each there are to be, and how far each may be moved.

Rates that are to be charted need enough findings and clear units in every month. One thing is planted here: half a year ago
the findings of one rule became fewer.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from nightrounds.cases import PATIENT, PREFIX, Case

# The days over which copies are spread: from the first of a month on, so that the first point of a chart is a whole one.
DAYS_BACK = 729
# How many copies of a rule's cases there are, in relation to each other: with a finding, clear, and neither. A rate that is to be
# charted needs five findings and five clear units in a month: some rules have them, most are as seldom as in life.
USUAL = {"finding": 20, "clear": 12, "other": 6}
SPECIAL = {
    # Charted: enough of both.
    "analgesic_risk_in_cramps": {"finding": 135, "clear": 110},
    "baclofen_starting_dose": {"finding": 100, "clear": 120},
    "baclofen_titration_speed": {"finding": 100, "clear": 120},
    "cirrhosis_baclofen_dose": {"finding": 110, "clear": 100},
    "cyclobenzaprine_for_cramps": {"finding": 120, "clear": 100},
    "magnesium_dose_high": {"finding": 190, "clear": 40},
    "naproxen_risk": {"finding": 110, "clear": 115},
    "pregnancy_cramp_drugs": {"finding": 100, "clear": 120},
    # Nearer to the mix of their own cases, which fall into one or two months and would stand out there.
    "baclofen_maximum_dose": {"finding": 6, "clear": 50},
    "cramp_after_causing_drug": {"finding": 45},
    "cramp_marker_drugs": {"finding": 12},
    "cramp_prescribing_cascade": {"finding": 45},
    "estrogen_older_adult_start": {"finding": 45},
    "magnesium_diarrhoea": {"finding": 45},
    "magnesium_renal_function_unknown": {"clear": 50},
    "quinine_without_indication": {"clear": 6},
}
IMPROVED, IMPROVED_AGO = "cyclobenzaprine_for_cramps", 180
# The first day of what a row tells.
BEGINS = {
    "prescriptions": "start_date", "labs": "collected_at", "diagnoses": "recorded_date", "procedures": "performed_at",
    "administrations": "administered_at", "dialysis_sessions": "started_at", "encounters": "started_at",
}  # fmt: skip
COURSES = ("prescriptions", "administrations", "dialysis_sessions")
FEMALE_CODES, FEMALE_DRUGS = ("O", "Z33", "Z34"), ("estrogen", "raloxifene")


def plan_copies(cases: Sequence[Case], patients: int, as_of: date) -> list[dict[str, object]]:
    """Return for every case what is written beside its rows for `copy_rows`: how many copies there are to be, and of what kind.

    `patients` is how many there are to be together with the cases' own.
    """
    strata = [(case.rule_id, _kind(case)) for case in cases]
    sizes, seen = Counter(strata), Counter[tuple[str, str]]()
    weights = {(rule, kind): (USUAL | SPECIAL.get(rule, {}))[kind] for rule, kind in sizes}
    scale = max(0, patients - len(cases)) / sum(weights.values())
    plans: list[dict[str, object]] = []
    for case, stratum in zip(cases, strata, strict=True):
        copies = scale * weights[stratum] / sizes[stratum]
        place = {"stratum": "|".join(stratum), "stratum_size": sizes[stratum], "stratum_place": seen[stratum]}
        plans.append({"copies": copies, **place, **_times(case, as_of), **_person(case)})
        seen[stratum] += 1
    return plans


def _kind(case: Case) -> str:
    outcomes = {unit["outcome"] for unit in case.content["expect"]}
    return next((kind for kind in ("finding", "clear") if kind in outcomes), "other")


def _times(case: Case, as_of: date) -> dict[str, object]:
    """Return by how many days a case is moved, how long before its day the first index date lies, and how long after a start."""
    begun = _days(case, COURSES) or _days(case, BEGINS) or [case.as_of]
    index = _first_index(case) or begun[-1]
    is_finding = _kind(case) == "finding"
    return {
        "moved": (as_of - case.as_of).days,
        "days_ago": (case.as_of - index).days,
        "history": min(DAYS_BACK // 2, max(0, (index - begun[0]).days)),
        "is_finding": is_finding,
        "least_ago": IMPROVED_AGO if is_finding and case.rule_id == IMPROVED else 0,
    }


def _person(case: Case) -> dict[str, object]:
    """Return the patient's age at first, whether the case depends on the age and on the sex, and whether she is pregnant."""
    patient = case.content.get("patient", {})
    rows = [row for feed in PREFIX for row in case.content[feed]]
    codes = [str(row.get(name, "")) for row in rows for name in ("code", "indication_code")]
    drugs = " ".join(str(row.get("drug_name", "")) for row in rows).lower()
    is_hers = any(code.startswith(FEMALE_CODES) for code in codes) or any(word in drugs for word in FEMALE_DRUGS)
    born = {**PATIENT, **patient}["birth_date"]
    return {
        "age": ((_first_index(case) or case.as_of) - born).days // 365.25,
        "has_age": "birth_date" in patient,
        "has_sex": "sex" in patient or is_hers,
        "is_pregnant": any(code.startswith(FEMALE_CODES) for code in codes),
    }


def _first_index(case: Case) -> date | None:
    return min((unit["index_date"] for unit in case.content["expect"] if "index_date" in unit), default=None)


def _days(case: Case, feeds: Iterable[str]) -> list[date]:
    """Return the days on which something begins in some feeds, in order."""
    begun = [row[BEGINS[feed]] for feed in feeds for row in case.content[feed] if BEGINS[feed] in row]
    return sorted(day.date() if isinstance(day, datetime) else day for day in begun)
