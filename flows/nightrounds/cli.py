"""The command line. Heavy libraries are imported inside the commands that need them, so that --help is quick."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from nightrounds import __version__
from nightrounds.errors import NightroundsError

app = App(name="nightrounds", help="A nightly medication-safety audit for hospitals.", version=__version__)
rules_app = App(name="rules", help="List the rules, show one, run their cases, start one, preview a changed one.")
app.command(rules_app)
source_app = App(name="source", help="Start a source folder for files that have names or codes of their own.")
app.command(source_app)
vocabulary_app = App(name="vocabulary", help="Widen the drug code lists from a vocabulary that the hospital holds.")
app.command(vocabulary_app)

ProjectOption = Annotated[Path | None, Parameter(name="--project", help="The nightrounds checkout; else NIGHTROUNDS_PROJECT.")]
SiteOption = Annotated[Path | None, Parameter(name="--site", help="The site's settings, a TOML file.")]


@app.command
def run(
    extract_dir: Path | None = None,
    /,
    *,
    out: Path | None = None,
    source: str | None = None,
    as_of: date | None = None,
    warehouse: Path | None = None,
    site: SiteOption = None,
    accept_gate: str | None = None,
    prefect: bool = False,
    project: ProjectOption = None,
) -> None:
    """Audit one extract: load, gate, build, apply, publish, render.

    Example: nightrounds run /srv/extracts/tonight --out /srv/audit --as-of 2026-11-22

    Parameters
    ----------
    extract_dir
        The folder that holds the extract; by default the site's.
    out
        Where the results go; by default the site's, else build/audit.
    source
        The format: native, omop, fhir, synthea, mimic, or the path of a source folder.
    as_of
        The date that the audit is run for; today when not given.
    warehouse
        The database that is kept from night to night; by default in the results' folder.
    accept_gate
        Publish although the gate is closed; the reason is printed on every page.
    prefect
        Take the steps as a Prefect flow.

    """
    from nightrounds.commands import run_command

    run_command(extract_dir, out, source, as_of, warehouse, site, accept_gate, prefect, project)


@app.command
def demo(*, out: Path | None = None, project: ProjectOption = None) -> None:
    """Audit the invented sample delivery and print the page to open.

    Example: nightrounds demo

    Parameters
    ----------
    out
        Where the results go; by default build/demo in the checkout.

    """
    from nightrounds.commands import demo_command

    demo_command(out, project)


@app.command
def schedule(*, cron: str | None = None, site: SiteOption = None, project: ProjectOption = None) -> None:
    """Serve the nightly flow with Prefect until stopped.

    Prefect's server must be running (prefect server start), and PREFECT_API_URL must hold its address.

    Example: nightrounds schedule --cron "15 2 * * *" --site /etc/nightrounds.toml

    Parameters
    ----------
    cron
        When: minute, hour, day of the month, month, day of the week; by default the site's, else 02:15 every night.

    """
    from nightrounds.commands import schedule_command

    schedule_command(cron, site, project)


@app.command
def synth(*, patients: int, out: Path, as_of: date, seed: int = 1, parquet: bool = False, project: ProjectOption = None) -> None:
    """Write an invented extract with planted findings, near-misses and the answers to them.

    Example: nightrounds synth --patients 5000 --out build/invented --as-of 2026-06-30

    Parameters
    ----------
    patients
        About how many; at least one for every case of the rules, which are more than 2,000.
    out
        The folder to write to.
    as_of
        The day of the extract.
    seed
        Another number gives other copies of the cases' patients.
    parquet
        Write Parquet instead of CSV, and then no rows with mistakes.

    """
    from nightrounds.commands import synth_command

    synth_command(patients, out, as_of, seed, parquet, project)


@app.command
def sql(
    query: str,
    /,
    *,
    out: Path | None = None,
    form: Annotated[Literal["table", "csv"], Parameter(name="--format")] = "table",
    site: SiteOption = None,
) -> None:
    """Run a read-only query on the published database.

    Example: nightrounds sql "SELECT rule_id, rate FROM mart.rule_summary" --out /srv/audit

    Parameters
    ----------
    query
        One SELECT; docs.tables and docs.columns say what there is.
    out
        The results' folder; by default the site's, else build/audit.
    form
        A table shows the first and last rows of a long answer; csv prints all of it.

    """
    from nightrounds.commands import sql_command

    sql_command(query, out, site, form)


@rules_app.default
def rules_list(*, project: ProjectOption = None) -> None:
    """List every rule with its kind, severity and title.

    Example: nightrounds rules
    """
    from nightrounds.rulebook import list_rules

    list_rules(project)


@rules_app.command(name="show")
def rules_show(rule_id: str, /, *, project: ProjectOption = None) -> None:
    """Show one rule: what it means, its parameters, its SQL and its cases.

    Example: nightrounds rules show quinine_without_indication
    """
    from nightrounds.rulebook import show_rule

    show_rule(rule_id, project)


@rules_app.command(name="test")
def rules_test(rule_id: str | None = None, /, *, project: ProjectOption = None) -> None:
    """Run the cases of one rule, or of all.

    Example: nightrounds rules test baclofen_abrupt_stop
    """
    from nightrounds.rulebook import test_rules

    test_rules(rule_id, project)


@rules_app.command(name="new")
def rules_new(rule_id: str, /, *, pack: str = "leg_cramps", project: ProjectOption = None) -> None:
    """Start a rule: a folder with an explained rule.toml, cases.toml and rule.sql that run as they are.

    Example: nightrounds rules new baclofen_long_course

    Parameters
    ----------
    rule_id
        The name: small letters, digits and _.
    pack
        The folder of rules/ that it belongs to.

    """
    from nightrounds.rulestart import new_rule

    new_rule(rule_id, pack, project)


@rules_app.command(name="preview")
def rules_preview(
    rule_id: str,
    /,
    *,
    out: Path | None = None,
    everything: Annotated[bool, Parameter(name="--all", negative="", help="List every change, however many there are.")] = False,
    site: SiteOption = None,
    project: ProjectOption = None,
) -> None:
    """Run a changed rule on the data of the last run and list who enters, who leaves and who changes severity.

    Names patients, and writes nothing.

    Example: nightrounds rules preview baclofen_abrupt_stop --out /srv/audit

    Parameters
    ----------
    rule_id
        The rule, as its folder stands now.
    out
        The results' folder whose warehouse is read; by default the site's.

    """
    from nightrounds.rulebook import preview_rule

    preview_rule(rule_id, out, site, project, everything=everything)


@source_app.command(name="new")
def source_new(name: str, /, *, like: str = "native", project: ProjectOption = None) -> None:
    """Start a source folder: one explained SELECT for each feed, to be edited.

    Example: nightrounds source new riverside

    Parameters
    ----------
    name
        The folder to make: a name, or a path.
    like
        The source whose SELECTs are copied.

    """
    from nightrounds.sourcebook import new_source

    new_source(name, like, project)


@vocabulary_app.command(name="import")
def vocabulary_import(
    folder: Path, /, *, into: Path | None = None, site: SiteOption = None, project: ProjectOption = None
) -> None:
    """Write code lists of every product, brand and national drug code that a vocabulary knows of the listed ingredients.

    Example: nightrounds vocabulary import /srv/athena --into /srv/nightrounds/codelists

    Parameters
    ----------
    folder
        The folder of an OMOP vocabulary (CONCEPT.csv, CONCEPT_ANCESTOR.csv) or of an RxNorm release (RXNCONSO.RRF, RXNREL.RRF).
    into
        Where the lists go; by default the folder that the site file names as `codelists`.

    """
    from nightrounds.vocabulary import import_vocabulary

    import_vocabulary(folder, into, site, project)


@app.command
def doctor(*, site: SiteOption = None, out: Path | None = None, project: ProjectOption = None) -> None:
    """Check the installation, the site file, permissions, the age of the code lists, the disk and tonight's extract.

    Example: nightrounds doctor --site /etc/nightrounds.toml

    Parameters
    ----------
    out
        The results' folder, when it is not the site's.

    """
    from nightrounds.doctor import examine

    examine(site, out, project)


def main(words: list[str] | None = None) -> None:
    """Run the command line, or these words of one; a fault that a person can mend is told in a sentence, without a traceback."""
    try:
        app(words, exit_on_error=True)
    except NightroundsError as error:
        print(f"nightrounds: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # Whoever read the output, such as head, has seen enough; nothing is to be flushed to it at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        if not error.filename:
            raise
        remedy = "Mend that, or choose another place."
        print(f"nightrounds: {error.filename} cannot be used ({error.strerror}). {remedy}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
