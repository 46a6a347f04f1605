"""The release that comes with Mainstem: the CSV files in `builtin/`, small, checked, each row with its source."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TypeVar

from mainstem.terminology import codes, store
from mainstem.terminology.errors import MalformedFileError
from mainstem.terminology.lookup import Terminology
from mainstem.terminology.statements import Concept, Level, Link, Name, Relation, Statements

_Word = TypeVar("_Word", Level, Link)
NAME = "builtin"
FOLDER = Path(__file__).parent / "builtin"


@cache
def builtin() -> Terminology:
    """The shipped release, ready for look-up."""
    return Terminology(store.Store(data(), NAME))


def data() -> bytes:
    """The shipped release as a store file."""
    statements, files = read(FOLDER)
    return store.made(NAME, statements, {"builtin": ", ".join(files)})


def read(folder: Path) -> tuple[Statements, list[str]]:
    """What the CSV files say. Raises MalformedFileError where a code or a word is wrong, so that a slip is found when it is made."""
    concepts = [Concept(_code(row["code"], where), _word(Level, row["level"], where), row["term"], row["active"] != "no")
                for where, row in _rows(folder / "concepts.csv")]
    relations = [Relation(_code(row["code"], where), _word(Link, row["link"], where), _code(row["target"], where))
                 for where, row in _rows(folder / "relations.csv")]
    names = tuple(Name(_code(row["code"], where), row["name"]) for where, row in _rows(folder / "names.csv"))
    sensitive = frozenset(_code(row["code"], where) for where, row in _rows(folder / "sensitive.csv"))
    return Statements(concepts, relations, names=names, sensitive=sensitive), [
        "concepts.csv", "relations.csv", "names.csv", "sensitive.csv"]


def _rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [(f"{path.name} line {at}", row) for at, row in enumerate(csv.DictReader(file), 2)]


def _code(text: str, where: str) -> int:
    if not codes.valid(text):
        raise MalformedFileError(where, f"{text} is no SNOMED CT concept id")
    return int(text)


def _word(words: type[_Word], text: str, where: str) -> _Word:
    try:
        return words[text.upper().replace("-", "_")]
    except KeyError:
        raise MalformedFileError(where, f"{text} is none of {', '.join(word.name.lower() for word in words)}") from None
