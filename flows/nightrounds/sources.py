"""Sources: a folder with one SELECT per feed over the raw files of a format."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nightrounds.errors import NightroundsError
from nightrounds.sqlfiles import SqlFile, nodes, sql_files

FEEDS = (
    "patients",
    "prescriptions",
    "labs",
    "diagnoses",
    "procedures",
    "administrations",
    "dialysis_sessions",
    "encounters",
)
BASE_FEEDS = ("patients", "prescriptions", "labs")
NEEDS = re.compile(r"^-- needs: (.*)$")
WITHOUT = re.compile(r"^-- without (\w+): (.*)$")
SPLITS = "-- splits: "


@dataclass(frozen=True)
class FeedSource:
    """How one feed is made from raw tables."""

    file: SqlFile

    @property
    def feed(self) -> str:
        """Name of the feed."""
        return self.file.table

    @cached_property
    def needs(self) -> dict[str, list[str]]:
        """Raw tables without which the feed is absent, each with the columns that its files must have."""
        found: dict[str, list[str]] = {}
        for line in filter(None, map(NEEDS.match, self.file.header)):
            for word in line.group(1).split(","):
                table, _, column = word.strip().partition(".")
                found.setdefault(table, []).append(column)
        return found

    @property
    def main_table(self) -> str:
        """The raw table of which every row is a row of the feed: the first that it needs."""
        return next(iter(self.needs))

    @property
    def without(self) -> dict[str, str]:
        """Raw tables that the feed only looks into when they are there -> what it lacks without them, from its header."""
        said = {match.group(1): match.group(2) for match in map(WITHOUT.match, self.file.header) if match}
        tables = sorted(self.raw_columns.keys() - self.needs.keys())
        return {table: said.get(table, "what is looked up in it stays empty") for table in tables}

    @property
    def splits(self) -> bool:
        """Whether a raw row may hold several rows of the feed: an Observation with components, for one."""
        return any(line.startswith(SPLITS) for line in self.file.header)

    @cached_property
    def raw_columns(self) -> dict[str, set[str]]:
        """Raw table -> columns that the SELECT mentions."""
        raw = {t for t in self.file.tables if t.startswith("raw.")}
        columns: dict[str, set[str]] = {table.removeprefix("raw."): set() for table in raw}
        for node in nodes(self.file.tree):
            if node.get("type") == "COLUMN_REF":
                *qualifier, column = node["column_names"]
                # A bare column can only be meant for the one raw table of a file that reads no other.
                bare = raw if len(raw) == 1 else set()
                for table in self.file.aliases.get(qualifier[-1], set()) & raw if qualifier else bare:
                    columns[table.removeprefix("raw.")].add(column.lower())
        for table, names in self.needs.items():
            columns.setdefault(table, set()).update(names)
        return {table: names - {"file", "line"} for table, names in columns.items()}


def lack_of(source: dict[str, FeedSource], table: str) -> str:
    """Say in a sentence what feeds lack without a raw table that they only look into; an empty text when there are none."""
    lacks: dict[str, list[str]] = {}
    for feed in (f for f in FEEDS if f in source and table in source[f].without):
        lacks.setdefault(source[feed].without[table], []).append(feed)
    said = "; ".join(f"{lack} ({', '.join(feeds)})" for lack, feeds in lacks.items())
    return f"Without it {said}." if said else ""


def find_source(sql: Path, name: str) -> Path:
    """Return the folder of a source given by name or by path. Raises NightroundsError when it is neither."""
    named = sql / "sources" / name
    folder = named if "/" not in name and named.is_dir() else Path(name)
    if folder.is_dir() and sql_files(folder):
        return folder
    known = ", ".join(sorted(p.name for p in (sql / "sources").iterdir() if p.is_dir()))
    raise NightroundsError(
        f"There is no source {name!r}.", f"Use one of {known}, or the path of a folder with one SELECT per feed."
    )


def load_source(folder: Path) -> dict[str, FeedSource]:
    """Read a source folder. Raises NightroundsError on a file that is not named after a feed."""
    source = {file.table: FeedSource(file) for file in sql_files(folder)}
    for name, feed in source.items():
        if name not in FEEDS or not feed.needs:
            raise NightroundsError(
                f"{feed.file.path} is not a feed's SELECT.",
                f"Name it after a feed ({', '.join(FEEDS)}) and add a `-- needs: table.column` line.",
            )
    return source
