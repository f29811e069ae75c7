"""Great Expectations, kept behind one function: run a feed's suite inside DuckDB and hand back counts.

This module is slow to import (it loads Great Expectations), so gate.py imports it when a run needs it and not before.
Nothing leaves memory: the context is ephemeral, keeps no validation site, draws no progress bar and sends nothing.
"""

import atexit
import gc
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.metadata_types import FailureSeverity
from sqlalchemy.pool import NullPool

from nightrounds import duckdb_dialect

# What was just imported, half a million objects, stays to the end: the collector need not walk it again and again,
# but once more when all ends.
gc.freeze()
atexit.register(gc.unfreeze)
# Its warnings quote queries and rows; what matters of them comes back as a result.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Question:
    """One expectation: no row of `table` satisfies `failing`. `key` is what the answer is filed under."""

    key: int
    failing: str
    critical: bool


def source_of(con: duckdb.DuckDBPyConnection) -> SQLDatasource:
    """Make an open database known to Great Expectations.

    What is to be read must be committed: every query runs in a cursor of its own, and none is kept.
    """
    duckdb_dialect.register()
    arguments = {"creator": duckdb_dialect.creator(con), "poolclass": NullPool}
    warehouse = SQLDatasource(name="warehouse", connection_string=duckdb_dialect.URL, kwargs=arguments)
    return _context().data_sources.add_sql(datasource=warehouse)


def ask(source: SQLDatasource, name: str, table: str, questions: Sequence[Question]) -> dict[int, int | None]:
    """Run a suite over one table; return for each key how many rows fail, or None when the expectation itself raised."""
    asset = source.add_query_asset(name, query=f"SELECT * FROM {table}")
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    suite = gx.ExpectationSuite(name=name, expectations=[_expectation(question) for question in questions])
    result = batch.validate(suite, result_format="BASIC")
    return dict(_answer(one) for one in result.results)


def _context() -> EphemeralDataContext:
    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(
        store_backend_defaults=stores, analytics_enabled=False, progress_bars=ProgressBarsConfig(globally=False)
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _expectation(question: Question) -> UnexpectedRowsExpectation:
    # Great Expectations puts the batch in with str.format: any other brace must be doubled.
    condition = question.failing.replace("{", "{{").replace("}", "}}")
    return UnexpectedRowsExpectation(
        unexpected_rows_query=f"SELECT 1 FROM {{batch}} WHERE {condition}",
        severity=FailureSeverity.CRITICAL if question.critical else FailureSeverity.WARNING,
        meta={"key": question.key},
    )


def _answer(result: ExpectationValidationResult) -> tuple[int, int | None]:
    meta = result.expectation_config.meta if result.expectation_config else None
    key = int((meta or {})["key"])
    return key, None if _raised(result.exception_info or {}) else int(result.result["observed_value"])


def _raised(info: dict[str, object]) -> bool:
    """Tell whether an expectation raised: its own flag, or one flag for each metric that it asked for."""
    parts = [part for part in info.values() if isinstance(part, dict)]
    return any(part.get("raised_exception") for part in [info, *parts])
