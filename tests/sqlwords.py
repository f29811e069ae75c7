"""A SQL statement as words, and where its brackets and operands begin and end."""

from dataclasses import dataclass
from decimal import Decimal

from sqlglot import tokenize

OPEN, CLOSE = {"(", "[", "{", "CASE"}, {")", "]", "}", "END"}
# What ends the operand on either side of BETWEEN.
BEFORE = {
    "AND", "OR", "ON", "WHERE", "WHEN", "NOT", "SELECT", "HAVING", "QUALIFY", "FILTER", "THEN", "ELSE", ",", ":", "=", ">", "<",
}  # fmt: skip
AFTER = {
    "AND", "OR", "THEN", "ELSE", "WHEN", "WHERE", "GROUP", "ORDER", "HAVING", "QUALIFY", "JOIN", "LEFT", "FULL", "INNER",
    "SEMI", "ANTI", "CROSS", "UNION", "WINDOW", "LIMIT", "AS", ",", ":",
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """One token of the statement and the place of its text."""

    text: str
    start: int
    end: int
    kind: str


def words_of(text: str) -> list[Word]:
    """Read a statement; comments are left out."""
    tokens = tokenize(text, dialect="duckdb")
    return [Word(text[t.start : t.end + 1].upper(), t.start, t.end + 1, t.token_type.name) for t in tokens]


def enclosing(words: list[Word], place: int) -> int | None:
    """Place of the bracket that holds a word."""
    depth = 0
    for at in range(place - 1, -1, -1):
        if words[at].text in CLOSE:
            depth += 1
        elif words[at].text in OPEN:
            if depth == 0:
                return at
            depth -= 1
    return None


def betweens(words: list[Word]) -> list[tuple[int, int]]:
    """Places of each BETWEEN of a condition and of the AND that belongs to it."""
    found = []
    for place, word in enumerate(words):
        if word.text == "BETWEEN" and words[place - 1].text not in {"ROWS", "RANGE", "GROUPS"}:
            found.append((place, until(words, place + 1, {"AND"})))
    return found


def until(words: list[Word], place: int, stops: set[str]) -> int:
    """Place of the first word of `stops`, or of the closing bracket, after a place and outside any bracket opened since."""
    depth = 0
    for at in range(place, len(words)):
        word = words[at].text
        if depth == 0 and (word in CLOSE or (words[at].kind != "STRING" and word.split()[0] in stops)):
            return at
        depth += (word in OPEN) - (word in CLOSE)
    return len(words)


def operand_after(words: list[Word], joint: int) -> int:
    """Place behind the last word of the upper end."""
    return until(words, joint + 1, AFTER)


def value_end(words: list[Word], middle: int) -> int:
    """Place behind the last word of what lies between."""
    return middle - 1 if words[middle - 1].text == "NOT" else middle


def operand_before(words: list[Word], middle: int) -> int:
    """Place of the first word of what lies between."""
    depth = 0
    at = value_end(words, middle)
    while at > 0:
        word = words[at - 1].text
        if depth == 0 and (word in OPEN or word in BEFORE):
            break
        depth += (word in CLOSE) - (word in OPEN)
        at -= 1
    return at


def neighbours(number: str) -> list[str]:
    """Return the two numbers that differ from one by one in its last digit."""
    value = Decimal(number)
    step = Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0))
    return [str(value - step) if value >= step else f"({value - step})", str(value + step)]
