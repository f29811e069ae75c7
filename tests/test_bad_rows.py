"""What happens to a bad row, line for line of the promise: each fault in a file that has this fault and no other.

The files of the table are parts of one extract, which the real load step takes in as a night's would be; every file is
accounted for by itself. `@` in a file stands for the case's own prefix, so that no id occurs in two of them.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.extracts import load
from nightrounds.files import read_info
from nightrounds.pipeline import apply, build
from nightrounds.project import Project, find_project
from nightrounds.rules import load_rules
from nightrounds.run import Run, new_run
from nightrounds.site import Site

AS_OF = date(2026, 3, 1)
Fault = tuple[int, str | None, str]

PATIENTS = "patient_id,birth_date,sex,death_date\n"
RX = "prescription_id,patient_id,drug_name,start_date,end_date,status,quantity,sig\n"
LABS = "lab_id,patient_id,collected_at,test_name,value,unit\n"
DIAGNOSES = "diagnosis_id,patient_id,code,code_system,recorded_date\n"
GOOD_RX = "@1,p1,baclofen,2026-01-10,,active,30,\n"
GOOD_LAB = "@1,p1,2026-01-10,Creatinine,1.1,mg/dL\n"
TWO_LABS = GOOD_LAB + GOOD_LAB.replace("@1", "@2")


@dataclass(frozen=True)
class Case:
    """A file, and what must come of it: rows read, loaded, set aside and superseded, and the faults by line."""

    name: str
    content: str | bytes
    counts: tuple[int, int, int, int]
    faults: tuple[Fault, ...] = ()
    ending: str = ".csv"

    def own(self, number: int) -> str | bytes:
        """The file with the case's own prefix in its ids."""
        if isinstance(self.content, str):
            return self.content.replace("@", f"c{number}-")
        return self.content.replace(b"@", b"c%d-" % number)

    @property
    def feed(self) -> str:
        """The feed that the header is of."""
        text = self.content if isinstance(self.content, str) else self.content.decode("utf-8", "replace")
        heads = {"patient_id": "patients", "prescription_id": "prescriptions", "lab_id": "labs", "diagnosis_id": "diagnoses"}
        return next(feed for column, feed in heads.items() if text.lstrip("\ufeff").startswith(column))


def good(name: str, content: str | bytes, rows: int = 1, ending: str = ".csv") -> Case:
    return Case(name, content, (rows, rows, 0, 0), (), ending)


def bad(name: str, content: str | bytes, *faults: Fault, rows: int = 1) -> Case:
    """A file with faults only, one row each unless said."""
    return Case(name, content, (rows, rows - len(faults), len(faults), 0), faults)


def rx(**row: str) -> str:
    """A prescriptions file of one row."""
    filled = {"id": "@1", "patient": "p1", "name": "baclofen", "start": "2026-01-10", "end": "", "status": "active"}
    return RX + ",".join({**filled, "quantity": "30", "sig": "", **row}.values()) + "\n"


def lab(**row: str) -> str:
    """A labs file of one row."""
    filled = {"id": "@1", "patient": "p1", "at": "2026-01-10", "name": "Creatinine", "value": "1.1", "unit": "mg/dL"}
    return LABS + ",".join({**filled, **row}.values()) + "\n"


def patient(**row: str) -> str:
    """A patients file of one row."""
    return PATIENTS + ",".join({"id": "@1", "birth": "1960-01-01", "sex": "female", "death": "", **row}.values()) + "\n"


MALFORMED = [
    good("a byte order mark", ("\ufeff" + LABS + GOOD_LAB).encode()),
    good("Windows line ends", (LABS + TWO_LABS).replace("\n", "\r\n"), 2),
    good("a byte order mark, Windows line ends and quotes", ("\ufeff" + lab(name='"Creatinine"')).replace("\n", "\r\n").encode()),
    good("mixed line ends", LABS + GOOD_LAB.replace("\n", "\r\n") + GOOD_LAB.replace("@1", "@2"), 2),
    good("no line end at the end", (LABS + GOOD_LAB).rstrip("\n")),
    good("a line break inside quotes", rx(sig='"one tablet\nat night"') + GOOD_RX.replace("@1", "@2"), 2),
    good("quotes inside quotes", rx(sig='"take ""one"" at night"')),
    good("delimiters inside quotes", rx(sig='"one, two; three|four"')),
    good("a text of 3 MB", rx(sig="x" * 3_000_000)),
    good("empty lines are no rows", LABS + "\n" + GOOD_LAB + "\r\n  \n" + GOOD_LAB.replace("@1", "@2") + "\n\n", 2),
    good("a header and no row", LABS, 0),
    good("a header without a line end", LABS.rstrip("\n"), 0),
    good("empty fields after the last column", LABS + GOOD_LAB.replace("\n", ",,\n")),
    good("empty fields after the last column, beside an empty line", LABS + "\n" + GOOD_LAB.replace("\n", ",,\n")),
    good("a column without a name", (LABS + GOOD_LAB).replace("\n", ",\n")),
    good("columns in another order, in capitals, one unknown", "LAB_ID,Colour,value,UNIT,Patient_ID,test_name,collected_at\n"
         "@1,red,1.1,mg/dL,p1,Creatinine,2026-01-10\n".replace("LAB_ID", "lab_id")),
    good("tabs", (LABS + GOOD_LAB).replace(",", "\t"), ending=".tsv"),
    good("semicolons", (LABS + GOOD_LAB).replace(",", ";")),
    good("pipes", (LABS + GOOD_LAB).replace(",", "|"), ending=".txt"),
    good("gzip", LABS + TWO_LABS, 2, ending=".csv.gz"),
    good("a pattern for a name", LABS + TWO_LABS, 2, ending="[1]*?.csv"),
    bad("too few fields", LABS + "@1,p1,2026-01-10\n" + GOOD_LAB, (2, None, "wrong number of fields"), rows=2),
    bad("too many fields", LABS + GOOD_LAB.replace("\n", ",9\n"), (2, None, "wrong number of fields")),
    bad("a line with another delimiter", LABS + GOOD_LAB.replace(",", ";"), (2, None, "wrong number of fields")),
    bad("a broken quote costs its line", LABS + lab(name='"Crea"tinine').removeprefix(LABS) + GOOD_LAB.replace("@1", "@2"),
        (2, None, "broken quote"), rows=2),
    bad("an open quote costs its line", LABS + lab(name='"Creatinine').removeprefix(LABS) + GOOD_LAB.replace("@1", "@2"),
        (2, None, "broken quote"), rows=2),
    bad("an open quote in the last line", LABS + GOOD_LAB + '@2,p1,2026-01-10,"Crea', (3, None, "broken quote"), rows=2),
    bad("a NUL byte", LABS + GOOD_LAB + lab(id="@2", unit="mg/\0dL").removeprefix(LABS), (3, None, "NUL byte"), rows=2),
    bad("not UTF-8", (LABS + GOOD_LAB).encode() + "@2,p1,2026-01-10,Creatinine,1.1,µg\n".encode("latin-1"),
        (3, None, "not UTF-8"), rows=2),
    bad("a line break that is none", LABS + GOOD_LAB + lab(id="@2", name="Crea\rtinine").removeprefix(LABS),
        (3, None, "line break inside a line"), rows=2),
    bad("lines are counted where a record starts", rx(sig='"one\ntablet"') + GOOD_RX.replace("@1", "@2").replace("2026", "26"),
        (4, "start_date", "unparseable date"), rows=2),
]  # fmt: skip

VALUES = [
    bad("an id missing", lab(id=""), (2, "lab_id", "required value missing")),
    bad("a required value that is blank", rx(start="  "), (2, "start_date", "required value missing")),
    bad("a day as another country writes it", rx(start="03/04/2026"), (2, "start_date", "unparseable date")),
    bad("a day that does not exist", rx(start="2026-02-30"), (2, "start_date", "unparseable date")),
    good("an exponent is a number", rx(quantity="3e1")),
    *[bad(f"the number {sent}", rx(quantity=sent), (2, "quantity", "unparseable number"))
      for sent in ('"1,5"', '"1,000"', "NaN", "inf", "-Infinity", "1e999", "30 tablets", "0x1F")],
    bad("a decimal comma in a file with semicolons", rx(quantity="1.5").replace(",", ";").replace("1.5", "1,5"),
        (2, "quantity", "unparseable number")),
    bad("a negative quantity", rx(quantity="-1"), (2, "quantity", "out of range")),
    bad("an absurd quantity", rx(quantity="100001"), (2, "quantity", "out of range")),
    bad("an unknown word in an optional list", rx(status="running"), (2, "status", "unknown value")),
    good("a word of a list in capitals with blanks", rx(status=" ACTIVE ")),
    bad("a start after its end", rx(end="2026-01-09"), (2, "end_date", "start after end")),
    good("born a day after the event", rx(start="1959-12-31")),
    bad("born two days after the event", rx(start="1959-12-30"), (2, "start_date", "before birth")),
    good("an event a day after the extract", rx(start="2026-03-02")),
    bad("an event two days after the extract", rx(start="2026-03-03"), (2, "start_date", "after the extract")),
    bad("born in the future", patient(birth="2026-03-02"), (2, "birth_date", "birth in the future")),
    bad("born before 1850", patient(birth="1849-12-31"), (2, "birth_date", "birth before 1850")),
    bad("dead before birth", patient(death="1959-12-30"), (2, "death_date", "before birth")),
    good("a formula stays as it was sent", rx(sig="=1+1")),
    bad("several faults are one row with all reasons", rx(patient="nobody", start="?", status="?", quantity="?"),
        (2, "patient_id; start_date; status; quantity",
         "unknown patient; unparseable date; unknown value; unparseable number")),
    bad("a patient that is not there", lab(patient="nobody"), (2, "patient_id", "unknown patient")),
    bad("a patient whose own row is set aside", lab(patient="unborn"),
        (2, "patient_id", "unknown patient (its patients row is quarantined)")),
    bad("a code without name is no name", rx(name=""), (2, "drug_code", "drug code or name is required")),
]  # fmt: skip

RESULTS = [
    bad("no unit", lab(unit=""), (2, "unit", "unknown unit")),
    bad("a unit of something else", lab(unit="furlong"), (2, "unit", "unknown unit")),
    bad("a value that cannot be", lab(value="0"), (2, "value", "implausible value")),
    bad("a value that another unit explains", lab(value="0.9", unit="umol/L"), (2, "unit", "unit contradicts value")),
    bad("a text", lab(value="hemolyzed"), (2, "value", "not a number")),
    bad("a number with a flag", lab(value="5.9 H"), (2, "value", "not a number")),
    bad("a result with a decimal comma", lab(value='"1,4"'), (2, "value", "not a number")),
    good("a limit", lab(value="<0.4")),
    good("a test that is not used, loaded as it is", lab(name="Culture", value="see note", unit="")),
]

DUPLICATES = [
    Case("the same row twice", LABS + GOOD_LAB * 2, (2, 1, 0, 1)),
    Case("the same row three times", LABS + GOOD_LAB * 3, (3, 1, 0, 2)),
    Case("the same row written otherwise", LABS + GOOD_LAB + " @1 ,p1,2026-01-10T00:00:00,Creatinine,1.1,mg/dL\n", (2, 1, 0, 1)),
    Case("the same id with something else: the last counts", rx(quantity="10") + GOOD_RX, (2, 1, 1, 0),
         ((2, "prescription_id", "conflicting duplicate"),)),
    Case("copies of the last go, the others conflict", RX + GOOD_RX + rx(quantity="10").removeprefix(RX) + GOOD_RX, (3, 1, 1, 1),
         ((3, "prescription_id", "conflicting duplicate"),)),
    Case("a bad copy is set aside and the good one loaded", RX + GOOD_RX + rx(quantity="?").removeprefix(RX), (2, 1, 1, 0),
         ((3, "quantity", "unparseable number"),)),
    Case("two bad copies are set aside both", RX + rx(quantity="?").removeprefix(RX) * 2, (2, 0, 2, 0),
         ((2, "quantity", "unparseable number"), (3, "quantity", "unparseable number"))),
    Case("an empty text is no text", rx(sig='""') + GOOD_RX, (2, 1, 0, 1)),
    Case("the word NULL is a text", RX + GOOD_RX + rx(sig="NULL").removeprefix(RX), (2, 1, 1, 0),
         ((2, "prescription_id", "conflicting duplicate"),)),
]  # fmt: skip

CASES = [*MALFORMED, *VALUES, *RESULTS, *DUPLICATES]


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write an extract; a name that ends in .gz is packed unless its content is bytes already."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        text = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") and isinstance(content, str) else text)
    return folder


def base(**files: str | bytes) -> dict[str, str | bytes]:
    """The three feeds that must be there, with one good row each, and what else is said."""
    plain = {name: text.replace("@", "base") for name, text in (("rx", RX + GOOD_RX), ("lab", LABS + GOOD_LAB))}
    people = PATIENTS + "p1,1960-01-01,female,\n"
    return {"patients.csv": people, "prescriptions.csv": plain["rx"], "labs.csv": plain["lab"], **files}


def run_of(project: Project, extract: Path, out: Path, **options: Any) -> Run:
    """Describe a run whose warehouse is `out`/warehouse.duckdb."""
    out.mkdir(parents=True, exist_ok=True)
    started_at = datetime(2026, 3, 1, 2)  # noqa: DTZ001 - UTC by convention
    return new_run(project, Site(name="test"), extract, out=out, as_of=AS_OF, started_at=started_at, **options)


def ask(run: Run, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the database that the run builds."""
    with connect(run.building) as con:
        return con.execute(query, list(values)).fetchall()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Every file of the table, loaded as one extract."""
    out = tmp_path_factory.mktemp("night")
    files = base(**{"patients-unborn.csv": PATIENTS + "unborn,2222-01-01,female,\n"})
    for number, case in enumerate(CASES):
        files[f"{case.feed}/{number}{case.ending}"] = case.own(number)
    run = run_of(find_project(), write(out / "extract", files), out)
    load(run)
    with connect(run.building) as con:
        yield con


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES)), ids=[f"{c.feed}: {c.name}" for c in CASES])
def test_a_file_with_this_fault(night: duckdb.DuckDBPyConnection, number: int, case: Case) -> None:
    file = f"{number}{case.ending}"
    counts = "SELECT rows_read, rows_loaded, rows_quarantined, rows_superseded FROM audit.batches WHERE feed = ? AND file = ?"
    faults = "SELECT line, column_name, reason FROM audit.quarantine WHERE feed = ? AND file = ? ORDER BY ALL"
    assert night.execute(counts, [case.feed, file]).fetchall() == [case.counts]
    assert night.execute(faults, [case.feed, file]).fetchall() == sorted(case.faults)


def test_a_text_comes_in_as_it_was_sent(night: duckdb.DuckDBPyConnection) -> None:
    texts = {row[0] for row in night.execute("SELECT sig FROM extracts.prescriptions").fetchall()}
    assert {"one tablet\nat night", 'take "one" at night', "one, two; three|four", "=1+1", "NULL", "x" * 3_000_000} <= texts


def test_a_row_set_aside_is_kept_whole_with_the_value_that_is_wrong(night: duckdb.DuckDBPyConnection) -> None:
    rows = night.execute("SELECT value, raw FROM audit.quarantine WHERE reason LIKE '%; unknown value; %'").fetchall()
    assert [value for value, _ in rows] == ["nobody; ?; ?; ?"]
    sent = json.loads(rows[0][1])
    assert (sent["patient_id"], sent["drug_name"], sent["start_date"], sent["status"]) == ("nobody", "baclofen", "?", "?")


def test_of_a_line_that_is_no_row_the_text_is_kept(night: duckdb.DuckDBPyConnection) -> None:
    found = dict(night.execute("SELECT reason, raw FROM audit.quarantine WHERE column_name IS NULL").fetchall())
    assert json.loads(found["NUL byte"]).endswith("mg/\0dL")
    assert json.loads(found["not UTF-8"]).endswith("1.1,\N{REPLACEMENT CHARACTER}g")


def test_what_is_not_read_is_listed(night: duckdb.DuckDBPyConnection) -> None:
    listed = {column for (column,) in night.execute("SELECT column_name FROM audit.ignored").fetchall()}
    assert listed == {"colour", "(no name)"}


def test_a_parquet_file_of_any_types_is_accounted_for_too(project: Project, tmp_path: Path) -> None:
    rows = {
        "lab_id": [1, 2, 3], "patient_id": ["p1", "p1", None], "collected_at": [datetime(2026, 1, 10, 8, 0, 0, 5)] * 3,  # noqa: DTZ001
        "test_name": ["Creatinine"] * 3, "value": [1.1, float("nan"), 1.2], "unit": ["mg/dL"] * 3,
    }  # fmt: skip
    pq.write_table(pa.table(rows), write(tmp_path / "extract", base()) / "labs-2.parquet")
    run = run_of(project, tmp_path / "extract", tmp_path / "out")
    load(run)
    counts = "SELECT rows_read, rows_loaded, rows_quarantined FROM audit.batches WHERE file = 'labs-2.parquet'"
    assert ask(run, counts) == [(3, 1, 2)]
    faults = "SELECT line, reason FROM audit.quarantine ORDER BY line"
    assert ask(run, faults) == [(2, "not a number"), (3, "required value missing")]


# --- files that are refused whole

GZIP = gzip.compress((LABS + TWO_LABS * 500).encode())


def parquet(*names: str) -> bytes:
    """A Parquet file of one row in which every value is `1`."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table([pa.array(["1"])] * len(names), names=list(names)), sink)
    return bytes(sink.getvalue().to_pybytes())


PARQUET = parquet(*LABS.strip().split(","))
REFUSED: list[tuple[str, str | bytes, str]] = [
    ("labs.csv", b"", "is empty"),
    ("labs.csv.gz", b"", "is empty"),
    ("labs.csv.gz", gzip.compress(b""), "is empty"),
    ("labs.parquet", b"", "is empty"),
    ("labs.csv.gz", GZIP[:-20], "cannot be read to its end"),
    ("labs.csv.gz", GZIP[:60] + b"\xff" * 30 + GZIP[90:], "cannot be read to its end"),
    ("labs.csv.gz", (LABS + TWO_LABS).encode(), "cannot be read to its end"),
    ("labs.parquet", PARQUET[:-20], "is not a readable Parquet file"),
    ("labs.parquet", PARQUET[: len(PARQUET) // 2], "is not a readable Parquet file"),
    ("labs.parquet", PARQUET[:4] + b"\xff" * 200 + PARQUET[204:], "is not a readable Parquet file"),
    ("labs.parquet", (LABS + TWO_LABS).encode(), "is not a readable Parquet file"),
    ("labs.csv", "\n" + LABS + GOOD_LAB, "has no header line"),
    ("labs.csv", (LABS + GOOD_LAB).encode("utf-16"), "has a header line that cannot be read"),
    ("labs.csv", (LABS + GOOD_LAB).replace("\n", "\r"), "has a header line that cannot be read"),
    ("labs.csv", LABS.replace("unit", "VALUE") + GOOD_LAB, "names the column 'value' twice"),
    ("labs.parquet", parquet("lab_id", "LAB_ID"), "names the column 'lab_id' twice"),
    ("labs.csv", LABS.replace("value", "result") + GOOD_LAB, "has no column 'value'"),
    ("labs.csv", LABS.rstrip("\n").replace("value", "result"), "has no column 'value'"),
    ("labs.parquet", parquet("lab_id", "value"), "has no column 'collected_at'"),
]


def in_place_of_labs(name: str, content: str | bytes) -> dict[str, str | bytes]:
    files = base()
    del files["labs.csv"]
    return {**files, name: content}


@pytest.mark.parametrize(("name", "content", "told"), REFUSED, ids=[f"{n} {t} {i}" for i, (n, _, t) in enumerate(REFUSED)])
def test_a_needed_file_that_is_refused_ends_the_run(
    project: Project, tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    extract = write(tmp_path / "extract", in_place_of_labs(name, content))
    with pytest.raises(NightroundsError) as error:
        load(run_of(project, extract, tmp_path / "out"))
    assert (error.value.sentence, error.value.exit_code) == (f"The file {name} {told}.", 2)


def test_two_files_of_one_name_are_refused(project: Project, tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", base(**{"labs/labs.csv": LABS}))
    with pytest.raises(NightroundsError, match=r"Two files are named labs\.csv"):
        load(run_of(project, extract, tmp_path / "out"))


def test_a_feed_that_must_be_there_and_is_not_ends_the_run(project: Project, tmp_path: Path) -> None:
    files = base()
    del files["labs.csv"]
    with pytest.raises(NightroundsError, match="no usable labs"):
        load(run_of(project, write(tmp_path / "extract", files), tmp_path / "out"))
    (tmp_path / "extract" / "extract.json").write_text('{"mode": "delta"}', encoding="utf-8")
    with pytest.raises(NightroundsError, match="no usable labs"):
        load(run_of(project, tmp_path / "extract", tmp_path / "out"))


def rules_not_run(run: Run) -> dict[str, str]:
    """Why each rule that was not run was not."""
    load(run)
    build(run)
    apply(run)
    return dict(ask(run, "SELECT rule_id, not_run_reason FROM audit.rules WHERE run_status = 'not_run'"))


def test_of_an_optional_feed_only_its_rules_are_not_run(project: Project, tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", base(**{"diagnoses-1.csv": DIAGNOSES, "diagnoses-2.csv": "diagnosis_id,patient_id\n"}))
    run = run_of(project, extract, tmp_path / "out")
    told = "The file diagnoses-2.csv has no column 'code'."
    needing = [rule.rule_id for rule in load_rules(project.rules) if "diagnoses" in rule.needs]
    reasons = rules_not_run(run)
    said = f"The feed diagnoses cannot be used: {told}"
    assert [rule for rule in needing if said not in reasons[rule]] == []
    assert "quinine_without_indication" not in reasons
    assert ask(run, "SELECT * FROM audit.refused") == [("diagnoses", told)]
    assert ask(run, "SELECT count(*) FROM extracts.diagnoses") == [(0,)]


def test_on_somebodys_word_the_run_goes_on_without_a_needed_feed(project: Project, tmp_path: Path) -> None:
    extract = write(tmp_path / "extract", in_place_of_labs("labs.csv", ""))
    reasons = rules_not_run(run_of(project, extract, tmp_path / "out", accept_gate="labs come later"))
    assert reasons["magnesium_renal_insufficiency"] == "The feed labs cannot be used: The file labs.csv is empty."
    assert "baclofen_maximum_dose" not in reasons


# --- the same again, and less

Loaded = Callable[[Mapping[str, str | bytes]], dict[str, list[tuple[Any, ...]]]]


@pytest.fixture
def nights(project: Project, tmp_path: Path) -> Loaded:
    """Load extracts one after the other into one warehouse; return the feeds after the last, without place and moment."""
    numbers = iter(range(100))

    def one(files: Mapping[str, str | bytes]) -> dict[str, list[tuple[Any, ...]]]:
        run = run_of(project, write(tmp_path / f"extract{next(numbers)}", files), tmp_path / "out")
        load(run)
        with connect(run.building) as con:
            feeds = [feed for (feed,) in con.execute("SELECT feed FROM extracts.feeds").fetchall()]
            content = {f: con.execute(f"SELECT * EXCLUDE (file, line) FROM extracts.{f} ORDER BY ALL").fetchall() for f in feeds}
        run.building.replace(run.warehouse)
        return content

    return one


DELTA = '{"mode": "delta", "extracted_at": "2026-03-01T02:00:00"}'


def test_loading_the_same_snapshot_again_changes_nothing(nights: Loaded) -> None:
    assert nights(base()) == nights(base())


def test_loading_the_same_delta_again_changes_nothing(nights: Loaded) -> None:
    first = nights(base())
    changed = base(**{"extract.json": DELTA, "labs.csv": lab(id="base1", value="2.2") + "base2,p1,?,Creatinine,1,mg/dL\n"})
    second = nights(changed)
    assert first != second
    assert nights(changed) == second


def test_a_file_that_comes_twice_under_two_names_counts_once(nights: Loaded) -> None:
    assert nights(base()) == nights(base(**{"labs-again.csv": base()["labs.csv"]}))


def test_a_delta_removes_and_keeps_what_a_bad_row_would_replace(nights: Loaded) -> None:
    files = base(**{"prescriptions-2.csv": RX + GOOD_RX.replace("@", "rx") + GOOD_RX.replace("@1", "rx2")})
    assert len(nights(files)["prescriptions"]) == 3
    removal = RX.replace("\n", ",deleted\n") + GOOD_RX.replace("@", "rx").replace("\n", ",true\n")
    spoilt = "rx2,p1,baclofen,never,,active,30,,\n"
    left = nights({"extract.json": DELTA, "prescriptions.csv": removal + spoilt})
    assert [row[0] for row in left["prescriptions"]] == ["base1", "rx2"]
    assert len(left["labs"]) == 1


def test_a_known_delta_changes_nothing_although_another_came_since(nights: Loaded) -> None:
    nights(base())
    first = {"extract.json": DELTA, "labs.csv": lab(id="base1", value="2.2") + lab(id="two", value="1.0").removeprefix(LABS)}
    second = LABS.replace("\n", ",deleted\n") + "base1,p1,2026-01-10,Creatinine,3.3,mg/dL,\ntwo,,,,,,true\n"
    nights(first)
    left = nights({"extract.json": DELTA, "labs.csv": second})
    assert [row[0] for row in left["labs"]] == ["base1"]
    assert nights(first) == left
    # A delta that is added to those of former nights in one folder is not at odds with them.
    both = nights({**first, "labs-2.csv": second.replace("3.3", "4.4")})
    assert [(row[0], row[6]) for row in both["labs"]] == [("base1", "4.4")]


def test_a_known_row_is_looked_at_again_when_it_could_not_be_used(nights: Loaded) -> None:
    nights(base())
    early = {"extract.json": DELTA, "labs.csv": lab(id="early", patient="p2") + lab(id="fine", value="1.0").removeprefix(LABS)}
    assert len(nights(early)["labs"]) == 2
    nights({"extract.json": DELTA, "patients.csv": PATIENTS + "p2,1960-01-01,male,\n"})
    assert [row[0] for row in nights(early)["labs"]] == ["base1", "early", "fine"]


def test_of_a_known_file_the_row_that_was_settled_away_does_not_come_back(nights: Loaded) -> None:
    nights(base())
    twice = {"extract.json": DELTA, "labs.csv": lab(id="two", value="1.0") + lab(id="two", value="2.0").removeprefix(LABS)}
    left = nights(twice)
    assert nights(twice) == left


def test_a_known_file_in_a_snapshot_is_all_there_is(nights: Loaded) -> None:
    first = nights(base())
    nights({"extract.json": DELTA, "labs.csv": lab(id="base1", value="2.2")})
    assert nights(base()) == first


def test_a_result_that_became_a_text_is_no_number_any_more(nights: Loaded) -> None:
    nights(base(**{"labs-2.csv": lab(id="two", value="2.2")}))
    texts = lab(id="two", value="hemolyzed") + lab(id="base1", value="1.1", unit="furlong").removeprefix(LABS)
    left = nights({"extract.json": DELTA, "labs.csv": texts})
    assert [row[0] for row in left["labs"]] == ["base1"]
    both = {"extract.json": DELTA, "labs.csv": lab(id="six", value="QNS") + lab(id="six", value="1.0").removeprefix(LABS)}
    assert [row[0] for row in nights(both)["labs"]] == [row[0] for row in nights(both)["labs"]] == ["base1", "six"]


def test_what_belongs_to_a_removed_patient_goes_with_the_patient(nights: Loaded) -> None:
    two = PATIENTS + "p1,1960-01-01,female,\np2,1960-01-01,male,\n"
    nights(base(**{"patients.csv": two, "labs-2.csv": lab(id="l2", patient="p2")}))
    left = nights({"extract.json": DELTA, "patients.csv": "patient_id,birth_date,sex,deleted\np1,,,true\n"})
    assert [(len(left[feed])) for feed in ("patients", "prescriptions", "labs")] == [1, 0, 1]


# --- extract.json


def test_watermarks_are_what_the_extract_says_or_the_latest_day_of_the_feed(project: Project, tmp_path: Path) -> None:
    told = '{"extracted_at": "2026-03-01T02:00:00Z", "covers": {"prescriptions": "2026-02-27"}}'
    run = run_of(project, write(tmp_path / "extract", base(**{"extract.json": told})), tmp_path / "out")
    load(run)
    watermarks = ask(run, "SELECT feed, watermark, present FROM extracts.feeds WHERE present ORDER BY feed")
    assert watermarks == [("labs", date(2026, 1, 10), True), ("patients", None, True), ("prescriptions", date(2026, 2, 27), True)]


@pytest.mark.parametrize(("zone", "day"), [("UTC", date(2026, 3, 1)), ("America/New_York", date(2026, 2, 28))])
def test_the_day_of_an_extract_is_that_of_the_site(tmp_path: Path, zone: str, day: date) -> None:
    (tmp_path / "extract.json").write_text('\ufeff{"extracted_at": "2026-03-01T02:00:00Z"}', encoding="utf-8")
    assert replace(read_info(tmp_path, zone), covers={}).extracted_on == day


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", '{"mode": "partial"}', '{"extracted_at": "yesterday"}', '{"covers": {"labs": "today"}}',
        '{"covers": {"labz": "2026-03-01"}}', '{"covers": ["labs"]}', '{"extracted_at": 5}',
    ],
)  # fmt: skip
def test_an_extract_json_that_cannot_be_understood_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "extract.json").write_text(content, encoding="utf-8")
    with pytest.raises(NightroundsError, match=r"extract\.json cannot be understood"):
        read_info(tmp_path)
