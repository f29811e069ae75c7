"""The small helpers around statements: two at a time, and many rows in one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import duckdb
import pytest

from nightrounds.rows import insert_rows
from nightrounds.sides import SIDES, side_by_side
from nightrounds.sqlfiles import parse


def test_results_come_in_order_and_no_more_than_two_run_at_once() -> None:
    con, running, most = duckdb.connect(config={"threads": 4}), set[int](), list[int]()

    def work(own: duckdb.DuckDBPyConnection, item: int) -> int:
        running.add(threading.get_ident())
        most.append(len(running))
        answer = own.execute("SELECT count(*) FROM range(200_000) AS r (n) WHERE n % 2 = 0 AND n >= 0").fetchall()[0][0]
        running.discard(threading.get_ident())
        return int(answer) + item

    assert side_by_side(con, work, range(9)) == [100_000 + item for item in range(9)]
    assert max(most) <= SIDES


def test_each_has_a_connection_of_its_own_in_utc_and_one_alone_the_transaction_it_is_in() -> None:
    con = duckdb.connect(config={"threads": 2})
    con.execute("BEGIN; CREATE TABLE seen AS SELECT 1 AS n")
    assert side_by_side(con, lambda own, _: own.execute("SELECT n FROM seen").fetchall(), ["alone"]) == [[(1,)]]
    con.execute("COMMIT")
    zones = side_by_side(con, lambda own, _: own.execute("SELECT current_setting('TimeZone')").fetchall()[0][0], [1, 2])
    assert zones == ["UTC", "UTC"]


def test_the_first_failing_item_is_told() -> None:
    def work(own: duckdb.DuckDBPyConnection, table: str) -> None:
        own.execute(f"FROM {table}")

    with pytest.raises(duckdb.CatalogException, match="missing_first"):
        side_by_side(duckdb.connect(config={"threads": 2}), work, ["range(3)", "missing_first", "missing_second"])


def test_rows_keep_their_types_and_what_they_lack_is_null() -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE t (day DATE, name VARCHAR, share DOUBLE, tags VARCHAR[], is_on BOOLEAN)")
    insert_rows(con, "t", [])
    third = 1 / 3
    insert_rows(con, "t", [
        {"day": date(2026, 6, 30), "name": "'; DROP TABLE t --", "share": third, "tags": ["a", "b"], "is_on": True, "other": 1},
        {"name": None, "tags": []},
    ])  # fmt: skip
    assert con.execute("FROM t").fetchall() == [
        (date(2026, 6, 30), "'; DROP TABLE t --", third, ["a", "b"], True), (None, None, None, [], None)
    ]  # fmt: skip


def test_files_are_parsed_by_several_threads_at_once() -> None:
    """Python 3.11 makes threads wait for a cached property, newer ones do not: the parser itself must stand it."""
    texts = [f"SELECT {', '.join(f'a + {n} AS c{n}' for n in range(300))} FROM facts.t{item}" for item in range(40)]
    with ThreadPoolExecutor(8) as pool:
        tables = [parsed["statements"][0]["node"]["from_table"]["table_name"] for parsed in pool.map(parse, texts)]
    assert tables == [f"t{item}" for item in range(40)]
