"""The FHIR source (sql/sources/fhir): what a resource becomes, one case for each trait of the format.

All resources lie in one invented export, which is loaded once. A case names the row of a feed that its resource becomes
and says what stands in it, or why it is in quarantine, or that it is gone. Loading asserts that no resource is lost.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

KEYS = {
    "patients": "patient_id",
    "prescriptions": "prescription_id",
    "labs": "lab_id",
    "diagnoses": "diagnosis_id",
    "procedures": "procedure_id",
    "administrations": "administration_id",
    "encounters": "encounter_id",
}
Json = dict[str, Any]
GONE: Json = {}
# Five hours behind UTC in winter, so that the day of a moment differs.
ZONE = "America/New_York"


@dataclass(frozen=True)
class Case:
    """A resource and the row of a feed that it becomes; `{}` is none, `reason` is why it is in quarantine."""

    feed: str
    name: str
    sent: Json
    expected: Json

    def __str__(self) -> str:
        return f"{self.feed}: {self.name}"


def row(con: duckdb.DuckDBPyConnection, feed: str, row_id: str) -> Json:
    """A row of a feed as text, without what is empty; or the reasons for which it is in quarantine."""
    rows = con.sql(f"SELECT * FROM extracts.{feed} WHERE {KEYS[feed]} = $id", params={"id": row_id})
    found = [dict(zip(rows.columns, values, strict=True)) for values in rows.fetchall()]
    reasons = con.execute("SELECT reason FROM audit.quarantine WHERE feed = ? AND row_id = ?", [feed, row_id]).fetchall()
    assert len(found) + len(reasons) <= 1, f"{row_id} came out more than once"
    if reasons:
        return {"reason": reasons[0][0]}
    return {name: str(value) for name, value in found[0].items() if value is not None} if found else GONE


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NDC, SNOMED, ATC = "http://hl7.org/fhir/sid/ndc", "http://snomed.info/sct", "http://www.whocc.no/atc"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
ICD10, CPT = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.ama-assn.org/go/cpt"
TABLET = {"coding": [{"system": RXNORM, "code": "197391", "display": "baclofen 10 MG Oral Tablet"}]}


def coded(*codings: tuple[str | None, str, str | None], text: str | None = None) -> Json:
    return {"coding": [{"system": s, "code": c, "display": d} for s, c, d in codings], **({"text": text} if text else {})}


def quantity(value: float, unit: str | None = None, **more: str) -> Json:
    return {"value": value, **({"unit": unit} if unit else {}), **more}


def rx(name: str, sent: Json, /, **expected: str | None) -> Case:
    base = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-01-10",
    }
    drug = {} if any(key.startswith("medication") for key in sent) else {"medicationCodeableConcept": TABLET}
    return Case("prescriptions", name, {**base, **drug, **sent}, expected)


def dose(*instructions: Json) -> Json:
    return {"dosageInstruction": list(instructions)}


def amount(value: float, unit: str | None = "mg") -> Json:
    return {"doseAndRate": [{"doseQuantity": quantity(value, unit)}]}


def every(**rhythm: Any) -> Json:
    return {"timing": {"repeat": rhythm}}


def limit(value: float, unit: str, period: float = 1, period_unit: str = "d") -> Json:
    return {"maxDosePerPeriod": {"numerator": quantity(value, unit), "denominator": quantity(period, period_unit)}}


def bounded(**bounds: Json) -> Json:
    return dose({"timing": {"repeat": bounds}})


def timing_code(code: str) -> Json:
    return {"timing": {"code": coded((None, code, None))}}


def lab(name: str, sent: Json, /, **expected: str | None) -> Case:
    base = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": coded((LOINC, "2160-0", "Creatinine")),
        "effectiveDateTime": "2026-01-10T08:00:00",
    }
    return Case("labs", name, {**base, **sent}, expected)


def other_lab(name: str, sent: Json, /, **expected: str | None) -> Case:
    """A test that the audit does not use, so that any value is loaded as it is."""
    return lab(name, {"code": coded((LOINC, "718-7", "Hemoglobin")), **sent}, **expected)


def dx(name: str, sent: Json, /, **expected: str | None) -> Case:
    base = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/p1"},
        "code": coded((ICD10, "R25.2", "Cramp and spasm")),
        "recordedDate": "2026-01-10",
    }
    return Case("diagnoses", name, {**base, **sent}, expected)


def px(name: str, sent: Json, /, **expected: str | None) -> Case:
    base = {
        "resourceType": "Procedure",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "code": coded((CPT, "90935", "Hemodialysis")),
        "performedDateTime": "2026-01-10T08:00:00",
    }
    return Case("procedures", name, {**base, **sent}, expected)


def given(name: str, sent: Json, /, **expected: str | None) -> Case:
    base = {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-01-10T08:00:00",
    }
    drug = {} if "medicationReference" in sent else {"medicationCodeableConcept": TABLET}
    return Case("administrations", name, {**base, **drug, **sent}, expected)


def visit(name: str, sent: Json, /, **expected: str | None) -> Case:
    base = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-01-10T08:00:00", "end": "2026-01-10T09:00:00"},
    }
    return Case("encounters", name, {**base, **sent}, expected)


def person(name: str, sent: Json, /, **expected: str | None) -> Case:
    base = {"resourceType": "Patient", "birthDate": "1960-06-15", "gender": "female"}
    return Case("patients", name, {**base, **sent}, expected)


MEDICATION = {"resourceType": "Medication", "id": "m1", "code": TABLET}
BESIDE: list[Json] = [
    {"resourceType": "Patient", "id": "p1", "birthDate": "1960-06-15", "gender": "female"},
    {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"},
     "subject": {"reference": "Patient/p1"}, "period": {"start": "2026-01-09"},
     "serviceProvider": {"reference": "Organization/ward-7"}},
    MEDICATION,
    {"resourceType": "Medication", "id": "m-uuid", "code": coded((NDC, "00172-4096-60", None), text="Baclofen tablets")},
    {"resourceType": "Medication", "id": "m-one", "form": {"text": "tablet"},
     "ingredient": [{"itemCodeableConcept": coded((RXNORM, "1292", "baclofen")),
                     "strength": {"numerator": quantity(10, "mg"), "denominator": quantity(1, "tablet")}}]},
    {"resourceType": "Medication", "id": "m-liquid", "code": coded(text="Baclofen solution"),
     "ingredient": [{"itemCodeableConcept": coded((RXNORM, "1292", "baclofen")),
                     "strength": {"numerator": quantity(5, "mg"), "denominator": quantity(5, "mL")}}]},
    {"resourceType": "Medication", "id": "m-two", "ingredient": [
        {"itemCodeableConcept": coded(text="magnesium oxide")}, {"itemCodeableConcept": coded((RXNORM, "1", "calcium"))}]},
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "recordedDate": "2026-01-01",
     "code": coded((SNOMED, "449917004", "Nocturnal leg cramp"))},
]  # fmt: skip

PRESCRIPTIONS = [
    # What drug it is.
    rx("a coding", {}, drug_code="197391", drug_code_system="rxnorm", drug_name="baclofen 10 MG Oral Tablet"),
    rx("the text goes before the display", {"medicationCodeableConcept": {**TABLET, "text": "Lioresal"}},
       drug_code="197391", drug_name="Lioresal"),
    rx("a text alone", {"medicationCodeableConcept": {"text": "baclofen 10 mg"}},
       drug_code=None, drug_code_system=None, drug_name="baclofen 10 mg"),
    rx("RxNorm goes first", {"medicationCodeableConcept": coded(
        ("urn:oid:1.2.3", "L1", "local"), (ATC, "M03BX01", "atc"), (SNOMED, "398057008", "sct"), (NDC, "00172409660", "ndc"),
        (RXNORM, "197391", "rx"))}, drug_code="197391", drug_code_system="rxnorm", drug_name="rx"),
    rx("NDC goes before SNOMED", {"medicationCodeableConcept": coded((SNOMED, "1", "s"), (NDC, "00172409660", "n"))},
       drug_code="00172409660", drug_code_system="ndc"),
    rx("SNOMED goes before ATC", {"medicationCodeableConcept": coded((ATC, "M03BX01", "a"), (SNOMED, "398057008", "s"))},
       drug_code="398057008", drug_code_system="snomed"),
    rx("ATC goes before a local code", {"medicationCodeableConcept": coded(("x", "L1", "l"), (ATC, "M03BX01", "a"))},
       drug_code="M03BX01", drug_code_system="atc"),
    rx("a local code", {"medicationCodeableConcept": coded(("urn:oid:1.2.3", "L1", "Baclofen Tab"))},
       drug_code="L1", drug_code_system="local", drug_name="Baclofen Tab"),
    rx("a Medication referred to", {"medicationReference": {"reference": "Medication/m1"}},
       drug_code="197391", drug_name="baclofen 10 MG Oral Tablet"),
    rx("a Medication by its address and version",
       {"medicationReference": {"reference": "https://ehr.example/fhir/Medication/m1/_history/3"}}, drug_code="197391"),
    rx("a Medication by its uuid", {"medicationReference": {"reference": "urn:uuid:m-uuid"}},
       drug_code="00172-4096-60", drug_code_system="ndc", drug_name="Baclofen tablets"),
    rx("a contained Medication", {"contained": [{"resourceType": "Medication", "id": "other", "code": {"text": "naproxen"}},
                                                {**MEDICATION, "id": "in"}], "medicationReference": {"reference": "#in"}},
       drug_code="197391", drug_code_system="rxnorm"),
    rx("a Medication of one ingredient", {"medicationReference": {"reference": "Medication/m-one"}},
       drug_code="1292", drug_code_system="rxnorm", drug_name="baclofen", strength="10 mg tablet"),
    rx("a text with one ingredient", {"medicationReference": {"reference": "Medication/m-liquid"}},
       drug_code="1292", drug_name="Baclofen solution", strength="5 mg/5 mL"),
    rx("a Medication of two ingredients", {"medicationReference": {"reference": "Medication/m-two"}},
       drug_code=None, drug_name="magnesium oxide / calcium", strength=None),
    rx("a Medication that was not exported", {"medicationReference": {"reference": "Medication/m9", "display": "Baclofen 10"}},
       drug_code=None, drug_name="Baclofen 10"),
    rx("a subject that is a group", {"subject": {"reference": "Group/p1"}}, reason="required value missing"),
    rx("a subject by its address", {"subject": {"reference": "https://host/fhir/Patient/p1"}}, patient_id="p1"),
    rx("no drug at all", {"medicationReference": {"reference": "Medication/m9"}}, reason="drug code or name is required"),
    # How much, how often.
    rx("quantity and frequency", dose({**amount(10), **every(frequency=3, period=1, periodUnit="d")}),
       dose_quantity="10.0", dose_unit="mg", frequency_per_day="3.0", sig=None),
    rx("every eight hours", dose({**amount(1, "{tbl}"), **every(frequency=1, period=8, periodUnit="h")}),
       dose_unit="{tbl}", frequency_per_day="3.0"),
    rx("once a period without a frequency", dose(every(period=12, periodUnit="h")), frequency_per_day="2.0"),
    rx("twice a week", dose(every(frequency=2, period=1, periodUnit="wk")), frequency_per_day="0.285714"),
    rx("every other day", dose(every(frequency=1, period=2, periodUnit="d")), frequency_per_day="0.5"),
    rx("on three days of the week", dose(every(frequency=1, period=1, periodUnit="d", dayOfWeek=["mon", "wed", "fri"])),
       frequency_per_day="0.428571"),
    rx("three days a week", dose(every(frequency=1, period=1, periodUnit="wk", dayOfWeek=["mon", "wed", "fri"])),
       frequency_per_day="0.428571"),
    rx("at times of the day", dose(every(timeOfDay=["08:00:00", "20:00:00"])), frequency_per_day="2.0"),
    rx("in the morning and at bedtime", dose(every(when=["MORN", "HS"])), frequency_per_day="2.0"),
    rx("with meals, whichever", dose(every(when=["C"])), frequency_per_day=None),
    rx("a timing code", dose({**amount(10), **timing_code("TID")}), frequency_per_day="3.0", sig=None),
    rx("a timing code in hours", dose(timing_code("Q6H")), frequency_per_day="4.0"),
    rx("a timing code for the night", dose(timing_code("HS")), frequency_per_day="1.0"),
    rx("a timing code that is not known", dose({**amount(10), "timing": {"code": {"text": "three times daily"}}}),
       dose_quantity="10.0", frequency_per_day=None, sig="three times daily"),
    rx("the dose ordered goes before the one calculated", dose({"doseAndRate": [
        {"type": coded((None, "calculated", None)), "doseQuantity": quantity(9.8, "mg")},
        {"type": coded((None, "ordered", None)), "doseQuantity": quantity(10, "mg")}]}), dose_quantity="10.0"),
    rx("a frequency that is no number", dose(every(frequency="often", period=1, periodUnit="d")), reason="unparseable number"),
    rx("a dose that is no number", dose({"doseAndRate": [{"doseQuantity": {"value": "10,5"}}]}), reason="unparseable number"),
    # Directions.
    rx("the text of one plain instruction",
       dose({"text": "10 mg tid for leg cramps", **amount(10), **every(frequency=3, period=1, periodUnit="d")}),
       sig="10 mg tid for leg cramps", dose_quantity="10.0", frequency_per_day="3.0"),
    rx("additional instructions",
       dose({"additionalInstruction": [coded((SNOMED, "1", "Take with food")), {"text": "Swallow whole"}]}),
       sig="Take with food. Swallow whole"),
    rx("a dose range", dose({"doseAndRate": [{"doseRange": {"low": quantity(1, "tablet"), "high": quantity(2, "tablet")}}],
                             **every(frequency=3, period=1, periodUnit="d")}),
       dose_quantity=None, frequency_per_day=None, sig="1-2 tablet 3 times a day"),
    rx("a range of frequencies", dose({**amount(10), **every(frequency=2, frequencyMax=3, period=1, periodUnit="d")}),
       dose_quantity=None, sig="10 mg 2-3 times a day"),
    rx("a range of periods", dose({**amount(1, "{tbl}"), **every(frequency=1, period=4, periodMax=6, periodUnit="h"),
                                   "asNeededBoolean": True}),
       frequency_per_day=None, as_needed="True", sig="1 tablet every 4-6 hours as needed"),
    rx("a range with words of its own", dose({"text": "Take 1-2 tablets q4-6h", **amount(1), **every(
        frequency=1, period=4, periodMax=6, periodUnit="h")}), dose_quantity=None, sig="Take 1-2 tablets q4-6h"),
    rx("a range with words that say no number", dose({"text": "For leg cramps", **amount(10), **every(
        frequency=1, frequencyMax=2, period=1, periodUnit="d")}), sig="10 mg 1-2 times a day. For leg cramps"),
    rx("at most so much", dose({"doseAndRate": [{"doseQuantity": quantity(20, "mg", comparator="<=")}], **every(
        frequency=1, period=1, periodUnit="d")}), dose_quantity=None, sig="20 mg 1 times a day"),
    rx("a limit below the dose", dose({**amount(1, "tablet"), **every(frequency=1, period=6, periodUnit="h"), **limit(2, "tablet")}),
       frequency_per_day=None, dose_quantity=None, sig="1 tablet every 6 hours, max 2 tablet per day"),
    rx("a limit in hours", dose({**amount(10), **every(frequency=1, period=6, periodUnit="h"), **limit(30, "mg", 24, "h")}),
       frequency_per_day=None, sig="10 mg every 6 hours, max 30 mg per day"),
    rx("a limit of a week", dose({**amount(10), **every(frequency=3, period=1, periodUnit="d"), **limit(70, "mg", 1, "wk")}),
       frequency_per_day=None, sig="10 mg 3 times a day, max 70 mg per 1 wk"),
    rx("a limit that is not reached", dose({**amount(10), **every(frequency=3, period=1, periodUnit="d"), **limit(80, "mg")}),
       dose_quantity="10.0", frequency_per_day="3.0", sig=None),
    rx("a limit alone", dose(limit(60, "mg")), sig="max 60 mg per day"),
    rx("a limit beside words", dose({"text": "1 tab q6h prn", **amount(1, "tablet"), **limit(2, "tablet")}),
       sig="1 tab q6h prn, max 2 tablet per day"),
    rx("a limit that the words name", dose({"text": "1 tab q6h, max 2 per day", **amount(1, "tablet"), **limit(2, "tablet")}),
       sig="1 tab q6h, max 2 per day"),
    rx("at least so much", dose({"doseAndRate": [{"doseRange": {"low": quantity(10, "mg")}}],
                                 **every(frequency=3, period=1, periodUnit="d")}),
       dose_quantity=None, sig="at least 10 mg 3 times a day"),
    rx("two moments of the day", dose({**amount(1, "tablet"), **every(when=["MORN"])}, {**amount(3, "tablet"), **every(when=["HS"])}),
       sig="1 tablet in the morning; 3 tablet at bedtime"),
    rx("so many doses", dose({**amount(10), **every(frequency=2, period=1, periodUnit="d", count=10)}),
       end_date="2026-01-14", days_supply="5.0"),
    rx("one dose", dose({**amount(10), **every(count=1)}), end_date="2026-01-10", days_supply="1.0"),
    rx("at most so many doses", dose({**amount(10), **every(frequency=1, period=1, periodUnit="d", count=3, countMax=7)}),
       end_date="2026-01-16"),
    rx("doses of nobody knows what frequency", dose({**amount(10), **every(count=10)}), end_date=None, days_supply=None),
    rx("one instruction after another", dose(
        {"sequence": 2, **amount(5), **every(frequency=3, period=1, periodUnit="d", boundsDuration=quantity(1, code="wk"))},
        {"sequence": 1, **amount(10), **every(frequency=3, period=1, periodUnit="d", boundsDuration=quantity(7, code="d"))}),
       dose_quantity=None, frequency_per_day=None, end_date="2026-01-23",
       sig="10 mg 3 times a day for 7 days, then 5 mg 3 times a day for 1 weeks"),
    rx("two instructions at once", dose({"text": "10 mg in the morning"}, {"text": "20 mg at bedtime"}),
       sig="10 mg in the morning; 20 mg at bedtime"),
    rx("the route", dose({"route": coded((SNOMED, "26643006", "Oral route (qualifier value)"))}), route="Oral route"),
    rx("a route that is only a code", dose({"route": coded((SNOMED, "26643006", None))}), route="26643006"),
    rx("as needed", dose({"asNeededBoolean": True}), as_needed="True"),
    rx("not only as needed", dose({"asNeededBoolean": False}), as_needed="False"),
    rx("nobody says whether as needed", dose(amount(10)), as_needed=None),
    rx("as needed for something", dose({"asNeededCodeableConcept": {"text": "leg cramps"}}),
       as_needed="True", indication_text="leg cramps"),
    # From when to when.
    rx("the bounds", bounded(boundsPeriod={"start": "2026-01-12", "end": "2026-02-11"}),
       start_date="2026-01-12", end_date="2026-02-11"),
    rx("a duration", bounded(boundsDuration=quantity(2, code="wk")), end_date="2026-01-23", days_supply="14.0"),
    rx("the most of a range of durations", bounded(boundsRange={"low": quantity(5, "d"), "high": quantity(7, "d")}),
       end_date="2026-01-16"),
    rx("a stopped duration ended nobody knows when", {"status": "stopped", **bounded(boundsDuration=quantity(14, "days"))},
       status="stopped", end_date=None, days_supply="14.0"),
    rx("the bounds of a stopped request are its end",
       {"status": "stopped", **bounded(boundsPeriod={"end": "2026-01-20T10:00:00"})},
       status="stopped", end_date="2026-01-20"),
    rx("the end before the start", bounded(boundsPeriod={"end": "2026-01-09"}), reason="start after end"),
    rx("a supply with refills", {"dispenseRequest": {
        "expectedSupplyDuration": quantity(30, "days", code="d"), "quantity": quantity(90, "tablet"),
        "numberOfRepeatsAllowed": 3}},
       days_supply="30.0", quantity="90.0", refills="3.0", end_date=None),
    rx("a supply in weeks", {"dispenseRequest": {"expectedSupplyDuration": quantity(4, "weeks")}}, days_supply="28.0"),
    rx("a supply in months", {"dispenseRequest": {"expectedSupplyDuration": quantity(3, code="mo")}}, days_supply="90.0"),
    rx("a supply without a unit is one in days", {"dispenseRequest": {"expectedSupplyDuration": quantity(30)}},
       days_supply="30.0"),
    rx("a supply in an unknown unit", {"dispenseRequest": {"expectedSupplyDuration": quantity(30, "packs")}},
       reason="unparseable number"),
    rx("the bounds of a course have no refills",
       {"dispenseRequest": {"numberOfRepeatsAllowed": 3}, **bounded(boundsDuration=quantity(7, code="d"))},
       days_supply="7.0", refills=None),
    rx("until when it may be dispensed is no end", {"authoredOn": None, "dispenseRequest": {
        "validityPeriod": {"start": "2026-01-11", "end": "2027-01-11"}}}, start_date="2026-01-11", end_date=None),
    rx("a start that lacks its day", {"authoredOn": "2026-01"}, start_date="2026-01-01"),
    rx("a moment with an offset", {"authoredOn": "2026-01-11T02:00:00.123456+00:00"}, start_date="2026-01-10"),
    rx("no start at all", {"authoredOn": None}, reason="required value missing"),
    # Status and intent.
    *[rx(f"status {s}", {"status": s}, status=s)
      for s in ("active", "completed", "stopped", "cancelled", "entered-in-error", "on-hold", "unknown")],
    rx("a draft is signed by nobody", {"status": "draft"}, status="on-hold"),
    rx("a status of no standard", {"status": "maybe"}, reason="unknown value"),
    *[rx(f"intent {i} is no prescription", {"intent": i}, status="cancelled") for i in ("proposal", "plan", "option")],
    *[rx(f"intent {i} is one", {"intent": i}, status="active") for i in ("original-order", "reflex-order", "filler-order")],
    *[rx(f"intent {i} repeats a request", {"intent": i, "basedOn": [{"reference": "MedicationRequest/rx-0"}]}, status="cancelled")
      for i in ("filler-order", "instance-order")],
    rx("an order based on a plan", {"basedOn": [{"reference": "CarePlan/1"}], "intent": "filler-order"}, status="active"),
    rx("an order not to give", {"doNotPerform": True}, status="cancelled"),
    rx("a proposal in error", {"intent": "plan", "status": "entered-in-error"}, status="entered-in-error"),
    # Why, who, where.
    rx("a reason",
       {"reasonCode": [coded((SNOMED, "449917004", "Cramp"), (ICD10, "G47.62", "Leg cramps"), text="Cramps at night")]},
       indication_code="G47.62", indication_code_system="icd10cm", indication_text="Cramps at night"),
    rx("a reason in words", {"reasonCode": [{"text": "leg cramps"}, {"text": "spasticity"}]},
       indication_code=None, indication_text="leg cramps; spasticity"),
    rx("a reason referred to", {"reasonReference": [{"reference": "Condition/c1", "display": "not used"}]},
       indication_code="449917004", indication_code_system="snomed", indication_text="Nocturnal leg cramp"),
    rx("a reason that was not exported", {"reasonReference": [{"reference": "Condition/c9", "display": "Leg cramps"}]},
       indication_code=None, indication_text="Leg cramps"),
    rx("who and where", {"requester": {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|99"},
                         "encounter": {"reference": "urn:uuid:e1"}}, prescriber_id="99", facility_id="ward-7"),
    rx("a patient by uuid", {"subject": {"reference": "urn:uuid:p1"}}, patient_id="p1"),
    rx("somebody else's patient", {"subject": {"reference": "Patient/p9"}}, reason="unknown patient"),
]  # fmt: skip

NUMBER = {"valueQuantity": quantity(1.1, "mg/dL")}
LABS = [
    lab("a quantity", NUMBER, value="1.1", unit="mg/dL", test_code="2160-0", test_code_system="loinc", test_name="Creatinine",
        collected_at="2026-01-10 08:00:00", status="final"),
    lab("a comparator", {"valueQuantity": quantity(0.2, "mg/dL", comparator="<")},
        value="<0.2", comparator="<", value_number="0.2"),
    lab("the UCUM code is the unit", {"valueQuantity": quantity(97, "micromol per litre", system=UCUM, code="umol/L")},
        value="97", unit="umol/L"),
    lab("a code of no standard is not the unit", {"valueQuantity": quantity(1.1, "mg/dL", system="x", code="17")}, unit="mg/dL"),
    lab("a string", {"valueString": "hemolyzed"}, reason="not a number"),
    lab("a string of a test that is not used", {"valueString": "cloudy", "code": {"text": "Appearance"}},
        value="cloudy", test_code=None, test_code_system=None, test_name="Appearance"),
    other_lab("a concept", {"valueCodeableConcept": coded((SNOMED, "1", "Positive"))}, value="Positive", unit=None),
    other_lab("an integer", {"valueInteger": 3}, value="3"),
    other_lab("a boolean", {"valueBoolean": False}, value="false"),
    other_lab("a range", {"valueRange": {"low": quantity(1), "high": quantity(2)}}, value="1-2"),
    other_lab("a ratio", {"valueRatio": {"numerator": quantity(1), "denominator": quantity(128)}}, value="1:128"),
    other_lab("a time", {"valueTime": "08:00:00"}, value="08:00:00"),
    other_lab("a moment", {"valueDateTime": "2026-01-10"}, value="2026-01-10"),
    other_lab("a period", {"valuePeriod": {"start": "2026-01-10", "end": "2026-01-11"}}, value="2026-01-10 to 2026-01-11"),
    other_lab("sampled data", {"valueSampledData": {"data": "1 2 3"}}, value="sampled data"),
    other_lab("why there is no value", {"dataAbsentReason": coded(("x", "not-performed", "Not Performed"))},
              value="Not Performed"),
    lab("why there is no value of a test that is used", {"dataAbsentReason": {"text": "Not done"}}, reason="not a number"),
    other_lab("neither value nor reason", {}, value="no result"),
    lab("LOINC goes before other codes", {**NUMBER, "code": coded(("x", "CREA", "Crea"), (LOINC, "2160-0", None), text="Creat")},
        test_code="2160-0", test_code_system="loinc", test_name="Creat"),
    lab("a local code", {**NUMBER, "code": coded(("x", "CREA", "Creatinine"))}, test_code="CREA", test_code_system="local"),
    lab("limits of reference", {**NUMBER, "referenceRange": [{"low": quantity(0.5), "high": quantity(1.2)}]},
        reference_low="0.5", reference_high="1.2"),
    lab("the laboratory", {**NUMBER, "performer": [{"reference": "Practitioner/1"}, {"reference": "Organization/lab"}]},
        facility_id="lab"),
    lab("a period of collection",
        {**NUMBER, "effectiveDateTime": None, "effectivePeriod": {"start": "2026-01-09", "end": "2026-01-10"}},
        collected_at="2026-01-09 00:00:00"),
    lab("an instant", {**NUMBER, "effectiveDateTime": None, "effectiveInstant": "2026-01-10T13:00:00Z"},
        collected_at="2026-01-10 08:00:00"),
    lab("a timing", {**NUMBER, "effectiveDateTime": None, "effectiveTiming": {"event": ["2026-01-10"]}},
        collected_at="2026-01-10 00:00:00"),
    lab("only when it was issued", {**NUMBER, "effectiveDateTime": None, "issued": "2026-01-10T13:00:00.001Z"},
        collected_at="2026-01-10 08:00:00.001000"),
    lab("never", {**NUMBER, "effectiveDateTime": None}, reason="required value missing"),
    *[lab(f"status {s}", {**NUMBER, "status": s}, status=native) for s, native in {
        "final": "final", "corrected": "corrected", "amended": "corrected", "preliminary": "preliminary",
        "registered": "preliminary", "cancelled": "cancelled", "entered-in-error": "entered-in-error", "unknown": None}.items()],
    lab("a status of no standard", {**NUMBER, "status": "done"}, reason="unknown value"),
]  # fmt: skip

DIAGNOSES = [
    dx("only when it was recorded", {}, recorded_date="2026-01-10", resolved_date=None, code="R25.2", code_system="icd10cm",
       name="Cramp and spasm"),
    dx("an onset", {"onsetDateTime": "2025-12-24T10:00:00-05:00"}, recorded_date="2025-12-24"),
    dx("a month of onset", {"onsetDateTime": "2025-12"}, recorded_date="2025-12-01"),
    dx("a year of onset", {"onsetDateTime": "2025"}, recorded_date="2025-01-01"),
    dx("an age at onset", {"onsetAge": quantity(60, code="a")}, recorded_date="2020-06-15"),
    dx("an age in months", {"onsetAge": quantity(18, "months")}, recorded_date="1961-12-15"),
    dx("an age in days", {"onsetAge": quantity(10, code="d")}, recorded_date="1960-06-25"),
    dx("a range of ages", {"onsetRange": {"low": quantity(40, "years"), "high": quantity(45, "years")}},
       recorded_date="2000-06-15"),
    dx("a period of onset", {"onsetPeriod": {"start": "2025-11-01", "end": "2025-12-01"}}, recorded_date="2025-11-01"),
    dx("an onset in words", {"onsetString": "in childhood"}, recorded_date="2026-01-10"),
    dx("the day of its encounter", {"recordedDate": None, "encounter": {"reference": "Encounter/e1"}}, recorded_date="2026-01-09"),
    dx("its own day goes before that of its encounter", {"encounter": {"reference": "Encounter/e1"}}, recorded_date="2026-01-10"),
    dx("an onset in words and no other date", {"onsetString": "long ago", "recordedDate": None}, reason="required value missing"),
    dx("an age nobody reaches", {"onsetAge": quantity(400, code="a")}, recorded_date="2026-01-10"),
    dx("an end", {"abatementDateTime": "2026-02-01"}, resolved_date="2026-02-01"),
    dx("a month of the end", {"abatementDateTime": "2026-02"}, resolved_date="2026-02-28"),
    dx("a year of the end", {"onsetDateTime": "2024", "abatementDateTime": "2024"}, recorded_date="2024-01-01",
       resolved_date="2024-12-31"),
    dx("a period of the end", {"abatementPeriod": {"start": "2026-01-20", "end": "2026-02-01"}}, resolved_date="2026-02-01"),
    dx("an age at the end", {"onsetAge": quantity(40, code="a"), "abatementAge": quantity(45, code="a")},
       recorded_date="2000-06-15", resolved_date="2006-06-14"),
    dx("a range of ages at the end", {"onsetAge": quantity(40, code="a"), "abatementRange": {"high": quantity(50, code="a")}},
       resolved_date="2011-06-14"),
    dx("an end before it was written down", {"recordedDate": "2026-01-20", "abatementDateTime": "2010-03"},
       recorded_date="2010-03-31", resolved_date="2010-03-31"),
    dx("an end in words", {"abatementString": "gone"}, resolved_date=None),
    dx("the end before the onset", {"onsetDateTime": "2026-01-10", "abatementDateTime": "2026-01-09"}, reason="start after end"),
    dx("refuted", {"verificationStatus": coded((None, "refuted", None))}),
    dx("entered in error", {"verificationStatus": coded((None, "entered-in-error", None)), "code": None}),
    dx("provisional", {"verificationStatus": coded((None, "provisional", None))}, code="R25.2"),
    dx("ICD goes before SNOMED", {"code": coded((SNOMED, "449917004", "s"), (ICD10, "G47.62", "i"), text="Leg cramps")},
       code="G47.62", code_system="icd10cm", name="Leg cramps"),
    dx("ICD-9", {"code": coded(("http://hl7.org/fhir/sid/icd-9-cm", "729.82", "Cramp"))}, code="729.82", code_system="icd9cm"),
    dx("SNOMED", {"code": coded((SNOMED, "449917004", "s"))}, code="449917004", code_system="snomed"),
    dx("another system", {"code": coded(("http://hl7.org/fhir/sid/icd-10", "R25.2", "s"))}, reason="unknown value"),
    dx("only words", {"code": {"text": "cramps"}}, reason="required value missing; required value missing"),
    dx("its encounter", {"encounter": {"reference": "Encounter/e1"}}, encounter_id="e1"),
]  # fmt: skip

PROCEDURES = [
    px("a moment", {}, performed_at="2026-01-10 08:00:00", code="90935", code_system="cpt", name="Hemodialysis"),
    px("a period",
       {"performedDateTime": None, "performedPeriod": {"start": "2026-01-10T08:00:00Z", "end": "2026-01-10T12:00:00Z"}},
       performed_at="2026-01-10 03:00:00"),
    px("a year", {"performedDateTime": "2015"}, performed_at="2015-01-01 00:00:00"),
    px("an age", {"performedDateTime": None, "performedAge": quantity(50, code="a")}, performed_at="2010-06-15 00:00:00"),
    px("a range of ages", {"performedDateTime": None, "performedRange": {"low": quantity(50, code="a")}},
       performed_at="2010-06-15 00:00:00"),
    px("words", {"performedDateTime": None, "performedString": "once"}, reason="required value missing"),
    *[px(f"status {s}", {"status": s}, code="90935") for s in ("in-progress", "stopped", "unknown")],
    *[px(f"status {s}", {"status": s}) for s in ("preparation", "not-done", "on-hold", "entered-in-error")],
    px("CPT goes before SNOMED", {"code": coded((SNOMED, "302497006", "s"), (CPT, "90937", "c"))},
       code="90937", code_system="cpt"),
    px("SNOMED", {"code": coded((SNOMED, "302497006", "s"))}, code="302497006", code_system="snomed"),
    px("ICD-9 has one name for both volumes", {"code": coded(("http://hl7.org/fhir/sid/icd-9-cm", "39.95", "d"))},
       code="39.95", code_system="icd9pcs"),
    px("ICD-10-PCS", {"code": coded(("http://www.cms.gov/Medicare/Coding/ICD10", "5A1D70Z", "d"))}, code_system="icd10pcs"),
    px("a dental code", {"code": coded(("http://www.ada.org/cdt", "D1110", "d"))}, code_system="hcpcs"),
]  # fmt: skip

ADMINISTRATIONS = [
    given("a moment", {"dosage": {"dose": quantity(100, "mg"), "route": {"text": "IV"}}}, administered_at="2026-01-10 08:00:00",
          drug_code="197391", dose_quantity="100.0", dose_unit="mg", route="IV"),
    given("a period",
          {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-01-10T08:00:00", "end": "2026-01-10T09:00:00"}},
          administered_at="2026-01-10 08:00:00"),
    given("a Medication referred to", {"medicationReference": {"reference": "Medication/m-one"}}, drug_code="1292",
          drug_name="baclofen"),
    given("a contained Medication", {"contained": [{**MEDICATION, "id": "in"}], "medicationReference": {"reference": "#in"}},
          drug_code="197391", drug_code_system="rxnorm"),
    given("a Medication that was not exported",
          {"medicationReference": {"reference": "Medication/m9", "display": "Iron sucrose"}},
          drug_code=None, drug_name="Iron sucrose"),
    *[given(f"status {s}", {"status": s}, drug_code="197391") for s in ("in-progress", "on-hold", "stopped", "unknown")],
    *[given(f"status {s}", {"status": s}) for s in ("not-done", "entered-in-error")],
]  # fmt: skip

ENCOUNTERS = [
    *[visit(f"class {c}", {"class": {"code": c}}, **{"class": native}) for c, native in {
        "AMB": "outpatient", "HH": "outpatient", "FLD": "outpatient", "EMER": "emergency", "IMP": "inpatient",
        "ACUTE": "inpatient", "NONAC": "inpatient", "OBSENC": "inpatient", "SS": "inpatient", "VR": "virtual"}.items()],
    *[visit(f"words {w}", {"class": {"code": "7", "display": w}}, **{"class": native}) for w, native in {
        "Outpatient": "outpatient", "Hospital Encounter": "inpatient", "Emergency Department": "emergency",
        "Telehealth": "virtual"}.items()],
    visit("a class nobody knows", {"class": {"code": "XYZ"}}, reason="unknown value"),
    visit("begun and ended", {"serviceProvider": {"reference": "Organization/ward-7"}}, started_at="2026-01-10 08:00:00",
          ended_at="2026-01-10 09:00:00", facility_id="ward-7"),
    visit("not over", {"period": {"start": "2026-01-10"}, "status": "in-progress"},
          started_at="2026-01-10 00:00:00", ended_at=None),
    *[visit(f"status {s}", {"status": s}) for s in ("planned", "cancelled", "entered-in-error")],
]  # fmt: skip

PATIENTS = [
    person("a birth date", {"managingOrganization": {"reference": "Organization/h1"}}, birth_date="1960-06-15", sex="female",
           death_date=None, facility_id="h1"),
    person("a month of birth", {"birthDate": "1960-06"}, birth_date="1960-06-15"),
    person("a year of birth", {"birthDate": "1960"}, birth_date="1960-07-01"),
    person("no birth", {"birthDate": None}, reason="required value missing"),
    *[person(f"gender {g}", {"gender": g}, sex=g) for g in ("male", "other", "unknown")],
    person("no gender", {"gender": None}, sex="unknown"),
    person("a gender of no standard", {"gender": "f"}, reason="unknown value"),
    person("dead", {"deceasedDateTime": "2025-05-05T03:00:00Z"}, death_date="2025-05-04"),
    person("dead in a month", {"deceasedDateTime": "2024-02"}, death_date="2024-02-29"),
    person("dead in the year in which that was written",
           {"deceasedDateTime": "2026", "meta": {"lastUpdated": "2026-02-03T01:00:00Z"}},
           death_date="2026-02-03"),
    person("dead nobody knows when", {"deceasedBoolean": True, "meta": {"lastUpdated": "2026-02-03T12:00:00Z"}},
           death_date="2026-02-03"),
    person("alive", {"deceasedBoolean": False, "meta": {"lastUpdated": "2026-02-03T12:00:00Z"}}, death_date=None),
]  # fmt: skip

CASES = [*PATIENTS, *PRESCRIPTIONS, *LABS, *DIAGNOSES, *PROCEDURES, *ADMINISTRATIONS, *ENCOUNTERS]
COMPONENTS: list[Json] = [
    {"resourceType": "Observation", "id": "panel", "status": "final", "subject": {"reference": "Patient/p1"},
     "effectiveDateTime": "2026-01-10", "code": {"text": "Panel"}, "component": [
        {"code": coded((LOINC, "2160-0", "Creatinine")), "valueQuantity": quantity(1.2, "mg/dL")},
        {"code": coded((LOINC, "2951-2", "Sodium")), "valueQuantity": quantity(139, "mmol/L")},
        {"code": coded((LOINC, "2823-3", "Potassium")), "dataAbsentReason": {"text": "hemolyzed"}}]},
    {"resourceType": "Observation", "id": "both", "status": "final", "subject": {"reference": "Patient/p1"},
     "effectiveDateTime": "2026-01-10", "code": {"text": "Score"}, "valueInteger": 7,
     "component": [{"code": {"text": "Part"}, "valueInteger": 3}]},
    {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-01-10",
     "code": {"text": "No id"}, "component": [{"code": {"text": "Part"}, "valueInteger": n} for n in (1, 2)]},
]  # fmt: skip


def row_id(case: Case) -> str:
    return f"{case.feed}-{CASES.index(case)}"


@pytest.fixture(scope="module")
def fhir(
    load_extract: Callable[..., duckdb.DuckDBPyConnection], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("fhir")
    resources: list[Json] = [*BESIDE, *COMPONENTS, *({**case.sent, "id": row_id(case)} for case in CASES)]
    for kind in {resource["resourceType"] for resource in resources}:
        lines = [
            json.dumps({k: v for k, v in resource.items() if v is not None})
            for resource in resources
            if resource["resourceType"] == kind
        ]
        (folder / f"{kind}.000.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "Claim.ndjson").write_text('{"resourceType": "Claim", "id": "1"}\n', encoding="utf-8")
    with load_extract(folder, "fhir", date(2026, 3, 1), ZONE) as con:
        yield con


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_resource_becomes_a_row(fhir: duckdb.DuckDBPyConnection, case: Case) -> None:
    found = row(fhir, case.feed, row_id(case))
    if case.expected == GONE:
        assert found == GONE
    assert {name: found.get(name) for name in case.expected} == case.expected


def test_components_are_results_of_their_own(fhir: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT lab_id, test_name, value, unit FROM extracts.labs WHERE split_part(lab_id, '#', 1) = ? ORDER BY lab_id"
    assert fhir.execute(query, ["panel"]).fetchall() == [
        ("panel#1", "Creatinine", "1.2", "mg/dL"),
        ("panel#2", "Sodium", "139", "mmol/L"),
    ]
    assert row(fhir, "labs", "panel#3") == {"reason": "not a number"}
    assert fhir.execute(query, ["both"]).fetchall() == [("both", "Score", "7", None), ("both#1", "Part", "3", None)]


def test_components_without_an_id_are_set_aside_once(fhir: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT count(*) FROM audit.quarantine WHERE feed = 'labs' AND row_id IS NULL"
    assert fhir.execute(query).fetchall() == [(1,)]


def test_every_component_is_in_the_accounts(fhir: duckdb.DuckDBPyConnection) -> None:
    read, loaded_rows, set_aside, superseded = fhir.execute(
        "SELECT rows_read, rows_loaded, rows_quarantined, rows_superseded FROM audit.batches WHERE feed = 'labs'"
    ).fetchall()[0]
    # Three for the panel that has no value of its own, two for the score, one for what has no id.
    assert read == len(LABS) + 3 + 2 + 1
    assert read == loaded_rows + set_aside + superseded


def test_resources_that_are_not_read_are_listed(fhir: duckdb.DuckDBPyConnection) -> None:
    assert fhir.execute("SELECT * FROM audit.ignored").fetchall() == [("Claim.ndjson", None)]


@pytest.mark.parametrize(
    ("name", "daily_mg", "is_range", "as_needed", "taper"),
    [
        ("quantity and frequency", 30, False, False, False),
        ("every eight hours", 30, False, False, False),
        ("a timing code", 30, False, False, False),
        ("a timing code that is not known", 30, False, False, False),
        ("a dose range", 60, True, False, False),
        ("a range of frequencies", 30, True, False, False),
        ("a range of periods", 60, True, True, False),
        ("a range with words of its own", 120, True, False, False),
        ("a range with words that say no number", 20, True, False, False),
        ("one instruction after another", None, False, False, True),
        ("two instructions at once", 30, False, False, False),
        ("a limit below the dose", 20, True, False, False),
        ("a limit in hours", 30, True, False, False),
        ("a limit of a week", None, False, False, False),
        ("a limit that is not reached", 30, False, False, False),
        ("a limit alone", 60, True, False, False),
        ("a limit beside words", 20, True, True, False),
        ("a limit that the words name", 20, True, False, False),
        ("at least so much", None, False, False, False),
        ("two moments of the day", 40, False, False, False),
    ],
)
def test_directions_are_understood(
    fhir: duckdb.DuckDBPyConnection, name: str, daily_mg: float | None, is_range: bool, as_needed: bool, taper: bool
) -> None:
    """What was made of structured instructions is what the reader of sigs reads."""
    case = next(c for c in PRESCRIPTIONS if c.name == name)
    query = "SELECT daily_dose_mg, dose_is_range, as_needed, taper FROM facts.prescriptions WHERE row_id = ?"
    assert fhir.execute(query, [row_id(case)]).fetchall() == [(daily_mg, is_range, as_needed, taper)]


@pytest.mark.parametrize(
    "name", ["intent proposal is no prescription", "a draft is signed by nobody", "an order not to give", "status cancelled"]
)
def test_what_is_no_order_forms_no_unit(fhir: duckdb.DuckDBPyConnection, name: str) -> None:
    case = next(c for c in PRESCRIPTIONS if c.name == name)
    assert fhir.execute("SELECT * FROM facts.prescriptions WHERE row_id = ?", [row_id(case)]).fetchall() == []


JUNK: list[Any] = [
    None, True, 0, -1, 1e308, 12345678901234567890, "", " ", "x", "2026-01-10", "9999-12-31", "2026-13", "-1", "NaN", "1e999",
    "\N{GRINNING FACE}", "\0", "#", "urn:uuid:", [], {}, [[]], [{}], [None], ["a"], [1], {"value": 1}, {"coding": {"code": 1}},
]  # fmt: skip


def bend(resource: Json, chance: random.Random) -> Json:
    """Put something that does not belong there somewhere into a resource."""
    bent = copy.deepcopy(resource)
    place: Any = bent
    while True:
        keys = [k for k in place if k not in ("id", "resourceType")] if isinstance(place, dict) else range(len(place))
        key = chance.choice(keys)
        if not isinstance(place[key], (dict, list)) or not place[key] or chance.random() < 0.3:
            place[key] = chance.choice(JUNK)
            return bent
        place = place[key]


def test_no_resource_however_bent_stops_the_loading_or_is_lost(
    load_extract: Callable[..., duckdb.DuckDBPyConnection], tmp_path: Path
) -> None:
    """Loading raises nothing and asserts its accounts; what comes out is what went in."""
    chance = random.Random(0)
    sound = [{k: v for k, v in case.sent.items() if v is not None} for case in CASES]
    bent = [{**bend(resource, chance), "id": f"b{n}"} for n, resource in enumerate(sound * 4)]
    lines = [json.dumps(resource) for resource in [*BESIDE, *bent]]
    (tmp_path / "export.ndjson").write_text("\n".join(lines), encoding="utf-8")
    with load_extract(tmp_path, "fhir", date(2026, 3, 1)) as con:
        read = con.execute("SELECT sum(rows_read) FROM audit.batches").fetchall()[0][0]
    assert read >= len(bent)
