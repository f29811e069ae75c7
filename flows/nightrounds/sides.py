"""Side by side: the same work for many things of one database, two at a time, each on a connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import duckdb

Item = TypeVar("Item")
Made = TypeVar("Made")
# More at a time would have to share the memory in ever smaller parts.
SIDES = 2


def side_by_side(
    con: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection, Item], Made], items: Sequence[Item]
) -> list[Made]:
    """Do `work(connection, item)` for every item, two at a time where the database has two threads; return what each gave.

    Statements on little data use one core each, and planning one always does. An item alone is worked on `con`
    itself, in the transaction that it may be in. Raises what the first failing item raised.
    """
    workers = min(len(items), SIDES, int(con.execute("SELECT current_setting('threads')").fetchall()[0][0]))
    if workers <= 1:
        return [work(con, item) for item in items]

    def on_its_own(item: Item) -> Made:
        with con.cursor() as own:
            own.execute("SET TimeZone = 'UTC'")
            return work(own, item)

    pool = ThreadPoolExecutor(workers)
    try:
        return list(pool.map(on_its_own, items))
    finally:
        pool.shutdown(cancel_futures=True)
