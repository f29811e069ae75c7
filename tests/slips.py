"""What can slip in a statement: each function here yields the places where one kind of slip is possible."""

import itertools
from collections.abc import Callable, Iterator

from sqlwords import Word, betweens, enclosing, neighbours, operand_after, operand_before, until, value_end

WORDS = {
    "<": ["<="], "<=": ["<"], ">": [">="], ">=": [">"], "<>": ["="], "OR": ["AND"], "NOT": [""], "ANTI": ["SEMI"],
}  # fmt: skip
# Start, end (exclusive) and what is put there; in words when the text would be too long to show.
Edit = tuple[int, int, str, str]


def one_word(_text: str, words: list[Word]) -> Iterator[Edit]:
    """`<` for `<=` and so on, AND for OR and the reverse, `=` for `<>`, NOT forgotten, SEMI for ANTI."""
    ands_of_between = {ends[1] for ends in betweens(words)}
    for place, word in enumerate(words):
        swaps = ["OR"] if word.text == "AND" and place not in ands_of_between else WORDS.get(word.text, [])
        for other in swaps if word.kind != "STRING" else []:
            yield word.start, word.end, other, ""


def left_joins(_text: str, words: list[Word]) -> Iterator[Edit]:
    """Turn a LEFT or FULL join into an inner one."""
    for word, following in itertools.pairwise(words):
        if word.text in {"LEFT", "FULL"} and following.text == "JOIN":
            yield word.start, following.end, "JOIN", ""


def numbers(_text: str, words: list[Word]) -> Iterator[Edit]:
    """Move a number by one in its last digit; not the digits of round(), a type's size, or a rank (a column of its own)."""
    for place, word in enumerate(words):
        if word.kind != "NUMBER" or is_label(words, place) or is_size(words, place):
            continue
        for number in neighbours(word.text):
            yield word.start, word.end, number, ""


def is_label(words: list[Word], place: int) -> bool:
    """Whether a number is a column of its own, as in `SELECT 1` and `, 2 AS preference`, or counts the rows of VALUES."""
    before, after = words[place - 1].text, words[place + 1].text if place + 1 < len(words) else ""
    if is_argument(words, place):
        return words[place].text == str(row_of_values(words, place))
    return before in {",", "SELECT"} and after in {"AS", "", ",", ")", "FROM"}


def row_of_values(words: list[Word], place: int) -> int | None:
    """Which row of VALUES (1, 2 ...) a word stands in."""
    at, row = enclosing(words, place), 1
    while at is not None and words[at - 1].text == ",":
        at, row = enclosing(words, at - 2), row + 1
    return row if at is not None and words[at - 1].text == "VALUES" else None


def is_argument(words: list[Word], place: int) -> bool:
    """Whether a word stands inside the parentheses of a call or a list, rather than among the columns of a SELECT."""
    opening = enclosing(words, place)
    return opening is not None and words[opening + 1].text not in {"SELECT", "WITH"}


def is_size(words: list[Word], place: int) -> bool:
    """Whether a number says how precise another is: round(x, 1), DECIMAL(18, 3)."""
    opening = enclosing(words, place)
    if opening is None or words[opening].text != "(":
        return False
    called = words[opening - 1].text
    return called in {"DECIMAL", "NUMERIC", "VARCHAR"} or (called == "ROUND" and words[place - 1].text == ",")


def ends_of_between(text: str, words: list[Word]) -> Iterator[Edit]:
    """Leave an end out of BETWEEN, or let it reach one further where no number of its own says how far."""
    for middle, joint in betweens(words):
        first, last = operand_before(words, middle), operand_after(words, joint)
        value, low, high = (
            text[words[a].start : words[b - 1].end] for a, b in ((first, value_end(words, middle)), (middle + 1, joint), (joint + 1, last))
        )  # fmt: skip
        negated = "NOT " if words[middle - 1].text == "NOT" else ""
        puts = [f"({value} > {low} AND {value} <= {high})", f"({value} >= {low} AND {value} < {high})"]
        puts += [] if has_number(words[middle:joint]) else [f"{value} BETWEEN ({low}) - 1 AND {high}"]
        puts += [] if has_number(words[joint:last]) else [f"{value} BETWEEN {low} AND ({high}) + 1"]
        for put in puts:
            yield words[first].start, words[last - 1].end, negated + put, ""


def has_number(words: list[Word]) -> bool:
    """Whether a number or a parameter is among the words: its own mutants move the end."""
    return any(w.kind in {"NUMBER", "PARAMETER"} for w in words)


def branches_of_case(text: str, words: list[Word]) -> Iterator[Edit]:
    """Never take one branch of a CASE or of an if()."""
    for place, word in enumerate(words):
        if word.text == "WHEN":
            opening = enclosing(words, place)
            searched = opening is not None and words[opening + 1].text == "WHEN"
            end = until(words, place + 1, {"THEN"})
            yield never(text, words[place + 1].start, words[end - 1].end, "FALSE" if searched else "NULL")
        elif word.text == "IF" and words[place + 1].text == "(":
            end = until(words, place + 2, {","})
            yield never(text, words[place + 2].start, words[end - 1].end, "FALSE")


def never(text: str, start: int, end: int, put: str) -> Edit:
    """Put a condition out of reach; it is named by its own words."""
    return start, end, put, "" if "\n" not in text[start:end] else "never"


def branches_of_union(text: str, words: list[Word]) -> Iterator[Edit]:
    """Let one part of a UNION give no rows."""
    for opening in [-1, *(at for at, word in enumerate(words) if word.text == "(")]:
        joints, end = unions_in(words, opening + 1)
        starts = [opening + 1, *(after_union(words, at) for at in joints)]
        for first, last in zip(starts, [*joints, end], strict=True) if joints else []:
            part = text[words[first].start : words[last - 1].end]
            yield words[first].start, words[last - 1].end, f"SELECT * FROM ({part}) WHERE FALSE", "no rows"


def unions_in(words: list[Word], place: int) -> tuple[list[int], int]:
    """Places of the UNIONs of one SELECT, and of its end."""
    joints = []
    at = until(words, place, {"UNION"})
    while at < len(words) and words[at].text == "UNION":
        joints.append(at)
        at = until(words, at + 1, {"UNION"})
    return joints, at


def after_union(words: list[Word], at: int) -> int:
    """Place of the first word of the part that follows a UNION [ALL] [BY NAME]."""
    while words[at].text in {"UNION", "ALL", "BY", "NAME"}:
        at += 1
    return at


SLIPS: tuple[Callable[[str, list[Word]], Iterator[Edit]], ...] = (
    one_word,
    left_joins,
    numbers,
    ends_of_between,
    branches_of_case,
    branches_of_union,
)
