"""One run: the small frozen value that every step gets. Paths, dates and options; never a connection, never a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

from nightrounds.errors import NightroundsError
from nightrounds.parameters import check_site
from nightrounds.project import Project
from nightrounds.rules import Rule, described, load_rules
from nightrounds.site import Site
from nightrounds.sources import FEEDS
from nightrounds.sqlfiles import Value
from nightrounds.warehouse import fact_parameters


@dataclass(frozen=True)
class Run:
    """One audit of one extract for one date."""

    project: Project
    site: Site
    extract: Path
    source: str
    out: Path
    warehouse: Path
    as_of: date
    started_at: datetime
    accept_gate: str | None = None

    @property
    def run_id(self) -> str:
        """Name of the run and of its folder: its start in UTC, to the second."""
        return self.started_at.strftime("%Y-%m-%dT%H%M%SZ")

    @property
    def workshop(self) -> Path:
        """Folder, closed to others, of all that a run makes on its way and that may hold rows of the extract."""
        return self.warehouse.with_name(f".{self.warehouse.name}.building")

    @property
    def building(self) -> Path:
        """The database that this run builds; it takes the warehouse's place only when all is published."""
        return self.workshop / "building.duckdb"

    @property
    def ready(self) -> Path:
        """Where the complete database waits for `current` to be switched."""
        return self.warehouse.with_name(f".{self.warehouse.name}.ready-{self.run_id}")

    @property
    def folder(self) -> Path:
        """Where the run's results are put together, out of sight until they are complete."""
        return self.out / "runs" / f".{self.run_id}"

    @property
    def released(self) -> Path:
        """Where the complete results stand."""
        return self.out / "runs" / self.run_id

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules, with the site's parameters. Raises NightroundsError for a folder that is no rule."""
        return load_rules(self.project.rules, self.site)

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """What clean, facts and mart files may bind."""
        chosen = {name: choice.value for name, choice in self.site.facts.items()}
        days: dict[str, Value] = {"as_of": self.as_of, "disclosure": self.site.disclosure, "run_id": self.run_id}
        return {**fact_parameters(self.project.rules), **chosen, **days}


def check_names(project: Project, site: Site) -> None:
    """Raise NightroundsError when the site file names a parameter, a rule or a feed that is not there."""
    named = {*site.rebases, *(remark.rule for remark in site.annotations if remark.rule)}
    if site.facts or site.rules or named:
        rules = described(project.rules)
        check_site(project.rules, rules, site)
        for rule_id in sorted(named - rules.keys()):
            raise NightroundsError(f"The site file speaks of {rule_id}, which is no rule.", "List them with `nightrounds rules`.")
    for feed in sorted(site.limits.feeds.keys() - set(FEEDS)):
        raise NightroundsError(f"The site file sets limits.feeds.{feed}, which is no feed.", f"Feeds: {', '.join(FEEDS)}.")


def new_run(  # noqa: PLR0913 - one argument for each option of `nightrounds run`
    project: Project,
    site: Site,
    extract: Path,
    *,
    source: str | None = None,
    out: Path | None = None,
    warehouse: Path | None = None,
    as_of: date | None = None,
    accept_gate: str | None = None,
    started_at: datetime | None = None,
) -> Run:
    """Describe a run that starts now (or at `started_at`, in UTC). The clock is read here and nowhere else.

    Raises NightroundsError, before any work is done, when the site file sets a parameter that is not there.
    """
    check_names(project, site)
    if accept_gate is not None and not accept_gate.strip():
        raise NightroundsError("A closed gate is opened for a reason only.", "Give one: every page will show it.")
    started_at = started_at or datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    target = (out or site.out).resolve()
    return Run(
        project=project,
        site=site,
        extract=extract.resolve(),
        source=source or site.source,
        out=target,
        warehouse=(warehouse or site.warehouse or target / "warehouse.duckdb").resolve(),
        as_of=as_of or started_at.date(),
        started_at=started_at,
        accept_gate=accept_gate,
    )
