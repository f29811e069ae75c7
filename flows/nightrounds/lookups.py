"""Look-ups: files in which feeds only look something up (names of codes, places, products), and what could be read of each.

No row of such a file is a row of a feed, so the accounts of the feeds are silent about it: a bad line would show only as a
name or a place that is missing. So every one of these files has a row in `audit.lookups`, and its bad lines are kept in
`audit.quarantine` like those of any other, under no feed. A table that is a feed of its own is in that feed's accounts.
"""

from collections import Counter
from collections.abc import Sequence

from nightrounds.carefully import BadLine
from nightrounds.database import identifier
from nightrounds.intake import Intake
from nightrounds.rawtables import RawFile
from nightrounds.staging import keep_bad_lines


def account_for_lookups(intake: Intake) -> list[str]:
    """Write a row of `audit.lookups` for every file that is only looked up; return the sum of each table as a line of text."""
    said = []
    for table, feeds in looked_up(intake).items():
        query = f"SELECT file, count(*) FROM raw.{identifier(table)} GROUP BY file"
        counts: dict[str, int] = dict(intake.con.execute(query).fetchall())
        for file in intake.files[table]:
            _record(intake, table, feeds, file, counts.get(file.path.name, 0))
        bad = sum(len(file.bad_lines) for file in intake.files[table])
        said.append(f"{table}: read {sum(counts.values()) + bad}, bad lines {bad}; looked up by {', '.join(feeds)}")
    return said


def looked_up(intake: Intake) -> dict[str, list[str]]:
    """Return the delivered raw tables that are no feed of their own, each with the delivered feeds that look into it."""
    present = {name: feed for name, feed in sorted(intake.source.items()) if intake.has(name)}
    own = {feed.main_table for feed in present.values()}
    readers = {table: [name for name, feed in present.items() if table in feed.raw_columns] for table in sorted(intake.files)}
    return {table: feeds for table, feeds in readers.items() if feeds and table not in own}


def _record(intake: Intake, table: str, feeds: list[str], file: RawFile, good: int) -> None:
    bad = file.bad_lines
    row = [table, file.path.name, file.survey.sha256, feeds, good + len(bad), len(bad), _reasons(bad), intake.run.run_id]
    intake.con.execute(f"INSERT INTO audit.lookups VALUES ({', '.join('?' * len(row))})", row)
    keep_bad_lines(intake.con, intake.run.run_id, file)


def _reasons(bad: Sequence[BadLine]) -> str | None:
    """What is wrong with bad lines, the most frequent first, each with its number; None when there is none."""
    counts = sorted(Counter(line.reason for line in bad).items(), key=lambda pair: (-pair[1], pair[0]))
    return "; ".join(f"{reason} ({count})" for reason, count in counts) or None
