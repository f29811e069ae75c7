"""Load: read an extract folder, type every row, and account for each one: loaded, quarantined or superseded."""

from collections.abc import Callable

import duckdb

from nightrounds.accounts import account_for, record_feeds
from nightrounds.codelists import load_codelists
from nightrounds.database import connect
from nightrounds.delta import carry_over
from nightrounds.duplicates import settle_duplicates
from nightrounds.errors import NightroundsError
from nightrounds.files import discover, read_info
from nightrounds.intake import Intake, read_raw, refuse_broken
from nightrounds.knownfiles import recall_files, remember_files, supersede_known
from nightrounds.lookups import account_for_lookups
from nightrounds.previous import attach_previous, has_previous, remember_previous
from nightrounds.run import Run
from nightrounds.sources import BASE_FEEDS, FEEDS, find_source, load_source
from nightrounds.sqlfiles import SqlFile, Value
from nightrounds.staging import Feed, create_source_view, publish_feed, set_aside, type_rows
from nightrounds.warehouse import create_macros, create_records, create_schemas

Say = Callable[[str], None]
# What the database may hold in memory where the site says nothing: with Python beside it, less than 4 GiB, however long a file.
MEMORY = "3GiB"


def load(run: Run, say: Say = lambda _: None) -> None:
    """Fill `extracts.*`, `audit.batches` and `audit.quarantine` of a new building database.

    Raises NightroundsError when a needed feed is absent, or a file of one is refused.
    """
    run.building.unlink(missing_ok=True)
    info, groups = read_info(run.extract, run.site.zone), discover(run.extract)
    with connect(run.building, threads=run.site.threads, memory_limit=run.site.memory_limit or MEMORY) as con:
        run.building.chmod(0o600)
        prepare(con, run)
        intake = Intake(con, run, load_source(find_source(run.project.sql, run.source)))
        read_raw(intake, groups)
        values: dict[str, Value] = {"zone": run.site.zone, "extracted_on": info.extracted_on or run.as_of}
        for name in FEEDS:
            if run.accept_gate is None and (info.mode == "snapshot" or not has_previous(con, "staging", name)):
                _require(intake, name)
            feed = _typed(intake, name, values)
            supersede_known(con, feed, info.mode)
            settle_duplicates(con, feed)
            set_aside(con, feed, run.run_id)
            say(account_for(con, feed, run.run_id))
            carry_over(con, feed, info.mode)
            remember_files(con, feed)
            publish_feed(con, feed)
            if name == "patients":
                _list_quarantined_patients(con)
        for line in account_for_lookups(intake):
            say(line)
        record_feeds(con, {feed for feed in FEEDS if intake.has(feed)}, info.covers)
        con.execute("DROP SCHEMA source CASCADE")
        con.execute("DROP SCHEMA raw CASCADE")


def prepare(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create schemas, macros, code lists and the tables that account for rows; attach the previous warehouse."""
    create_schemas(con)
    create_macros(con, run.project.sql / "macros")
    load_codelists(con, run.project.rules / "codelists", run.site.codelists)
    create_records(con, run.project.sql / "records")
    attach_previous(con, run.warehouse)
    remember_previous(con)
    recall_files(con)


def _typed(intake: Intake, name: str, values: dict[str, Value]) -> Feed:
    """Type the rows of a feed; once more, without it, when a Parquet file under it turns out to be broken."""
    while True:
        feed = _feed(intake, name)
        try:
            create_source_view(intake.con, feed)
            type_rows(intake.con, feed, values)
        except duckdb.Error:
            if not feed.source or not refuse_broken(intake, feed.source.raw_columns):
                raise
        else:
            return feed


def _feed(intake: Intake, name: str) -> Feed:
    contract = SqlFile(intake.run.project.sql / "extracts" / f"{name}.sql")
    if not intake.has(name):
        return Feed(contract, None, [])
    source = intake.source[name]
    looked_into = [table for table in source.raw_columns if table != source.main_table]
    beside = tuple(file for table in looked_into for file in intake.files.get(table, []))
    return Feed(contract, source, intake.files[source.main_table], beside)


def _require(intake: Intake, name: str) -> None:
    """Refuse an extract without a base feed; a delta may leave out what is there already, and somebody's word may do without."""
    if name in BASE_FEEDS and not intake.has(name):
        expected = ", ".join(intake.source[name].needs) if name in intake.source else name
        raise NightroundsError(
            f"The extract has no usable {name} (expected a file named {expected}).",
            "Patients, prescriptions and labs are needed; check the export and --source.",
        )


def _list_quarantined_patients(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE OR REPLACE TABLE staging.patients_quarantined AS SELECT DISTINCT patient_id FROM staging.patients "
        "WHERE faults IS NOT NULL AND patient_id IS NOT NULL"
    )
