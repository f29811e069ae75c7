"""The shared extracts, which nobody here wrote: what comes in, what does not, and why, to the row.

They are read in place, beside the checkout, and never copied; without them these tests are skipped.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Extract:
    """A shared extract, and what loading it must come to.

    `feeds` holds rows read, loaded, quarantined and superseded; `reasons` the rows in quarantine by column and reason.
    """

    name: str
    source: str
    as_of: date
    feeds: dict[str, tuple[int, int, int, int]]
    reasons: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def whole(rows: int) -> tuple[int, int, int, int]:
    return rows, rows, 0, 0


EXTRACTS = [
    # Nothing is wrong with any row. There are no laboratory results at all: the audit needs somebody's word to go on without.
    Extract(
        "fhir-smart10",
        "fhir",
        date(2026, 11, 22),
        {
            "patients": whole(13),
            "prescriptions": whole(1745),
            "diagnoses": whole(555),
            "procedures": whole(2056),
            "encounters": whole(1215),
        },
    ),
    # Creatinine of 37.61 mg/dL (six times) and 61.27, which would be usual numbers in umol/L.
    Extract(
        "fhir-generated",
        "fhir",
        date(2026, 11, 22),
        {
            "patients": whole(50),
            "prescriptions": whole(1815),
            "labs": (40761, 40754, 7, 0),
            "diagnoses": whole(7107),
            "procedures": whole(15320),
            "administrations": whole(640),
            "encounters": whole(7274),
        },
        {("labs", "unit", "unit contradicts value"): 7},
    ),
    Extract(
        "synthea-csv",
        "synthea",
        date(2024, 2, 2),
        {
            "patients": whole(27),
            "prescriptions": whole(663),
            "labs": whole(990),
            "diagnoses": whole(438),
            "procedures": whole(249),
            "encounters": whole(604),
        },
    ),
    # 14,262 results outside an admission, whose patient this cut of LABEVENTS cannot tell; eGFR as `See Comments` (207 times, 89
    # of them without a patient) and one calcium in words; creatinine of 0 and of 138 mg/dL; 39 orders that end before they
    # start. The last death on file is in December 2202, so the audit is for the day after that year.
    Extract(
        "mimic3-demo",
        "mimic",
        date(2203, 1, 1),
        {
            "patients": whole(100),
            "prescriptions": (10398, 10359, 39, 0),
            "labs": (76074, 61691, 14383, 0),
            "diagnoses": whole(1761),
            "procedures": whole(506),
            "encounters": whole(129),
        },
        {
            ("prescriptions", "end_date", "start after end"): 39,
            ("labs", "patient_id", "required value missing"): 14173,
            ("labs", "patient_id; value", "required value missing; not a number"): 89,
            ("labs", "value", "not a number"): 119,
            ("labs", "value", "implausible value"): 1,
            ("labs", "unit", "unit contradicts value"): 1,
        },
    ),
    Extract(
        "omop-synthea27nj",
        "omop",
        date(2022, 10, 10),
        {
            "patients": whole(28),
            "prescriptions": whole(883),
            "labs": whole(10040),
            "diagnoses": whole(470),
            "procedures": whole(1649),
            "encounters": whole(1791),
        },
    ),
]
Load = Callable[..., duckdb.DuckDBPyConnection]
skip = pytest.mark.skipif(not SHARED.is_dir(), reason=f"there are no shared extracts in {SHARED.parent.name}/{SHARED.name}")


@skip
@pytest.mark.parametrize("extract", EXTRACTS, ids=str)
def test_every_row_is_loaded_or_says_why_not(load_extract: Load, extract: Extract) -> None:
    with load_extract(SHARED / extract.name, extract.source, extract.as_of) as con:
        feeds = con.execute(
            "SELECT feed, sum(rows_read)::BIGINT, sum(rows_loaded)::BIGINT, sum(rows_quarantined)::BIGINT, "
            "sum(rows_superseded)::BIGINT FROM audit.batches GROUP BY feed"
        ).fetchall()
        reasons = con.execute("SELECT feed, column_name, reason, count(*) FROM audit.quarantine GROUP BY ALL").fetchall()
        present = con.execute("SELECT feed FROM extracts.feeds WHERE present").fetchall()
    assert {feed: tuple(counts) for feed, *counts in feeds} == extract.feeds
    assert {tuple(what): rows for *what, rows in reasons} == extract.reasons
    assert {feed for (feed,) in present} == set(extract.feeds)
    assert sum(extract.reasons.values()) == sum(quarantined for _, _, quarantined, _ in extract.feeds.values())


@skip
def test_a_ward_order_has_single_doses_and_no_daily_dose(load_extract: Load) -> None:
    """MIMIC-III has no frequency: 18 orders of baclofen, 5 to 20 mg at a time, for two patients."""
    with load_extract(SHARED / "mimic3-demo", "mimic", date(2203, 1, 1)) as con:
        query = "SELECT count(*), count(DISTINCT patient_id), min(single_dose_mg), max(single_dose_mg) FROM facts.prescriptions"
        assert con.execute(f"{query} WHERE ingredient = 'baclofen'").fetchall() == [(18, 2, 5, 20)]
        assert con.execute("SELECT count(*) FROM facts.prescriptions WHERE daily_dose_mg IS NOT NULL").fetchall() == [(0,)]
        # eGFR is a code but never a number: every renal function comes from creatinine.
        assert con.execute("SELECT DISTINCT origin FROM facts.renal_function").fetchall() == [("derived",)]
        # The eight people over 89 are old, and not 300 years old.
        ages = "SELECT count(*) FROM facts.people WHERE date_diff('year', birth_date, first_seen) BETWEEN 90 AND 110"
        assert con.execute(ages).fetchall() == [(8,)]


@skip
def test_dialysis_procedures_of_a_fhir_export_are_dialysis(load_extract: Load) -> None:
    """One patient with 430 sessions, as procedures in SNOMED CT."""
    with load_extract(SHARED / "fhir-smart10", "fhir", date(2026, 11, 22)) as con:
        query = "SELECT count(*), count(DISTINCT patient_id), min(feed) FROM facts.dialysis"
        assert con.execute(query).fetchall() == [(430, 1, "procedures")]


@skip
def test_a_code_that_contradicts_its_name_is_listed(load_extract: Load) -> None:
    """Captopril with the RxNorm code of hydrocodone and acetaminophen."""
    with load_extract(SHARED / "synthea-csv", "synthea", date(2024, 2, 2)) as con:
        query = "SELECT drug_code, drug_name, ingredient FROM clean.drug_code_conflicts"
        assert con.execute(query).fetchall() == [("833036", "Captopril 25 MG Oral Tablet", "hydrocodone")]
