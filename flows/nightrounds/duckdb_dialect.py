"""A SQLAlchemy dialect of DuckDB for Great Expectations, which reads a result after it has given the connection back.

Giving a connection back rolls its transaction back, and DuckDB drops the unread result with it. Results are therefore
fetched whole as soon as a statement has run; they are small, since every expectation asks for counts.
"""

import atexit
import sys
from collections.abc import Callable

import duckdb
from duckdb_sqlalchemy import ConnectionWrapper, Dialect, DuckDBExecutionContext
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

URL = "duckdb+nightrounds://"


class BufferingContext(DuckDBExecutionContext):
    """Fetch every row of a result at once."""

    def post_exec(self) -> None:
        """Put the rows where SQLAlchemy looks for them instead of in the cursor."""
        if self.cursor.description:
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(self.cursor, initial_buffer=self.cursor.fetchall())


class BufferingDialect(Dialect):
    """DuckDB with buffered results."""

    supports_statement_cache = True
    execution_ctx_cls = BufferingContext


def register() -> None:
    """Make URL known to SQLAlchemy."""
    registry.register("duckdb.nightrounds", __name__, BufferingDialect.__name__)


def creator(con: duckdb.DuckDBPyConnection) -> Callable[[], ConnectionWrapper]:
    """Return what opens connections for an engine: cursors of one that is open, so the file is not opened twice."""
    return lambda: ConnectionWrapper(con.cursor())


def _let_go() -> None:
    """Empty DuckDB's modules before Python ends.

    Great Expectations, and whoever keeps a failed step's error, hold them to the very last, and DuckDB's binding then
    prints a hundred lines of "leaked" to the terminal of whoever ran the audit.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"duckdb", "_duckdb", "duckdb_sqlalchemy"}:
            vars(module).clear()


atexit.register(_let_go)
