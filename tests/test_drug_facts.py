"""Drug facts: which drug a row is, its daily dose, the days it covers, the courses these make, and their dose steps.

Each idea has one table of cases: a few rows as a hospital may send them, and what must come of them. Every case is a patient
of its own, named after the idea and the case's place; one build of the project's own SQL and code lists serves them all.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import pytest

from nightrounds.codelists import load_codelists
from nightrounds.database import connect
from nightrounds.project import find_project
from nightrounds.sources import FEEDS
from nightrounds.sqlfiles import SqlFile, Value
from nightrounds.warehouse import build_table, create_macros, create_schemas, fact_parameters

Row = dict[str, Any]
PROJECT = find_project()
DAY0 = date(2024, 1, 1)
AS_OF = date(2026, 3, 1)
NUMBERS = {"daily_dose_mg", "dose_quantity", "frequency_per_day", "quantity", "days_supply", "refills", "value_number"}
TABLETS: Row = {"drug_name": "baclofen 10 mg tablet"}


def day(number: int) -> date:
    """Day `number` of every case's own calendar."""
    return DAY0 + timedelta(days=number)


# --- identity: (row, ingredients with route group, product class and what they were matched by)

IDENTITY: list[tuple[Row, set[tuple[str, str, str | None, str]]]] = [
    # By code, with and without a route.
    ({"drug_code": "197391", "drug_code_system": "rxnorm"}, {("baclofen", "oral", None, "code:rxnorm")}),
    ({"drug_code": "1292", "drug_code_system": "rxnorm"}, {("baclofen", "unknown", None, "code:rxnorm")}),
    ({"drug_code": "1292", "drug_code_system": "rxnorm", "route": "PO"}, {("baclofen", "oral", None, "code:rxnorm")}),
    (
        {"drug_code": "1292", "drug_code_system": "rxnorm", "drug_name": "Baclofen 10mg Tab"},
        {("baclofen", "oral", None, "code:rxnorm")},
    ),
    ({"drug_code": "M03BX01", "drug_code_system": "atc"}, {("baclofen", "unknown", None, "code:atc")}),
    ({"drug_code": "m03bx01", "drug_code_system": "atc", "sig": "1 tab by mouth tid"}, {("baclofen", "oral", None, "code:atc")}),
    (
        {"drug_code": "387342009", "drug_code_system": "snomed", "dose_unit": "tablet"},
        {("baclofen", "oral", None, "code:snomed")},
    ),
    # The code decides, and the name does not; without a known system the name does.
    (
        {"drug_code": "197391", "drug_code_system": "rxnorm", "drug_name": "captopril 25 mg tablet"},
        {("baclofen", "oral", None, "code:rxnorm")},
    ),
    ({"drug_code": "197391", "drug_name": "quinine sulfate 324 mg capsule"}, {("quinine", "oral", None, "name")}),
    ({"drug_code": "197391", "drug_code_system": "local", "drug_name": "captopril 25 mg tablet"}, set()),
    # National drug codes: 5-4-2 and 4-4-2 with hyphens, 11, 9 and 10 digits without.
    ({"drug_code": "00115-1010-01", "drug_code_system": "ndc"}, {("baclofen", "oral", None, "code:ndc")}),
    ({"drug_code": "0115-1010-01", "drug_code_system": "ndc"}, {("baclofen", "oral", None, "code:ndc")}),
    ({"drug_code": "0115-1010", "drug_code_system": "ndc"}, {("baclofen", "oral", None, "code:ndc")}),
    ({"drug_code": "00115101001", "drug_code_system": "ndc"}, {("baclofen", "oral", None, "code:ndc")}),
    ({"drug_code": "001151010", "drug_code_system": "ndc"}, {("baclofen", "oral", None, "code:ndc")}),
    ({"drug_code": "0115101001", "drug_code_system": "ndc"}, {("baclofen", "oral", None, "code:ndc")}),
    ({"drug_code": "0115101001", "drug_code_system": "ndc", "drug_name": "BACLOFEN"}, {("baclofen", "oral", None, "code:ndc")}),
    ({"drug_code": "0115101001", "drug_code_system": "ndc", "drug_name": "captopril"}, set()),
    ({"drug_code": "0", "drug_code_system": "ndc", "drug_name": "captopril"}, set()),
    # By name: whole words, any case, brands, the route from the dose form.
    (TABLETS, {("baclofen", "oral", None, "name")}),
    ({"drug_name": "BACLOFEN"}, {("baclofen", "unknown", None, "name")}),
    ({"drug_name": "quiNINE Sulfate 324mg Cap"}, {("quinine", "oral", None, "name")}),
    ({"drug_name": "Venofer 100 mg/5 mL vial"}, {("iron sucrose", "injectable", None, "name")}),
    ({"drug_name": "Premarin 0.625 mg tablet"}, {("conjugated estrogens", "oral", None, "name")}),
    ({"drug_name": "Premarin vaginal cream"}, {("conjugated estrogens", "vaginal", None, "name")}),
    ({"drug_name": "naproxen 10 % topical cream"}, {("naproxen", "topical", None, "name")}),
    ({"drug_name": "Albumin 25% (12.5 g)", "route": "IV"}, {("albumin human", "injectable", None, "name")}),
    # Look-alikes.
    ({"drug_name": "quinidine gluconate 324 mg tablet"}, {("quinidine", "oral", None, "name")}),
    ({"drug_name": "dextromethorphan-quinidine capsule"}, {("quinidine", "oral", None, "name")}),
    ({"drug_name": "quinapril 10 mg tablet"}, set()),
    ({"drug_name": "sucroferric oxyhydroxide 500 mg chewable tablet"}, set()),
    ({"drug_name": "choline magnesium trisalicylate 500 mg tablet"}, set()),
    ({"drug_name": "Esomeprazole Magnesium 40 mg capsule"}, {("esomeprazole", "oral", None, "name")}),
    ({"drug_name": "multivitamin with magnesium tablet"}, set()),
    ({"drug_name": "baclofenum compositum"}, set()),
    # The route as sent decides, unless it contradicts the dose form; injectable baclofen is intrathecal.
    ({"drug_name": "baclofen", "route": "oral"}, {("baclofen", "oral", None, "name")}),
    ({"drug_name": "baclofen injection 0.5 mg/ml"}, {("baclofen", "intrathecal", None, "name")}),
    ({"drug_name": "baclofen", "route": "IV"}, {("baclofen", "intrathecal", None, "name")}),
    ({"drug_name": "baclofen 2000 mcg/mL"}, {("baclofen", "intrathecal", None, "name")}),
    ({"drug_code": "308517", "drug_code_system": "rxnorm", "route": "PO"}, {("baclofen", "intrathecal", None, "code:rxnorm")}),
    ({"drug_name": "baclofen 10 mg tablet", "route": "intrathecal"}, {("baclofen", "oral", None, "name")}),
    ({"drug_name": "Lioresal"}, {("baclofen", "unknown", None, "name")}),
    ({"drug_name": "Gablofen 40,000 mcg/20 mL"}, {("baclofen", "intrathecal", None, "name")}),
    # Combinations count for each ingredient.
    (
        {"drug_code": "849728", "drug_code_system": "rxnorm", "drug_name": "esomeprazole 20 MG / naproxen 375 MG Oral Tablet"},
        {("naproxen", "oral", None, "code:rxnorm"), ("esomeprazole", "oral", None, "name")},
    ),
    (
        {"drug_name": "naproxen-esomeprazole magnesium 500-20 mg tablet"},
        {("naproxen", "oral", None, "name"), ("esomeprazole", "oral", None, "name")},
    ),
    # Magnesium's product classes.
    ({"drug_name": "magnesium oxide 400 mg tablet"}, {("magnesium", "oral", "supplement", "name")}),
    ({"drug_code": "6582", "drug_code_system": "rxnorm", "route": "oral"}, {("magnesium", "oral", "supplement", "code:rxnorm")}),
    ({"drug_code": "198741", "drug_code_system": "rxnorm"}, {("magnesium", "oral", "supplement", "code:rxnorm")}),
    ({"drug_name": "magnesium citrate 100 mg tablet"}, {("magnesium", "oral", "supplement", "name")}),
    ({"drug_name": "magnesium citrate solution", "route": "PO"}, {("magnesium", "oral", "laxative_antacid", "name")}),
    ({"drug_name": "Magnesium Citrate", "route": "PO", "dose_unit": "mL"}, {("magnesium", "oral", "laxative_antacid", "name")}),
    ({"drug_name": "Milk of Magnesia", "route": "PO"}, {("magnesium", "oral", "laxative_antacid", "name")}),
    (
        {"drug_name": "magnesium sulfate 2 g / 50 mL premix bag", "route": "IV"},
        {("magnesium", "injectable", "intravenous", "name")},
    ),
    (
        {"drug_code": "6585", "drug_code_system": "rxnorm", "route": "PO"},
        {("magnesium", "oral", "laxative_antacid", "code:rxnorm")},
    ),
    ({"drug_name": "Suprep bowel prep kit", "route": "PO"}, {("magnesium", "oral", "bowel_prep", "name")}),
]

# --- daily dose: (row, mg a day, method, confidence, mg of one dose)

# Each of the four methods would give another dose.
ALL_METHODS: Row = {
    "daily_dose_mg": 50, "dose_quantity": 20, "dose_unit": "mg", "frequency_per_day": 2, "sig": "1 tablet tid",
    "quantity": 30, "days_supply": 30,
}  # fmt: skip
DOSES: list[tuple[Row, float | None, str, str | None, float | None]] = [
    ({**TABLETS, "daily_dose_mg": 30, "dose_quantity": 1, "dose_unit": "mg", "frequency_per_day": 1}, 30, "stated", "high", 1),
    ({**TABLETS, "daily_dose_mg": 30, "frequency_per_day": 3}, 30, "stated", "high", 10),
    ({**TABLETS, "dose_quantity": 10, "dose_unit": "mg", "frequency_per_day": 3}, 30, "quantity x frequency", "high", 10),
    ({**TABLETS, "dose_quantity": 0.02, "dose_unit": "g", "frequency_per_day": 2}, 40, "quantity x frequency", "high", 20),
    ({**TABLETS, "dose_quantity": 2, "dose_unit": "tablets", "frequency_per_day": 3}, 60, "quantity x frequency", "medium", 20),
    (
        {"drug_code": "197392", "drug_code_system": "rxnorm", "dose_quantity": 0.5, "dose_unit": "TAB", "frequency_per_day": 2},
        20, "quantity x frequency", "high", 10,
    ),
    (
        {
            "drug_name": "baclofen", "route": "PO", "strength": "20mg Tablet",
            "dose_quantity": 1, "dose_unit": "tab", "frequency_per_day": 1,
        },
        20, "quantity x frequency", "medium", 20,
    ),
    (
        {"drug_name": "baclofen oral solution 5 mg/5 mL", "dose_quantity": 10, "dose_unit": "mL", "frequency_per_day": 3},
        30, "quantity x frequency", "medium", 10,
    ),
    # Without a unit: a quantity too small to be mg counts tablets, one too large to count tablets is mg, others are unclear.
    ({**TABLETS, "dose_quantity": 1, "frequency_per_day": 3}, 30, "quantity x frequency", "low", 10),
    ({**TABLETS, "dose_quantity": 15, "frequency_per_day": 2}, 30, "quantity x frequency", "low", 15),
    ({**TABLETS, "dose_quantity": 3, "frequency_per_day": 2}, None, "unknown", None, None),
    # The sig, alone or with what the columns say.
    ({**TABLETS, "sig": "Take 1 tablet by mouth 3 (three) times daily."}, 30, "sig", "medium", 10),
    ({**TABLETS, "sig": "Take 2 tablets (20 mg total) by mouth twice daily."}, 40, "sig", "medium", 20),
    ({"drug_name": "baclofen", "sig": "20 mg po tid"}, 60, "sig", "medium", 20),
    ({"drug_name": "baclofen", "sig": "1 tablet po tid"}, None, "unknown", None, None),
    ({**TABLETS, "sig": "1-2 tablets every 6 to 8 hours"}, 80, "sig", "low", 20),
    ({**TABLETS, "dose_quantity": 10, "dose_unit": "mg", "sig": "TID"}, 30, "sig", "medium", 10),
    ({**TABLETS, "frequency_per_day": 2, "sig": "take 1 tablet as directed"}, 20, "sig", "medium", 10),
    ({**TABLETS, "sig": "10 mg tid for 7 days then 10 mg bid"}, None, "unknown", None, None),
    # Strength, quantity and days; a quantity of zero says nothing, and a single dose is no daily dose.
    ({**TABLETS, "quantity": 90, "days_supply": 30}, 30, "strength x quantity / days", "medium", None),
    ({**TABLETS, "quantity": 90, "days_supply": 30, "sig": "use as directed"}, 30, "strength x quantity / days", "medium", None),
    (
        {"drug_name": "baclofen oral solution 5 mg/5 mL", "quantity": 900, "days_supply": 30},
        30, "strength x quantity / days", "medium", None,
    ),
    ({**TABLETS, "quantity": 0, "days_supply": 30}, None, "unknown", None, None),
    ({**TABLETS, "dose_quantity": 20, "dose_unit": "mg", "route": "PO/NG"}, None, "unknown", None, 20),
    ({**TABLETS, "daily_dose_mg": 0, "dose_quantity": 0, "dose_unit": "mg", "frequency_per_day": 3}, None, "unknown", None, None),
    # All four at once: the next method counts when the one before it gives nothing.
    ({**TABLETS, **ALL_METHODS}, 50, "stated", "high", 20),
    ({**TABLETS, **ALL_METHODS, "daily_dose_mg": None}, 40, "quantity x frequency", "high", 20),
    ({**TABLETS, **ALL_METHODS, "daily_dose_mg": None, "dose_quantity": None}, 30, "sig", "medium", 10),
    (
        {**TABLETS, **ALL_METHODS, "daily_dose_mg": None, "dose_quantity": None, "sig": "per protocol"},
        10, "strength x quantity / days", "medium", None,
    ),
    ({**TABLETS, "dose_quantity": 20, "dose_unit": "mg", "frequency_per_day": 2, "sig": "per protocol"},
     40, "quantity x frequency", "high", 20),
    # What the sig says put together: two doses a day, a limit, days of the week, a stage after another.
    ({**TABLETS, "sig": "2 tabs in am and 1 at bedtime"}, 30, "sig", "medium", 20),
    ({**TABLETS, "sig": "1-2 tablets every 6 hours as needed, max 6 per day"}, 60, "sig", "low", 20),
    ({**TABLETS, "sig": "take up to 3 tablets a day"}, 30, "sig", "low", None),
    ({**TABLETS, "sig": "1 tablet weekly"}, 10 / 7, "sig", "medium", 10),
    ({**TABLETS, "sig": "30 mg daily in 3 divided doses"}, 30, "sig", "medium", 10),
    ({**TABLETS, "sig": "10 mg TID x 1 wk then BID x 1 wk then stop"}, None, "unknown", None, None),
    # ml by mg/ml; a unit that does not go with the product tells nothing.
    ({"drug_name": "baclofen oral solution 5 mg/5 mL", "sig": "2 tsp tid"}, 30, "sig", "medium", 10),
    ({"drug_name": "baclofen oral solution 5 mg/5 mL", "sig": "1 tablet tid"}, None, "unknown", None, None),
    ({**TABLETS, "sig": "5 mL tid"}, None, "unknown", None, None),
    ({**TABLETS, "sig": "50 mcg daily"}, None, "unknown", None, None),
    # Directions for a tablet of another strength do not go with the product, whichever way they say it.
    ({**TABLETS, "sig": "Take 1 tablet (20 mg) TID"}, None, "unknown", None, None),
    ({**TABLETS, "sig": "Take 1 tablet (20 mg total) by mouth 3 (three) times daily"}, None, "unknown", None, None),
    ({**TABLETS, "sig": "5 mg (2 tabs) TID"}, None, "unknown", None, None),
    ({**TABLETS, "sig": "Take 1-2 tablets (10-20 mg total) TID"}, 60, "sig", "low", 20),
    ({"drug_name": "baclofen", "sig": "Take 1 tablet (20 mg) TID"}, 60, "sig", "medium", 20),
    ({"drug_name": "magnesium oxide 400 mg tablet", "sig": "1 tablet (241.3 mg total) daily"}, 241.3, "sig", "medium", 241.3),
    ({**TABLETS, "sig": "1 mg tid"}, None, "unknown", None, None),
    ({**TABLETS, "sig": "5 mg tid"}, 15, "sig", "medium", 5),
    ({**TABLETS, "sig": "5000 mcg tid"}, 15, "sig", "medium", 5),
    ({"drug_name": "baclofen", "sig": "5 mg tid"}, 15, "sig", "medium", 5),
    ({"drug_name": "magnesium oxide 400 mg tablet", "sig": "5 mmol daily"}, 201.534, "sig", "medium", 201.534),
    ({**TABLETS, "sig": "2 puffs daily"}, None, "unknown", None, None),
    # Strengths that cannot be told.
    (
        {"drug_name": "naproxen-esomeprazole 500-20 mg tablet", "dose_quantity": 1, "dose_unit": "tab", "frequency_per_day": 2},
        None, "unknown", None, None,
    ),
]  # fmt: skip

# --- doses as text, as wards keep them: (row, mg of one dose); without a frequency there is no daily dose

WARD_DOSES: list[tuple[Row, float | None]] = [
    ({"sig": "325-650 mg"}, 650),
    ({"sig": "325-650"}, None),
    ({"sig": "25,000 UNIT"}, None),
    ({"sig": "2-4 TAB"}, 40),
    ({"sig": "1.5 gm"}, 1500),
    ({"sig": "0"}, None),
    ({"dose_quantity": 0, "dose_unit": "mg"}, None),
    ({"dose_quantity": 25000, "dose_unit": "UNIT"}, None),
    ({"dose_quantity": 1.5, "dose_unit": "TAB"}, 15),
    ({"dose_quantity": 2000, "dose_unit": "mg"}, 2000),
]

# --- elemental magnesium: (row, mg a day as labelled, mg of the element)

MAGNESIUM: list[tuple[Row, float | None, float | None]] = [
    ({"drug_name": "magnesium oxide 400 mg tablet"}, 800, 482.4),
    ({"drug_name": "magnesium oxide 400 mg (241.3 mg magnesium) tablet"}, 800, 482.4),
    ({"drug_code": "198741", "drug_code_system": "rxnorm"}, 800, 482.4),
    ({"drug_name": "magnesium gluconate 500 mg tablet"}, 1000, 54),
    ({"drug_name": "magnesium glycinate 100 mg capsule"}, 200, 28.2),
    ({"drug_name": "magnesium citrate 100 mg tablet"}, 200, 32.4),
    ({"drug_code": "198936", "drug_code_system": "rxnorm"}, 168, 168),
    ({"drug_name": "magnesium amino acid chelate 100 mg tablet"}, 200, None),
    ({"drug_name": "magnesium oxide tablet", "dose_quantity": 5, "dose_unit": "mmol"}, 403.0680, 243.05),
    ({"drug_name": "magnesium tablet", "dose_quantity": 10, "dose_unit": "mEq"}, None, 243.05),
]

# --- as needed, ranges and tapers: (row, as needed, range, taper)

MARKS: list[tuple[Row, bool, bool, bool]] = [
    ({**TABLETS, "as_needed": True}, True, False, False),
    ({**TABLETS, "as_needed": False, "sig": "1 tablet tid prn"}, True, False, False),
    ({**TABLETS, "sig": "1-2 tablets daily"}, False, True, False),
    ({**TABLETS, "sig": "1-2 tablets daily", "daily_dose_mg": 10}, False, False, False),
    ({**TABLETS, "sig": "taper by 5 mg each week"}, False, False, True),
    ({**TABLETS, "sig": "1 tablet daily for 30 days then stop"}, False, False, False),
    ({**TABLETS, "sig": "1 tablet daily, to reduce spasms"}, False, False, False),
    ({**TABLETS, "sig": "1 tablet daily, no taper needed"}, False, False, False),
]

# --- coverage of a prescription that starts on day 0: (row, last day, where it comes from)

COVERAGE: list[tuple[Row, int, str]] = [
    ({**TABLETS, "days_supply": 30}, 29, "days_supply"),
    ({**TABLETS, "days_supply": 30, "refills": 2}, 89, "days_supply"),
    ({**TABLETS, "days_supply": 30, "quantity": 90, "end_date": day(60)}, 29, "days_supply"),
    ({**TABLETS, "days_supply": 30, "end_date": day(9)}, 9, "days_supply"),
    ({**TABLETS, "quantity": 90, "dose_quantity": 1, "dose_unit": "tablet", "frequency_per_day": 3}, 29, "quantity"),
    ({**TABLETS, "quantity": 90, "daily_dose_mg": 30}, 29, "quantity"),
    ({**TABLETS, "quantity": 91, "daily_dose_mg": 30}, 30, "quantity"),
    ({"drug_name": "baclofen", "quantity": 90, "sig": "1 tab po tid"}, 29, "quantity"),
    ({**TABLETS, "quantity": 90, "daily_dose_mg": 30, "end_date": day(19)}, 19, "quantity"),
    ({**TABLETS, "quantity": 90, "end_date": day(44)}, 44, "end_date"),
    ({**TABLETS, "days_supply": 0, "quantity": 0, "end_date": day(0)}, 0, "end_date"),
    (TABLETS, 29, "assumed"),
]

# --- exposures: (prescriptions as (first day, days, more), their courses as (first day, last day, covered days))

Course = tuple[int, int, int]
Order = tuple[int, int, Row]
WARD: Row = {"inpatient": True}
EXPOSURES: list[tuple[list[Order], list[Course]]] = [
    ([(0, 30, {})], [(0, 29, 30)]),
    ([(0, 30, {}), (30, 30, {})], [(0, 59, 60)]),
    ([(0, 30, {}), (10, 30, {})], [(0, 39, 40)]),
    ([(0, 60, {}), (10, 10, {})], [(0, 59, 60)]),
    # A gap of 30 uncovered days joins, one of 31 parts.
    ([(0, 30, {}), (60, 30, {})], [(0, 89, 60)]),
    ([(0, 30, {}), (61, 30, {})], [(0, 29, 30), (61, 90, 30)]),
    # A long order bridges the gap between the short ones inside it.
    ([(0, 100, {}), (5, 5, {}), (120, 10, {})], [(0, 129, 110)]),
    # Between two inpatient orders one uncovered day joins, two part; with an outpatient neighbour thirty join.
    ([(0, 3, WARD), (4, 3, WARD)], [(0, 6, 6)]),
    ([(0, 3, WARD), (5, 3, WARD)], [(0, 2, 3), (5, 7, 3)]),
    ([(0, 3, WARD), (12, 30, {})], [(0, 41, 33)]),
    ([(-2, 5, {}), (0, 3, WARD), (12, 2, WARD)], [(-2, 13, 7)]),
    # Cancelled and mistaken orders and orders on hold cover nothing; what starts after the audit's date is not there yet.
    ([(0, 30, {}), (30, 30, {"status": "cancelled"})], [(0, 29, 30)]),
    ([(0, 30, {"status": "entered-in-error"})], []),
    ([(0, 30, {"status": "on-hold"}), (40, 30, {})], [(40, 69, 30)]),
    ([((AS_OF - DAY0).days, 30, {}), ((AS_OF - DAY0).days + 1, 60, {})], [((AS_OF - DAY0).days, (AS_OF - DAY0).days + 29, 30)]),
    # Different routes and product classes are courses of their own.
    ([(0, 30, {}), (0, 30, {"drug_name": "baclofen injection"})], [(0, 29, 30), (0, 29, 30)]),
    (
        [(0, 30, {"drug_name": "magnesium oxide 400 mg tablet"}), (0, 9, {"drug_name": "Milk of Magnesia"})],
        [(0, 8, 9), (0, 29, 30)],
    ),
]  # fmt: skip

# --- newness of the course that starts on day 0: (days since the patient was first seen, earlier orders, newness)

NEWNESS: list[tuple[int, list[Order], str]] = [
    (180, [], "new"),
    (179, [], "unknown"),
    (400, [(-209, 30, {})], "not new"),
    (400, [(-210, 30, {})], "new"),
    (400, [(-100, 30, {"drug_name": "baclofen injection"})], "new"),
    (400, [(-100, 30, {"drug_name": "baclofen"})], "unknown"),
    (400, [(-300, 30, {"drug_name": "baclofen"})], "new"),
    (400, [(-100, 30, {"drug_name": "tizanidine 4 mg tablet"})], "new"),
]

# --- dose steps: (orders as (first day, days, mg a day), steps as (first day, last day, mg a day))

Step = tuple[int, int, float | None]
STEPS: list[tuple[list[tuple[int, int, float | None]], list[Step]]] = [
    ([(0, 30, 10)], [(0, 29, 10)]),
    ([(0, 30, None)], [(0, 29, None)]),
    ([(0, 30, 10), (30, 30, 10)], [(0, 59, 10)]),
    ([(0, 30, 10), (30, 30, 20)], [(0, 29, 10), (30, 59, 20)]),
    # A renewal with ten days left replaces, with eleven left it adds.
    ([(0, 30, 10), (20, 30, 20)], [(0, 19, 10), (20, 49, 20)]),
    ([(0, 30, 10), (19, 30, 20)], [(0, 18, 10), (19, 29, 30), (30, 48, 20)]),
    ([(0, 30, 10), (20, 30, 10)], [(0, 49, 10)]),
    ([(0, 30, 10), (0, 30, 20)], [(0, 29, 30)]),
    # Both halves of a regimen are renewed on one day.
    ([(0, 30, 10), (0, 30, 20), (25, 30, 10), (25, 30, 20)], [(0, 54, 30)]),
    # Short orders that begin together are no renewals of each other.
    ([(0, 7, 10), (0, 5, 20)], [(0, 4, 30), (5, 6, 10)]),
    # The dose holds on across a joined gap.
    ([(0, 30, 10), (50, 30, 20)], [(0, 49, 10), (50, 79, 20)]),
    ([(0, 30, 10), (50, 30, 10)], [(0, 79, 10)]),
    ([(0, 30, 10), (90, 30, 20)], [(0, 29, 10), (90, 119, 20)]),
    # An unknown dose makes the sum unknown for as long as it lasts.
    ([(0, 60, 10), (10, 20, None)], [(0, 9, 10), (10, 29, None), (30, 59, 10)]),
    ([(0, 30, 10), (30, 30, None), (60, 30, 10)], [(0, 29, 10), (30, 59, None), (60, 89, 10)]),
    # Sums of odd fractions come back to what they were.
    ([(0, 90, 10.1), (10, 30, 0.2), (20, 30, 0.7)], [(0, 9, 10.1), (10, 19, 10.3), (20, 39, 11), (40, 49, 10.8), (50, 89, 10.1)]),
]  # fmt: skip


def orders(idea: str, number: int, rows: list[Row]) -> Iterator[Row]:
    """Prescriptions of one case."""
    for place, row in enumerate(rows):
        filled = {"start_date": DAY0, "status": "active", "prescriber_id": f"dr{place}", "facility_id": "north", **row}
        yield {"patient_id": f"{idea}-{number}", "prescription_id": f"{idea}-{number}-{place}", **filled}


def spread(order: Order, default: Row) -> Row:
    """Write an order of (first day, days, more) as a prescription."""
    first, days, more = order
    return {**default, "start_date": day(first), "days_supply": days, **{k: v for k, v in more.items() if k != "inpatient"}}


def prescriptions() -> Iterator[Row]:
    """Yield the prescriptions of all cases."""
    singles: dict[str, list[Row]] = {
        "identity": [row for row, *_ in IDENTITY],
        "dose": [row for row, *_ in DOSES],
        "magnesium": [{"dose_quantity": 1, "dose_unit": "tablet", "frequency_per_day": 2, **row} for row, *_ in MAGNESIUM],
        "mark": [row for row, *_ in MARKS],
        "ward": [{**TABLETS, **row} for row, _ in WARD_DOSES],
        "coverage": [row for row, *_ in COVERAGE],
    }
    for idea, rows in singles.items():
        for number, row in enumerate(rows):
            yield from orders(idea, number, [row])
    for number, (given, _) in enumerate(EXPOSURES):
        yield from orders("exposure", number, [spread(order, TABLETS) for order in given])
    for number, (_, earlier, _) in enumerate(NEWNESS):
        yield from orders("newness", number, [spread(order, TABLETS) for order in [(0, 30, {}), *earlier]])
    for number, (doses, _) in enumerate(STEPS):
        rows = [{**TABLETS, "start_date": day(first), "days_supply": days, "daily_dose_mg": mg} for first, days, mg in doses]
        yield from orders("step", number, rows)
    yield from orders("course", 0, COURSE)


COURSE: list[Row] = [
    {**TABLETS, "days_supply": 30, "as_needed": True, "sig": "wean off over two weeks"},
    {
        **TABLETS,
        "drug_name": "baclofen 20 mg tablet",
        "start_date": day(30),
        "days_supply": 60,
        "end_date": day(50),
        "status": "stopped",
    },
    {**TABLETS, "start_date": day(40), "days_supply": 5, "status": "completed"},
]


def encounters() -> Iterator[Row]:
    """Yield the stays of inpatient orders, and the visits on which the patients of NEWNESS were first seen."""
    for number, (given, _) in enumerate(EXPOSURES):
        for place, (first, days, more) in enumerate(given):
            if more.get("inpatient"):
                yield stay(f"exposure-{number}", place, day(first), day(first + days - 1), "inpatient")
    for number, (seen, *_) in enumerate(NEWNESS):
        yield stay(f"newness-{number}", 0, day(-seen), day(-seen), "outpatient")


def stay(patient: str, place: int, first: date, last: date, kind: str) -> Row:
    """One encounter."""
    started, ended = (datetime(d.year, d.month, d.day, 9) for d in (first, last))  # noqa: DTZ001 (the site's own time)
    return {
        "encounter_id": f"{patient}-stay{place}", "patient_id": patient, "class": kind, "started_at": started, "ended_at": ended,
    }  # fmt: skip


def administrations() -> Iterator[Row]:
    """Yield three doses of iron sucrose, two of them within a month, and baclofen given on a ward."""
    given: list[tuple[int, str, float, str]] = [
        (0, "iron sucrose injection 20 mg/ml", 5, "mL"), (14, "Venofer", 200, "mg"), (60, "Venofer", 0.1, "g"),
        (0, "baclofen 10 mg tablet", 2, "tablet"),
    ]  # fmt: skip
    for place, (number, name, quantity, unit) in enumerate(given):
        at = datetime(2024, 1, 1, 9) + timedelta(days=number)  # noqa: DTZ001 (the site's own time)
        yield {
            "administration_id": f"adm-{place}", "patient_id": "clinic", "drug_name": name,
            "dose_quantity": quantity, "dose_unit": unit, "administered_at": at,
        }  # fmt: skip


# --- the build


@cache
def sql_file(table: str) -> SqlFile:
    """Find the file that makes `schema.table`."""
    schema, name = table.split(".")
    (path,) = (PROJECT.sql / schema).rglob(f"{name}.sql")
    return SqlFile(path)


def build(con: duckdb.DuckDBPyConnection, table: str, values: dict[str, Value], done: set[str]) -> None:
    """Build a table after everything in clean and facts that it reads."""
    schema = table.partition(".")[0]
    if table in done or schema not in ("clean", "facts"):
        return
    for read in sorted(sql_file(table).tables):
        build(con, read, values, done)
    build_table(con, schema, sql_file(table), values)
    done.add(table)


def create_feed(con: duckdb.DuckDBPyConnection, feed: str) -> None:
    """Create an empty feed with its native columns."""
    kinds = {"date": "DATE", "at": "TIMESTAMP"}
    names = [n for n in sql_file(f"extracts.{feed}").column_comments if n not in ("file", "line", "deleted", "faults")]
    typed = {n: "DOUBLE" if n in NUMBERS else kinds.get(n.rsplit("_", 1)[-1], "VARCHAR") for n in names}
    declared = ", ".join(f'"{name}" {"BOOLEAN" if name == "as_needed" else kind}' for name, kind in typed.items())
    con.execute(f"CREATE TABLE extracts.{feed} ({declared}, file VARCHAR, line BIGINT)")


def insert(con: duckdb.DuckDBPyConnection, feed: str, row: Row) -> None:
    names, places = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    con.execute(f"INSERT INTO extracts.{feed} ({names}) VALUES ({places})", list(row.values()))


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    """All cases, built once."""
    feeds = {"prescriptions": [*prescriptions()], "encounters": [*encounters()], "administrations": [*administrations()]}
    patients = sorted({row["patient_id"] for rows in feeds.values() for row in rows})
    values: dict[str, Value] = {**fact_parameters(PROJECT.rules), "as_of": AS_OF}
    wanted = ("facts.exposures", "facts.dose_steps", "facts.coverages", "clean.unmapped_near_names", "clean.drug_code_conflicts")
    with connect() as con:
        create_schemas(con)
        create_macros(con, PROJECT.sql / "macros")
        load_codelists(con, PROJECT.rules / "codelists")
        for feed in FEEDS:
            create_feed(con, feed)
        con.executemany(
            "INSERT INTO extracts.patients (patient_id, birth_date, sex) VALUES (?, DATE '1960-01-01', 'female')",
            [[p] for p in patients],
        )
        for feed, rows in feeds.items():
            for row in rows:
                insert(con, feed, row)
        done: set[str] = set()
        for table in wanted:
            build(con, table, values, done)
        yield con


def read(con: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return con.execute(query, list(values)).fetchall()


def numbered(cases: list[Any]) -> list[Any]:
    """Parameters of a table of cases: the case's place, then the case."""
    return [pytest.param(number, *case, id=f"{number}: {case[0]}"[:90]) for number, case in enumerate(cases)]


# --- the tests


@pytest.mark.parametrize(("number", "row", "expected"), numbered(IDENTITY))
def test_a_row_is_the_drug_that_its_code_or_name_says(
    built: duckdb.DuckDBPyConnection, number: int, row: Row, expected: set[tuple[str, str, str | None, str]]
) -> None:
    query = "SELECT ingredient, route_group, product_class, matched_by FROM facts.prescriptions WHERE patient_id = ?"
    assert set(read(built, query, f"identity-{number}")) == expected, row


@pytest.mark.parametrize(("number", "row", "daily", "method", "confidence", "single"), numbered(DOSES))
def test_a_daily_dose_comes_from_the_first_method_that_gives_one(
    built: duckdb.DuckDBPyConnection,
    number: int,
    row: Row,
    daily: float | None,
    method: str,
    confidence: str | None,
    single: float | None,
) -> None:
    query = "SELECT daily_dose_mg, dose_method, dose_confidence, single_dose_mg FROM facts.prescriptions WHERE patient_id = ?"
    for found in read(built, query, f"dose-{number}"):
        assert (pytest.approx(daily), method, confidence, pytest.approx(single)) == found, row


@pytest.mark.parametrize(("number", "row", "single"), numbered(WARD_DOSES))
def test_a_dose_without_a_frequency_is_never_a_daily_dose(
    built: duckdb.DuckDBPyConnection, number: int, row: Row, single: float | None
) -> None:
    orders = "SELECT daily_dose_mg, dose_method, dose_confidence, single_dose_mg FROM facts.prescriptions WHERE patient_id = ?"
    assert read(built, orders, f"ward-{number}") == [(None, "unknown", None, pytest.approx(single))], row
    steps = "SELECT daily_dose_mg, elemental_daily_mg FROM facts.dose_steps WHERE patient_id = ?"
    assert read(built, steps, f"ward-{number}") == [(None, None)], row


@pytest.mark.parametrize(("number", "row", "labelled", "elemental"), numbered(MAGNESIUM))
def test_magnesium_is_counted_as_labelled_and_as_the_element(
    built: duckdb.DuckDBPyConnection, number: int, row: Row, labelled: float | None, elemental: float | None
) -> None:
    query = "SELECT daily_dose_mg, elemental_daily_mg FROM facts.prescriptions WHERE patient_id = ?"
    assert read(built, query, f"magnesium-{number}") == [(pytest.approx(labelled), pytest.approx(elemental))], row


@pytest.mark.parametrize(("number", "row", "as_needed", "is_range", "taper"), numbered(MARKS))
def test_orders_as_needed_ranges_and_tapers_are_marked(
    built: duckdb.DuckDBPyConnection, number: int, row: Row, *, as_needed: bool, is_range: bool, taper: bool
) -> None:
    query = "SELECT as_needed, dose_is_range, taper FROM facts.prescriptions WHERE patient_id = ?"
    assert read(built, query, f"mark-{number}") == [(as_needed, is_range, taper)], row


@pytest.mark.parametrize(("number", "row", "last", "method"), numbered(COVERAGE))
def test_a_prescription_covers_the_days_of_its_supply(
    built: duckdb.DuckDBPyConnection, number: int, row: Row, last: int, method: str
) -> None:
    query = "SELECT end_date, end_method FROM facts.prescriptions WHERE patient_id = ?"
    assert read(built, query, f"coverage-{number}") == [(day(last), method)], row


@pytest.mark.parametrize(("number", "given", "courses"), numbered(EXPOSURES))
def test_orders_make_courses(built: duckdb.DuckDBPyConnection, number: int, given: list[Order], courses: list[Course]) -> None:
    query = "SELECT start_date, end_date, covered_days, length_days FROM facts.exposures WHERE patient_id = ? ORDER BY ALL"
    expected = [(day(first), day(last), covered, last - first + 1) for first, last, covered in courses]
    assert read(built, query, f"exposure-{number}") == expected, given


def test_every_order_is_part_of_one_course_and_covers_its_days(built: duckdb.DuckDBPyConnection) -> None:
    members = "SELECT row_id, ingredient FROM facts.exposure_members WHERE feed = 'prescriptions' ORDER BY ALL"
    assert read(built, members) == read(built, "SELECT row_id, ingredient FROM facts.prescriptions ORDER BY ALL")
    covered = "SELECT exposure_id, sum(end_date - start_date + 1) FROM facts.coverages GROUP BY ALL ORDER BY ALL"
    assert read(built, covered) == read(built, "SELECT exposure_id, covered_days FROM facts.exposures ORDER BY ALL")


@pytest.mark.parametrize(("number", "seen", "earlier", "newness"), numbered(NEWNESS))
def test_a_course_is_new_when_the_half_year_before_is_known_to_be_free(
    built: duckdb.DuckDBPyConnection, number: int, seen: int, earlier: list[Order], newness: str
) -> None:
    query = "SELECT newness FROM facts.exposures WHERE patient_id = ? AND start_date = ? AND route_group = 'oral'"
    assert read(built, query, f"newness-{number}", DAY0) == [(newness,)], (seen, earlier)


@pytest.mark.parametrize(("number", "given", "steps"), numbered(STEPS))
def test_a_course_is_made_of_dose_steps(
    built: duckdb.DuckDBPyConnection, number: int, given: list[Any], steps: list[Step]
) -> None:
    query = "SELECT start_date, end_date, daily_dose_mg FROM facts.dose_steps WHERE patient_id = ? ORDER BY ALL"
    expected = [(day(first), day(last), pytest.approx(dose)) for first, last, dose in steps]
    assert read(built, query, f"step-{number}") == expected, given


def test_dose_steps_follow_each_other_from_the_first_to_the_last_day(built: duckdb.DuckDBPyConnection) -> None:
    whole = (
        "SELECT exposure_id, min(start_date), max(end_date), sum(end_date - start_date + 1), max(step_no) = count(*) "
        "FROM facts.dose_steps GROUP BY ALL ORDER BY ALL"
    )
    courses = (
        "SELECT exposure_id, start_date, end_date, length_days, TRUE "
        "FROM facts.exposures WHERE NOT from_administrations AND list_contains(?, ingredient) ORDER BY ALL"
    )
    assert read(built, whole) == read(built, courses, fact_parameters(PROJECT.rules)["dosed_ingredients"])


def test_a_course_tells_its_orders_and_how_it_ended(built: duckdb.DuckDBPyConnection) -> None:
    query = (
        "SELECT exposure_id, prn_only, explicit_stop, taper, prescription_ids, first_prescription_id, last_prescription_id, "
        "prescriber_id, facility_id, first_drug_name FROM facts.exposures WHERE patient_id = 'course-0'"
    )
    ids = ["course-0-0", "course-0-1", "course-0-2"]
    assert read(built, query) == [
        (
            "course-0|baclofen|oral||2024-01-01", False, True, True, ids, ids[0], ids[1],
            "dr1", "north", "baclofen 10 mg tablet",
        )
    ]  # fmt: skip


def test_clinic_administrations_make_courses_and_ward_ones_do_not(built: duckdb.DuckDBPyConnection) -> None:
    doses = (
        "SELECT row_id, ingredient, route_group, dose_mg FROM facts.administrations WHERE patient_id = 'clinic' ORDER BY row_id"
    )
    assert read(built, doses) == [
        ("adm-0", "iron sucrose", "injectable", 100), ("adm-1", "iron sucrose", "injectable", 200),
        ("adm-2", "iron sucrose", "injectable", 100), ("adm-3", "baclofen", "oral", 20),
    ]  # fmt: skip
    courses = (
        "SELECT start_date, end_date, covered_days, from_administrations, administration_ids, prescription_ids "
        "FROM facts.exposures WHERE patient_id = 'clinic' ORDER BY start_date"
    )
    assert read(built, courses) == [
        (day(0), day(14), 2, True, ["adm-0", "adm-1"], []),
        (day(60), day(60), 1, True, ["adm-2"], []),
    ]


def test_names_near_to_a_listed_one_and_codes_that_disagree_are_listed(built: duckdb.DuckDBPyConnection) -> None:
    near = dict(read(built, "SELECT drug_name, because FROM clean.unmapped_near_names"))
    assert near == {
        "choline magnesium trisalicylate 500 mg tablet": "false friend",
        "multivitamin with magnesium tablet": "false friend",
        "baclofenum compositum": "part of a word",
    }
    conflicts = read(built, "SELECT drug_code, drug_name, ingredient, prescriptions FROM clean.drug_code_conflicts")
    assert conflicts == [("197391", "captopril 25 mg tablet", "baclofen", 1)]
