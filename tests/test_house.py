"""The house rules: what stands where, who may read whom, and what no file may say. A rule that is broken here is named."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sqlglot import tokenize

from nightrounds.sqlfiles import SqlFile, nodes

ROOT = Path(__file__).parents[1]
TOP_LEVEL = {"pyproject.toml", "README.md", "flows", "sql", "rules", "reports", "tests", "data_samples"}
BESIDE = {"Makefile", "requirements.lock", "LICENSE"}
# What is made goes here, and is no part of the house.
MADE = {"build", "dist"}

# Folder -> schemas (or single tables) that its SELECTs may read. A table of the same schema must be of an earlier layer.
MAY_READ = {
    "sql/sources": {"raw", "codelists.drugs"},
    "sql/extracts": {"source", "codelists", "extracts.patients", "staging.patients_quarantined"},
    "sql/clean": {"extracts", "codelists", "clean"},
    "sql/facts": {"clean", "codelists", "facts", "extracts.feeds"},
    "sql/audit": {
        "extracts",
        "facts",
        "audit",
        "clean.unmapped_near_names",
        "clean.drug_code_conflicts",
        "staging.labs",
        "codelists.lab_units",
    },
    "sql/marts": {"facts", "audit", "mart"},
    "sql/quality": {"staging", "facts", "clean"},
    "sql/records": set(),
    "sql/vocabulary": {"raw", "codelists", "vocabulary.members"},
    "rules": {"facts", "clean"},
    "reports": {"audit", "mart"},
}
CLOCK = re.compile(
    r"\b(now|today|current_date|current_time|current_timestamp|get_current_time|get_current_timestamp|localtime"
    r"|localtimestamp|transaction_timestamp|current_localtime|current_localtimestamp)\b"
)
# Results that differ from one run to the next, or from one version to the next.
UNSTABLE = re.compile(r"\b(random|uuid|uuidv4|uuidv7|gen_random_uuid|hash|approx_\w+|asof|tablesample|setseed)\b")


def selects() -> list[Path]:
    """Every SQL file that is one SELECT, relative to the root."""
    found = [p.relative_to(ROOT) for top in ("sql", "rules", "reports") for p in sorted((ROOT / top).rglob("*.sql"))]
    return [p for p in found if p.parts[:2] != ("sql", "macros")]


def macros() -> list[Path]:
    return sorted((ROOT / "sql" / "macros").glob("*.sql"))


def code(path: Path) -> str:
    """The words of a SQL file in lower case, without comments and without what stands in quotes."""
    tokens = tokenize((ROOT / path).read_text(encoding="utf-8"), dialect="duckdb")
    return " ".join(t.text for t in tokens if "STRING" not in t.token_type.name).lower()


def layer(path: Path) -> int:
    """The sub-layer that a file of a schema is built in: its numbered folder, 0, or the views that come last."""
    return int(path.parent.name) if path.parent.name.isdigit() else 99 if path.parent.name == "views" else 0


def test_top_level_is_exactly_the_eight_and_the_three_beside() -> None:
    visible = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    assert visible - MADE == TOP_LEVEL | BESIDE


def test_every_sql_file_is_one_select() -> None:
    assert len(selects()) > 50
    for path in selects():
        assert SqlFile(ROOT / path).tree, path


def test_every_macro_file_defines_the_macro_it_is_named_after() -> None:
    assert macros()
    for path in macros():
        defined = re.findall(r"^CREATE OR REPLACE MACRO (\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert defined == [path.stem]


@pytest.mark.parametrize("pattern", [CLOCK, UNSTABLE], ids=["the clock", "what is not the same tomorrow"])
def test_no_sql_reads(pattern: re.Pattern[str]) -> None:
    found = {str(p): pattern.findall(code(p)) for p in [*selects(), *macros()]}
    assert {path: words for path, words in found.items() if words} == {}


def test_python_reads_the_clock_in_one_place() -> None:
    asks = re.compile(r"\b(?:datetime\.now|datetime\.today|datetime\.utcnow|date\.today|time\.time)\(")
    found = {p.name for p in (ROOT / "flows").rglob("*.py") if asks.search(p.read_text(encoding="utf-8"))}
    assert found == {"run.py"}


@pytest.mark.parametrize("path", selects(), ids=str)
def test_a_file_reads_earlier_layers_only(path: Path) -> None:
    folder = next(name for name in MAY_READ if path.is_relative_to(name))
    allowed = MAY_READ[folder]
    own = "mart" if folder == "sql/marts" else path.parts[1]
    layers = {f"{own}.{p.stem}": layer(p) for p in selects() if p.is_relative_to(folder)} if path.parts[0] == "sql" else {}
    for table in SqlFile(ROOT / path).tables:
        assert table in allowed or table.split(".")[0] in allowed, f"{path} reads {table}"
        if own in allowed and table.startswith(f"{own}."):
            assert layers.get(table, -1) < layer(path), f"{path} reads {table}, which may be built after it"


@pytest.mark.parametrize("path", selects(), ids=str)
def test_every_table_is_named_with_its_schema(path: Path) -> None:
    """So that what a file reads can be told from the file, and no Python variable is ever taken for a table."""
    tree = SqlFile(ROOT / path).tree
    ctes = {entry["key"].lower() for node in nodes(tree) for entry in node.get("cte_map", {}).get("map", [])}
    bare = {n["table_name"].lower() for n in nodes(tree) if n.get("type") == "BASE_TABLE" and not n.get("schema_name")}
    assert bare <= ctes


def test_no_file_of_the_engine_imports_prefect() -> None:
    for path in sorted((ROOT / "flows" / "nightrounds").rglob("*.py")):
        assert "prefect" not in imported(path), path


def imported(path: Path) -> set[str]:
    """Top-level packages that a Python file imports, anywhere in it."""
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = [a.name for node in tree if isinstance(node, ast.Import) for a in node.names]
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names += [node.module or "" for node in tree if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def test_no_flow_bears_the_name_of_something_that_is_imported() -> None:
    """A flow file's folder comes first on the path: flows/calendar.py would replace the standard library's."""
    taken = set(sys.stdlib_module_names) | set(importlib.metadata.packages_distributions()) - {"nightrounds"}
    ours = {p.stem for p in (ROOT / "flows").iterdir() if p.suffix == ".py" or p.is_dir()}
    assert ours & taken == set()


def test_the_lock_names_no_host_and_hashes_everything() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|git\+|--index|--find-links|--extra-index|--trusted|/\w+/\w+", text) == []
    packages = re.split(r"\n(?=[a-z0-9])", text[text.index("\n", text.index("make lock")) :])
    assert [p.splitlines()[0] for p in packages if "--hash=sha256:" not in p and p.strip()] == []


def test_the_lock_holds_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert {re.split(r"[<>=\[]", w)[0] for w in wanted} - set(locked) == set()


def test_every_dependency_is_imported_or_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.optional-dependencies]")]
    used = set().union(*(imported(p) for p in (ROOT / "flows").rglob("*.py")))
    for line in re.findall(r'^    ("[^\n]+)', block, re.MULTILINE):
        name = re.split(r"[<>=\"]", line)[1].replace("-", "_")
        assert name in used or "#" in line, f"{name} is neither imported nor explained"


def test_readme_names_only_make_targets_and_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"run", "test"} <= set(re.findall(r"^make (\w+)", readme, re.MULTILINE)) <= set(targets)
    commands = set(re.findall(r"(?:^\.venv/bin/|`)nightrounds (\w+)", readme, re.MULTILINE))
    shown = subprocess.run([sys.executable, "-m", "nightrounds.cli", "--help"], capture_output=True, text=True, check=True).stdout
    assert {c for c in commands if not re.search(rf"^│? *{c}\b", shown, re.MULTILINE)} == set()


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text(encoding="utf-8").rstrip().endswith("exec make test")


def test_hooks_fetch_nothing() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"repo: (\S+)", hooks)) == {"local"}
    assert "additional_dependencies" not in hooks


def test_a_plain_install_holds_the_engine_and_asks_where_the_checkout_is(tmp_path: Path) -> None:
    """`pip install .`: the content stays in the checkout, and the command says in one sentence how to name it."""
    target, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", str(target), str(ROOT)], check=True, capture_output=True)
    assert {p.name for p in target.iterdir() if "dist-info" not in p.name} == {"nightrounds", "bin"}
    command = [sys.executable, "-m", "nightrounds.cli", "rules"]
    away = {"PYTHONPATH": str(target), "PATH": ""}
    lost = subprocess.run(command, cwd=elsewhere, env=away, capture_output=True, text=True, check=False)
    assert (lost.returncode, lost.stdout) == (2, "")
    assert "--project or NIGHTROUNDS_PROJECT" in lost.stderr
    assert "Traceback" not in lost.stderr
    told = {**away, "NIGHTROUNDS_PROJECT": str(ROOT)}
    found = subprocess.run(command, cwd=elsewhere, env=told, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
