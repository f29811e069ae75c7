"""Render: put the published numbers into pages, each one a file that needs no network, no other file, and no script to be read.

`dashboard/` may be passed on: it reads only what the disclosure policy allows. `worklist/` names patients, and only its
owner may open it. A page is a template with a folder of queries beside it: `reports/dashboard/rule.html.j2` finds the
answer to `reports/dashboard/rule/months.sql` in its variable `months`. A folder with a query `each.sql` makes one page
for each row of that query's answer, found in the variable `here_is`. The other queries are asked once for all pages: of rows
that have columns of `each.sql`, a page gets those that are equal to its own there.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from jinja2 import Environment
from markupsafe import Markup

from nightrounds.areas import AREAS, create, make_folder, safe_name
from nightrounds.formulas import harmless
from nightrounds.pages import Row, content_policy, environment
from nightrounds.prose import marked_up
from nightrounds.sqlfiles import SqlFile, sql_files
from nightrounds.workbook import workbook

ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Page:
    """A template under reports/ (without its ending), and where its page goes under the run's folder."""

    template: str
    target: str

    @property
    def area(self) -> str:
        """Name of the part of the report that the page belongs to: dashboard or worklist."""
        return self.template.split("/")[0]


PAGES = (
    Page("dashboard/index", "dashboard/index.html"),
    Page("dashboard/rule", "dashboard/rules/{rule_id}.html"),
    Page("dashboard/facility", "dashboard/facilities/{page}.html"),
    Page("dashboard/data-quality", "dashboard/data-quality.html"),
    Page("dashboard/guideline", "dashboard/guideline.html"),
    Page("worklist/index", "worklist/index.html"),
    Page("worklist/rule", "worklist/rules/{page}.html"),
    Page("worklist/facility", "worklist/facilities/{page}.html"),
    Page("worklist/prescriber", "worklist/prescribers/{page}.html"),
    Page("worklist/data-quality", "worklist/data-quality.html"),
)


def render(con: duckdb.DuckDBPyConnection, reports: Path, out: Path) -> list[Path]:
    """Write `out`/dashboard and `out`/worklist from the analysts' database; return the files written."""
    env = environment(reports)
    shared = shared_values(con, reports / "shared")
    written: list[Path] = []
    for area, (folder_mode, _) in AREAS.items():
        make_folder(out / area, folder_mode)
        footer = env.get_template("shared/footer.html.j2").render(shared, area=area)
        frame = shared | {"area": area, "footer": Markup(footer)}  # noqa: S704 - a template's own
        for page in PAGES:
            if page.area == area:
                written += write_pages(con, env, reports, page, frame, out)
    findings, table = reports / "worklist" / "findings.sql", out / "worklist" / "findings.xlsx"
    with create(table, "worklist", "wb") as file:
        file.write(workbook(con, [("Open findings", findings)], shared["run"]["started_at"]))
    return [*written, table, write_csv(con, findings, out / "worklist" / "findings.csv")]


def shared_values(con: duckdb.DuckDBPyConnection, folder: Path) -> Row:
    """Return what every page gets: the run, its feeds and rule versions, the style sheet and the policy that allows it."""
    css, script = ((folder / name).read_text(encoding="utf-8") for name in ("style.css", "extras.js"))
    values = {file.table: rows(con, file) for file in sql_files(folder)}
    ours = {"css": Markup(css), "script": Markup(script), "content_policy": content_policy(css, script)}  # noqa: S704
    titles = {rule["rule_id"]: rule["title"] for rule in values["versions"]}
    return {**values, "run": values["run"][0], "marked_up": marked_up(titles), **ours}


def write_pages(
    con: duckdb.DuckDBPyConnection, env: Environment, reports: Path, page: Page, shared: Row, out: Path
) -> Iterator[Path]:
    """Write a template's page, or one for each row of its `each.sql`."""
    template = env.get_template(f"{page.template}.html.j2")
    root = "../" * (page.target.count("/") - 1)
    answers = {file.table: rows(con, file) for file in sql_files(reports / page.template)}
    each = answers.pop("each", [{}])
    pick = {name: by_page(answer, each) for name, answer in answers.items()}
    for here_is in each:
        target = out / page.target.format(**{name: safe_name(value) for name, value in here_is.items()})
        own = {name: rows_of(here_is) for name, rows_of in pick.items()}
        with create(target, page.area) as file:
            file.write(template.render({**shared, **own, "root": root, "here_is": here_is}))
        yield target


def by_page(answer: Sequence[Row], each: Sequence[Row]) -> Callable[[Row], list[Row]]:
    """Return the function that finds a page's own rows in an answer: those equal to it in the columns that they share."""
    keys = [name for name in each[0] if name in answer[0]] if each and answer else []
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in answer:
        groups[tuple(row[key] for key in keys)].append(row)
    return lambda page: groups.get(tuple(page[key] for key in keys), [])


def rows(con: duckdb.DuckDBPyConnection, file: SqlFile) -> list[Row]:
    """Return a query's rows as dictionaries."""
    con.execute(file.text)
    names = [column[0] for column in con.description or []]
    return [dict(zip(names, row, strict=True)) for row in con.fetchall()]


def write_csv(con: duckdb.DuckDBPyConnection, query: Path, target: Path) -> Path:
    """Write a query's rows as CSV in which no cell can act as a formula."""
    con.execute(SqlFile(query).text)
    with create(target, "worklist") as file:
        table = csv.writer(file)
        table.writerow(column[0] for column in con.description or [])
        while chunk := con.fetchmany(ROWS_AT_ONCE):
            table.writerows([harmless(value) for value in row] for row in chunk)
    return target
