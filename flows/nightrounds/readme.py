"""README's table of the guideline, made from guideline.toml: `make readme` writes it, and a test says when it is out of date."""

from nightrounds.errors import NightroundsError
from nightrounds.guideline import Statement, read_guideline
from nightrounds.project import find_project

START, END = "<!-- guideline: made by `make readme` -->", "<!-- guideline: end -->"
COVER = {"C": "computed", "P": "partly", "N": "not computable"}


def guideline_table(statements: list[Statement]) -> str:
    """Return the table in Markdown, a line a statement: id, statement, cover, and its rules or why there is none."""
    head = ["| id | statement | cover | rules, or why there is none |", "|---|---|---|---|"]
    return "\n".join([*head, *map(_line, statements)])


def with_table(text: str, table: str) -> str:
    """Put the table between the markers of a text. Raises NightroundsError when it has no markers."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise NightroundsError("README.md has no place for the table.", f"Put {START} and {END} on lines of their own.")
    return f"{before}{start}\n{table}\n{end}{after}"


def main() -> None:
    """Write the table into README.md."""
    project = find_project()
    path, table = project.root / "README.md", guideline_table(read_guideline(project.rules))
    path.write_text(with_table(path.read_text(encoding="utf-8"), table), encoding="utf-8")


def _line(statement: Statement) -> str:
    told = [", ".join(f"`{rule}`" for rule in statement.rules), statement.why_not or ""]
    cells = [statement.id, statement.statement, COVER[statement.cover], "; ".join(filter(None, told))]
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


if __name__ == "__main__":
    main()
