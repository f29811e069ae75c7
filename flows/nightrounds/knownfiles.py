"""Known files: a file is known by its content, and in a delta one that was loaded before says nothing new.

That is so even when its rows have been changed or removed since. Only its rows that could not be used then are looked at
again, since their patient may have come by now.
"""

import duckdb

from nightrounds.previous import has_previous
from nightrounds.rawtables import RawFile
from nightrounds.staging import Feed


def recall_files(con: duckdb.DuckDBPyConnection) -> None:
    """Create `staging.known_files`: content of each file that a feed was loaded from, and its lines that could not be used."""
    con.execute("CREATE OR REPLACE TABLE staging.known_files (feed VARCHAR, content VARCHAR, bad_lines BIGINT[])")
    if has_previous(con, "staging", "known_files"):
        con.execute("INSERT INTO staging.known_files SELECT * FROM previous.staging.known_files")


def supersede_known(con: duckdb.DuckDBPyConnection, feed: Feed, mode: str) -> None:
    """In a delta, supersede the good rows of files that are known: they leave `staging.<feed>` for `staging.superseded`."""
    con.execute("CREATE OR REPLACE TABLE staging.superseded (file VARCHAR, line BIGINT)")
    for file in feed.files if mode == "delta" else []:
        _supersede_file(con, feed, file)


def _supersede_file(con: duckdb.DuckDBPyConnection, feed: Feed, file: RawFile) -> None:
    for bad_lines in lines_known(con, feed, file):
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE again AS
            SELECT rowid AS place, file, line FROM staging.{feed.name}
            WHERE file = $file AND faults IS NULL AND line NOT IN (SELECT unnest($bad_lines::BIGINT[]))
            """,
            {"file": file.path.name, "bad_lines": bad_lines},
        )
        con.execute("INSERT INTO staging.superseded SELECT file, line FROM again")
        con.execute(f"DELETE FROM staging.{feed.name} WHERE rowid IN (SELECT place FROM again)")


def lines_known(con: duckdb.DuckDBPyConnection, feed: Feed, file: RawFile) -> list[list[int]]:
    """Return the lines of a known file that could not be used, as the only item; nothing for a new file."""
    query = "SELECT bad_lines FROM staging.known_files WHERE feed = ? AND content = ?"
    return [lines for (lines,) in con.execute(query, [feed.name, feed.content_of(file)]).fetchall()]


def remember_files(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Add the files of a feed to `staging.known_files`. What conflicted with another row could be used, and was settled."""
    for file in feed.files:
        place = {"feed": feed.name, "content": feed.content_of(file)}
        con.execute("DELETE FROM staging.known_files WHERE feed = $feed AND content = $content", place)
        con.execute(
            f"""
            INSERT INTO staging.known_files
            SELECT $feed, $content, coalesce(list(DISTINCT line), []) FROM staging.{feed.name}
            WHERE file = $file AND len([f FOR f IN faults IF f.reason <> 'conflicting duplicate']) > 0
            """,
            place | {"file": file.path.name},
        )
