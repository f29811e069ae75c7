"""Paper: on which sheets the parts of a page are printed, read from the structure that Chromium writes into a tagged PDF.

Only as much of the format is read as Chromium writes: elements of structure are objects that no stream hides, each with its kind
and its children, which are other elements or pieces of a sheet's content.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

OBJECT = re.compile(rb"^(\d+) 0 obj\n(.*?)\nendobj$", re.DOTALL | re.MULTILINE)
KIND, SHEET = re.compile(rb"/S /(\w+)"), re.compile(rb"^/Pg (\d+) 0 R", re.MULTILINE)
CHILDREN = re.compile(rb"^/K (\[.*?\]|\d+ 0 R|\d+)(?:>>)?$", re.DOTALL | re.MULTILINE)
CHILD = re.compile(rb"<</Type /MCR\s/Pg (\d+) 0 R\s/MCID \d+>>|(\d+) 0 R|(\d+)")
# A longer table may go on on the next sheet: with bars and counts in its rows it may not fit one.
SHORT_TABLE = 6


@dataclass(frozen=True)
class Part:
    """A part of a page: its kind (Table, TR, H2 ...; empty for bare content), what is in it, and its sheets in order."""

    kind: str
    parts: tuple["Part", ...]
    sheets: tuple[int, ...]

    def all(self, *kinds: str) -> Iterator["Part"]:
        """Give the parts of these kinds, in the order of reading."""
        if self.kind in kinds:
            yield self
        for part in self.parts:
            yield from part.all(*kinds)


def structure(pdf: bytes) -> Part:
    """Return the whole document of a tagged PDF."""
    objects = dict(OBJECT.findall(pdf))
    order = next(body for body in objects.values() if body.startswith(b"<</Type /Pages") and b"/Parent" not in body)
    sheets = {number: place for place, number in enumerate(_sheets(order, objects), 1)}
    root = next(body for body in objects.values() if b"/Type /StructTreeRoot" in body)
    return _part(re.findall(rb"/K (\d+) 0 R", root)[0], objects, sheets)


def _sheets(node: bytes, objects: dict[bytes, bytes]) -> Iterator[bytes]:
    for number in re.findall(rb"(\d+) 0 R", node.split(b"/Kids [")[1].split(b"]")[0]):
        if objects[number].startswith(b"<</Type /Pages"):
            yield from _sheets(objects[number], objects)
        else:
            yield number


def _part(number: bytes, objects: dict[bytes, bytes], sheets: dict[bytes, int]) -> Part:
    body = objects[number]
    kind, own, children = KIND.search(body), SHEET.search(body), CHILDREN.search(body)
    parts = []
    for elsewhere, element, _ in CHILD.findall(children[1]) if children else []:
        content = elsewhere or (own[1] if own else b"")
        parts.append(_part(element, objects, sheets) if element else Part("", (), (sheets[content],)))
    return Part(kind[1].decode() if kind else "", tuple(parts), tuple(sorted({s for part in parts for s in part.sheets})))


def cuts(page: Part) -> list[str]:
    """Say what is parted that should be read on one sheet."""
    return [
        *(f"{part.kind} on {part.sheets}" for part in page.all("Figure", "Art") if len(part.sheets) > 1),
        *(said for table in page.all("Table") for said in _cuts_of_table(table)),
        *(f"{part.kind} on {part.sheets}, what follows on {after.sheets}" for part, after in _lonely_headings(page)),
    ]


def _cuts_of_table(table: Part) -> Iterator[str]:
    places = [place for place, part in enumerate(table.parts) if part.kind == "TR"]
    heading, *rows = (table.parts[place] for place in places)
    begins = {sheet for part in table.parts[: places[0]] for sheet in part.sheets} | {heading.sheets[0], rows[0].sheets[0]}
    if len(begins) > 1:
        yield f"caption, headings and first row of a table on {sorted(begins)}"
    if heading.sheets != table.sheets:
        yield f"headings on {heading.sheets} of a table on {table.sheets}"
    if len(table.sheets) > 1 and len(rows) <= SHORT_TABLE:
        yield f"table of {len(rows)} rows on {table.sheets}"
    yield from (f"row on {row.sheets}" for row in rows if len(row.sheets) > 1)


def _lonely_headings(page: Part) -> Iterator[tuple[Part, Part]]:
    """Give headings at the foot of a sheet whose text is on the next, each with what follows."""
    parts = [part for part in page.all("H2", "H3", "") if part.sheets]
    inside = {id(part) for heading in page.all("H2", "H3") for part in heading.all("")}
    shown = [part for part in parts if id(part) not in inside]
    yield from ((part, after) for part, after in pairwise(shown) if part.kind and part.sheets[-1] != after.sheets[0])
