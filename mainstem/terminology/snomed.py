"""Reads a SNOMED CT release in the RF2 snapshot format: tab-separated `sct2_*_*Snapshot*.txt` and `der2_*`, gzipped or not.

Columns and file names: SNOMED CT Release File Specification, 4.2 and 5.2. An edition unpacked to several folders is read as one: what two
packages say of one component counts as the later of them says it.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from mainstem.terminology import codes
from mainstem.terminology.errors import MalformedFileError, MissingFileError
from mainstem.terminology.statements import Concept, Level, Link, Name, Relation, Statements

_FSN = "900000000000003001"
_PREFERRED = "900000000000548007"
_LANGUAGES = ("999001261000000100", "999000691000001104", "900000000000508004")
"""Best first: NHS realm language refset (clinical part, pharmacy part), then GB English."""
_LINKS = {
    "116680003": Link.IS_A,
    "246075003": Link.AGENT,
    "738774007": Link.BASE,           # is modification of
    "127489000": Link.INGREDIENT,     # has active ingredient
    "762949000": Link.INGREDIENT,     # has precise active ingredient
    "10362801000001104": Link.INGREDIENT,  # has specific active ingredient (UK Drug Extension)
}
_HISTORY = frozenset({"900000000000527005", "900000000000526001"})
"""SAME AS, REPLACED BY. POSSIBLY EQUIVALENT TO and the like do not say that it is the same, so they are not followed."""
_SENSITIVE = frozenset({"999004351000000109", "999004361000000107", "999004371000000100", "999004381000000103"})
"""General practice summary data sharing exclusions of the UK edition: gender related issues, termination of pregnancy, assisted
fertilisation, sexually transmitted disease (the RCGP sensitive set)."""
_LEVELS = {"(substance)": Level.SUBSTANCE, "(product)": Level.PRODUCT, "(medicinal product)": Level.PRODUCT,
           "(medicinal product form)": Level.PRODUCT, "(clinical drug)": Level.PRODUCT, "(real clinical drug)": Level.PRODUCT,
           "(packaged clinical drug)": Level.PRODUCT}
"""By the semantic tag at the end of the fully specified name."""


def read(folder: Path) -> tuple[Statements, list[str]]:
    """What a release says, and the names of the files read. Raises MissingFileError, MalformedFileError."""
    files = {
        "concept": _files(folder, "sct2_Concept_*Snapshot*", required=True),
        "description": _files(folder, "sct2_Description_*Snapshot*", required=True),
        "relationship": _files(folder, "sct2_Relationship_*Snapshot*", required=True),
        "language": _files(folder, "der2_cRefset_Language*Snapshot*"),
        "association": _files(folder, "der2_cRefset_Association*Snapshot*"),
        "simple": _files(folder, "der2_Refset_*Simple*Snapshot*"),
    }
    active: dict[int, bool] = {}
    refused = 0
    for id_, state in _latest(files["concept"], "id", "active"):
        if codes.valid(id_):
            active[int(id_)] = state == "1"
        else:
            refused += 1
    terms, levels, names = _descriptions(files["description"], _preferred(files["language"]))
    concepts = [Concept(code, levels.get(code, Level.OTHER), terms.get(code, ""), state) for code, state in active.items()]
    relations = [Relation(source, link, target)
                 for source, target, type_, state in _latest(files["relationship"], "#sourceId", "#destinationId", "typeId", "active")
                 if state == "1" and (link := _LINKS.get(type_)) is not None and source in active and target in active]
    for name, found in (("concept", active), ("description", terms), ("relationship", relations)):
        if not found:
            raise MalformedFileError(", ".join(path.name for path in files[name]), f"tells of no {name}")
    relations += [Relation(before, Link.REPLACED_BY, now)
                  for refset, before, now, state in _latest(files["association"], "refsetId", "#referencedComponentId",
                                                            "#targetComponentId", "active")
                  if state == "1" and refset in _HISTORY and before in active and now in active]
    names = [name for name in names if active.get(name.code)]
    sensitive = frozenset(code for refset, code, state in _latest(files["simple"], "refsetId", "#referencedComponentId", "active")
                          if state == "1" and refset in _SENSITIVE and code in active)
    read_ = sorted(path.name for found in files.values() for path in found)
    return Statements(concepts, relations, refused, tuple(names), sensitive), read_


def _preferred(paths: list[Path]) -> dict[int, int]:
    """Description -> rank of the best language refset that prefers it."""
    found: dict[int, int] = {}
    for refset, description, acceptability, state in _latest(paths, "refsetId", "#referencedComponentId", "acceptabilityId", "active"):
        if state == "1" and acceptability == _PREFERRED and refset in _LANGUAGES:
            rank = _LANGUAGES.index(refset)
            found[description] = min(rank, found.get(description, rank))
    return found


def _descriptions(paths: list[Path], preferred: dict[int, int]) -> tuple[dict[int, str], dict[int, Level], list[Name]]:
    """Term shown per concept: the preferred synonym, else any synonym, else the fully specified name; its level; and all synonyms."""
    last = len(_LANGUAGES)
    best: dict[int, tuple[int, str]] = {}
    levels: dict[int, Level] = {}
    names: list[Name] = []
    for id_, code, type_, term, state in _latest(paths, "#id", "#conceptId", "typeId", "term", "active"):
        if state != "1":
            continue
        if type_ == _FSN:
            level = _LEVELS.get(term[term.rfind("("):])
            if level is not None:
                levels[code] = level
        else:
            names.append(Name(code, term))
        offered = (last + 1 if type_ == _FSN else preferred.get(id_, last), term)
        best[code] = min(offered, best.get(code, offered))
    return {code: term for code, (_, term) in best.items()}, levels, names


def _files(folder: Path, pattern: str, *, required: bool = False) -> list[Path]:
    found = sorted(path for path in folder.rglob(pattern) if path.name.endswith((".txt", ".txt.gz")))
    if required and not found:
        raise MissingFileError(str(folder), pattern + ".txt", "SNOMED CT RF2 snapshot")
    return found


def _latest(paths: list[Path], *columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows as `_rows` gives them; of a component that several files tell of, the one of the latest effectiveTime."""
    if len(paths) < 2:
        yield from _rows(paths, *columns)
        return
    times: dict[str, int] = {}
    for id_, time in _rows(paths, "id", "#effectiveTime"):
        times[id_] = max(time, times.get(id_, 0))
    for id_, time, *row in _rows(paths, "id", "#effectiveTime", *columns):
        if time == times[id_]:
            yield tuple(row)


def _rows(paths: list[Path], *columns: str) -> Iterator[tuple[Any, ...]]:
    """The named columns of every row; with `#` before its name, as a number. RF2 has no quoting: a tab ends a field, whatever is in it, and
    a line end the last row too, so that a file cut short is seen."""
    names, kinds = [column.removeprefix("#") for column in columns], [int if column.startswith("#") else str for column in columns]
    for path in paths:
        try:
            with cast(IO[bytes], gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
                head = file.readline().decode("utf-8-sig").rstrip("\r\n").split("\t")
                at = list(zip(kinds, [head.index(name) for name in names], strict=True))
                for line in file:
                    fields = line.decode().rstrip("\r\n").split("\t")
                    if len(fields) != len(head) or not line.endswith(b"\n"):
                        raise ValueError(line)
                    yield tuple([kind(fields[index]) for kind, index in at])
        except (OSError, EOFError, ValueError, zlib.error) as fault:
            raise MalformedFileError(str(path), f"is no whole RF2 file with columns {', '.join(names)}") from fault
