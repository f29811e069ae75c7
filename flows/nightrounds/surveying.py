r"""One pass over a file's bytes: its hash, its physical lines, and whether DuckDB's quick reader can be trusted with it.

That reader takes lines for rows which are none, and makes up what is in them, where a carriage return ends no line or where
a quoted field does not end with its quote: `"" "a"` becomes ` a`, and of `"\" x"\",""1` only the end is left.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from nightrounds.files import UNREADABLE, open_bytes, refused

CHUNK = 1 << 20
QUOTE = b'"'
# How far back a run of quotes may begin in the chunk before.
OVERLAP = 64


@dataclass(frozen=True)
class Survey:
    """What one pass over a file's bytes tells."""

    sha256: str
    lines: int
    has_nul: bool
    has_bare_return: bool = False
    has_loose_quote: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the file has none of what makes a quick reader go wrong."""
        return not (self.has_nul or self.has_bare_return or self.has_loose_quote)


def survey(path: Path, delimiter: str = "") -> Survey:
    """Read a file once to its end. Quotes are looked at when a delimiter is given.

    Raises NightroundsError when the file is empty or breaks off.
    """
    digest, lines, has_nul, returns, loose, last = hashlib.sha256(), 0, False, 0, not delimiter, b"\n"
    try:
        with open_bytes(path) as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                lines += chunk.count(b"\n")
                has_nul = has_nul or b"\0" in chunk
                if b"\r" in chunk or last.endswith(b"\r"):
                    returns += chunk.count(b"\r") - chunk.count(b"\r\n") - (last.endswith(b"\r") and chunk[:1] == b"\n")
                joined = last + chunk
                loose = loose or has_loose_quote(joined, delimiter.encode())
                last = joined[-OVERLAP:]
            size = file.tell()
    except UNREADABLE as error:
        raise refused(path, "cannot be read to its end") from error
    if not size:
        raise refused(path, "is empty")
    return Survey(digest.hexdigest(), lines + (not last.endswith(b"\n")), has_nul, returns > 0, bool(delimiter) and loose)


def has_loose_quote(chunk: bytes, delimiter: bytes) -> bool:
    """Tell whether a quoted field goes on behind its closing quote with a blank.

    Pairs of quotes are taken out first: inside a field they are escapes, and alone they are an empty field. A quote that is
    left in front of a blank either stands at the start of a field, and opens it, or closes one. A chunk begins with the end
    of a line, or with what has been looked at before.
    """
    if QUOTE not in chunk:
        return False
    for blank in {b" ", b"\t"} - {delimiter}:
        mark = QUOTE + blank
        if mark not in chunk:
            continue
        if any(start + pairs + blank in chunk for start in (delimiter, b"\n") for pairs in (2 * QUOTE, 4 * QUOTE)):
            return True
        single = chunk.replace(2 * QUOTE, b"")
        place = single.find(mark)
        while place >= 0:
            if place and single[place - 1 : place] not in (delimiter, b"\n"):
                return True
            place = single.find(mark, place + 1)
    return False
