"""Charts written as a native extract."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from second_reading.catalogue import TESTS
from second_reading.chart import Chart, Day, Diagnosis, Dose, Encounter, Lab, Order, Procedure, Session

Cells = dict[str, Any]


def iso(day: Day | None, hour: str = "") -> str:
    """A day as an extract writes it."""
    return "" if day is None else date.fromordinal(day).isoformat() + hour


def order_cells(o: Order) -> Cells:
    return {
        "drug_code": o.drug.code, "drug_code_system": "rxnorm", "drug_name": o.drug.name, "route": o.drug.route,
        "start_date": iso(o.day), "end_date": iso(o.stop), "status": o.status, "daily_dose_mg": o.daily_dose_mg,
        "dose_quantity": o.tablets, "dose_unit": "tablet" if o.tablets else None, "frequency_per_day": o.times_a_day,
        "as_needed": str(o.as_needed).lower(), "sig": o.sig, "quantity": o.quantity, "days_supply": o.days_supply,
        "refills": o.refills, "indication_code": o.indication, "indication_code_system": "icd10cm" if o.indication else "",
    }  # fmt: skip


def lab_cells(lab: Lab) -> Cells:
    code, name, unit = TESTS[lab.analyte]
    return {
        "collected_at": iso(lab.day, "T08:00:00"), "test_code": code, "test_code_system": "loinc" if code else "local",
        "test_name": name, "value": lab.value, "unit": unit, "status": lab.status,
    }  # fmt: skip


def diagnosis_cells(d: Diagnosis) -> Cells:
    return {"code": d.code, "code_system": "icd10cm", "recorded_date": iso(d.day), "resolved_date": iso(d.resolved)}


def procedure_cells(p: Procedure) -> Cells:
    return {"code": p.code, "code_system": "cpt", "performed_at": iso(p.day, "T10:00:00")}


def dose_cells(d: Dose) -> Cells:
    return {
        "drug_code": d.drug.code, "drug_code_system": "rxnorm", "drug_name": d.drug.name, "route": d.drug.route,
        "dose_quantity": d.drug.strength_mg, "dose_unit": "mg", "administered_at": iso(d.day, "T10:00:00"),
    }  # fmt: skip


def session_cells(s: Session) -> Cells:
    cramps = None if s.cramps is None else str(s.cramps).lower()
    return {"started_at": iso(s.day, "T09:00:00"), "modality": "hemodialysis", "dry_weight_kg": s.dry_weight, "cramps": cramps}


def encounter_cells(e: Encounter) -> Cells:
    return {"class": e.kind, "started_at": iso(e.day, "T06:00:00"), "ended_at": iso(e.end, "T18:00:00")}


# Feed, its id, the chart's rows of it, and how one of them is written.
FEEDS: tuple[tuple[str, str, str, Callable[[Any], Cells]], ...] = (
    ("prescriptions", "prescription_id", "orders", order_cells),
    ("labs", "lab_id", "labs", lab_cells),
    ("diagnoses", "diagnosis_id", "diagnoses", diagnosis_cells),
    ("procedures", "procedure_id", "procedures", procedure_cells),
    ("administrations", "administration_id", "doses", dose_cells),
    ("dialysis_sessions", "session_id", "sessions", session_cells),
    ("encounters", "encounter_id", "encounters", encounter_cells),
)


def write_extract(folder: Path, charts: Iterable[Chart], extracted: Day, covers: Mapping[str, Day]) -> None:
    """Write all charts as one snapshot."""
    charts = list(charts)
    folder.mkdir(parents=True)
    patients = [
        {"patient_id": c.patient_id, "birth_date": iso(c.birth), "sex": c.sex, "death_date": iso(c.death)} for c in charts
    ]
    write_feed(folder, "patients", patients)
    for feed, key, rows, cells in FEEDS:
        write_feed(folder, feed, [row for c in charts for row in cells_of(c, feed, key, getattr(c, rows), cells)])
    info = {"extracted_at": iso(extracted), "mode": "snapshot", "covers": {feed: iso(day) for feed, day in covers.items()}}
    (folder / "extract.json").write_text(json.dumps(info), encoding="utf-8")


def cells_of(chart: Chart, feed: str, key: str, rows: Iterable[Any], cells: Callable[[Any], Cells]) -> list[Cells]:
    """A chart's rows of one feed, with ids."""
    named = {"patient_id": chart.patient_id}
    return [{key: f"{chart.patient_id}-{feed}-{n}", **named, **cells(row)} for n, row in enumerate(rows, start=1)]


def write_feed(folder: Path, feed: str, rows: list[Cells]) -> None:
    with (folder / f"{feed}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
