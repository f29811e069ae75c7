"""The two kinds of vocabulary that are understood: which files they have, how these are read, and how they say their age."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nightrounds.database import path_literal, text_literal
from nightrounds.errors import NightroundsError
from nightrounds.files import csv_head, refused

RXNCONSO = "rxcui lat ts lui stt sui ispref rxaui saui scui sdui sab tty code str srl suppress cvf"
RXNREL = "rxcui1 rxaui1 stype1 rel rxcui2 rxaui2 stype2 rela rui srui sab sl dir rg suppress cvf"
RXNSAT = "rxcui lui sui rxaui stype code atui satui atn sab atv suppress cvf"
RXNSAB = "vcui rcui vsab rsab"


@dataclass(frozen=True)
class Kind:
    """One kind of vocabulary: its tables with the columns that are read, those it cannot do without, and how it says its age."""

    name: str
    tables: Mapping[str, str]
    needed: Mapping[str, str]
    version: str
    read: Callable[[Path, str], str] = field(repr=False)


def _delimited(path: Path, columns: str) -> str:
    """SQL that reads some columns of a file with a header line, as Athena (tabs, no quotes) or anybody else writes it."""
    delimiter, names = csv_head(path)
    if lacking := sorted(set(columns.split()) - set(names)):
        raise refused(path, f"lacks the column {lacking[0]}")
    quote = "" if delimiter == "\t" else '"'
    return (
        f"SELECT {', '.join(columns.split())} FROM read_csv({path_literal(path)}, delim = {text_literal(delimiter)}, "
        f"quote = '{quote}', escape = '{quote}', header = true, all_varchar = true, nullstr = '', auto_detect = false, "
        f"columns = {_all_text(names)})"
    )


def _headless(path: Path, columns: str) -> str:
    """SQL that reads a file of the Rich Release Format: pipes, no header, no quotes, a pipe at the end of the line."""
    with path.open("rb") as file:
        width = file.readline().count(b"|")
    if width < len(columns.split()):
        raise refused(path, f"has {width} columns, not {len(columns.split())}")
    names = [*columns.split(), *(f"more{n}" for n in range(width + 1 - len(columns.split())))]
    return (
        f"SELECT {', '.join(columns.split())} FROM read_csv({path_literal(path)}, delim = '|', quote = '', escape = '', "
        "header = false, all_varchar = true, nullstr = '', auto_detect = false, "
        f"columns = {_all_text(names)})"
    )


def _all_text(names: Sequence[str]) -> str:
    return "{" + ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in names) + "}"


OMOP = Kind(
    name="omop",
    tables={
        "concept": "concept_id concept_name vocabulary_id concept_class_id concept_code valid_start_date",
        "concept_ancestor": "ancestor_concept_id descendant_concept_id",
        "concept_relationship": "concept_id_1 concept_id_2 relationship_id invalid_reason",
        "vocabulary": "vocabulary_id vocabulary_version",
    },
    needed={
        "concept": "the codes and their names",
        "concept_ancestor": "which products hold an ingredient",
    },
    version="""
        SELECT coalesce(
            (SELECT 'OMOP vocabulary, ' || min(vocabulary_version) FROM raw.vocabulary WHERE vocabulary_id = 'RxNorm'),
            (SELECT 'OMOP vocabulary, RxNorm up to ' || max(valid_start_date) FROM raw.concept WHERE vocabulary_id = 'RxNorm')
        )
    """,
    read=_delimited,
)
RXNORM = Kind(
    name="rxnorm",
    tables={"rxnconso": RXNCONSO, "rxnrel": RXNREL, "rxnsat": RXNSAT, "rxnsab": RXNSAB},
    needed={"rxnconso": "the codes and their names", "rxnrel": "which products hold an ingredient"},
    version="SELECT min(vsab) FROM raw.rxnsab WHERE rsab = 'RXNORM'",
    read=_headless,
)


def find_vocabulary(folder: Path) -> tuple[Kind, dict[str, Path]]:
    """Tell the kind of vocabulary by its files, whatever the case of their names."""
    if not folder.is_dir():
        raise NightroundsError(f"There is no folder {folder}.", "Give the folder that holds the vocabulary.")
    places = [folder, *(path for path in sorted(folder.iterdir()) if path.is_dir())]
    for kind, ending in ((RXNORM, ".rrf"), (OMOP, ".csv")):
        for place in places:
            found = {path.stem.lower(): path for path in sorted(place.iterdir()) if path.suffix.lower() == ending}
            if next(iter(kind.needed)) in found:
                return kind, {table: found[table] for table in kind.tables if table in found}
    raise NightroundsError(
        f"{folder} holds neither CONCEPT.csv nor RXNCONSO.RRF.",
        "Give the folder of an OMOP vocabulary, or the rrf folder of an RxNorm release.",
    )
