"""Reads a dm+d release in the TRUD XML format: one folder of `f_vtm2_*.xml`, `f_vmp2_*.xml` ..., gzipped or not.

Elements and their meaning: dm+d Technical Specification of Data Files (NHSBSA), schemas `vtm_v2_3.xsd` and their like. Each row names one
former id; all former ids are in `f_history1_*.xml` of the supplementary files, which is read too where it lies in the folder.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from lxml import etree

from mainstem.terminology import codes
from mainstem.terminology.errors import MalformedFileError, MissingFileError, SeveralFilesError
from mainstem.terminology.statements import Concept, Level, Link, Name, Relation, Statements

REQUIRED = {"vtm": Level.VTM, "ingredient": Level.SUBSTANCE, "vmp": Level.VMP, "amp": Level.AMP}
"""Files without which it is no release, and what each tells of."""
OPTIONAL = ("vmpp", "ampp", "lookup", "history")
_OF_PRODUCTS = {"VPI": ("VPID", Link.INGREDIENT, "ISID"), "DFORM": ("VPID", Link.FORM, "FORMCD"), "DROUTE": ("VPID", Link.ROUTE, "ROUTECD"),
                "LIC_ROUTE": ("APID", Link.ROUTE, "ROUTECD")}
"""Element -> the product it is about, and what it says of it."""
_INVALID = "1"
_OTHER_NAMES = ("NM", "NMPREV", "NM_PREV")
"""An AMP's description has its supplier in it, its name has not; former names are still written."""


class _Said:
    """Collects what the files say, refusing ids whose check digit is wrong."""

    def __init__(self) -> None:
        self.concepts: dict[int, Concept] = {}
        self.relations: list[Relation] = []
        self.refused = 0
        self.names: list[Name] = []

    def concept(self, row: dict[str, str], id_: str, level: Level, *, previous: str = "", term: str = "NM") -> int:
        """0 where its id is refused."""
        code = self.number(row.get(id_))
        if code:
            self.concepts[code] = Concept(code, level, row.get(term) or row.get("NM", ""), row.get("INVALID") != _INVALID)
            self.names += [Name(code, row[other]) for other in _OTHER_NAMES if row.get(other)]
            if previous in row:
                self.followed(row[previous], row[id_])
        return code

    def followed(self, before: str | None, now: str | None) -> None:
        """An id that is listed and valid means what it says there, whatever it has been (`derive`)."""
        if before != now and (former := self.number(before)):
            self.relate(former, Link.REPLACED_BY, now)

    def relate(self, code: int, link: Link, target: str | None) -> None:
        to = self.number(target) if code and target else 0
        if to:
            self.relations.append(Relation(code, link, to))

    def number(self, text: str | None) -> int:
        if text and codes.valid(text):
            return int(text)
        self.refused += 1
        return 0


def read(folder: Path) -> tuple[Statements, list[str]]:
    """What a release says, and the names of the files read. Raises MissingFileError, MalformedFileError."""
    files = {name: _file(folder, name) for name in (*REQUIRED, *OPTIONAL)}
    for name in REQUIRED:
        if files[name] is None:
            raise MissingFileError(str(folder), f"f_{name}2_*.xml", "dm+d")
    said = _Said()
    for _, row in _rows(files["vtm"], "VTM"):
        said.concept(row, "VTMID", Level.VTM, previous="VTMIDPREV")
    for _, row in _rows(files["ingredient"], "ING"):
        said.concept(row, "ISID", Level.SUBSTANCE, previous="ISIDPREV")
    for _, row in _rows(files["lookup"], "INFO"):
        level = {"FORM": Level.FORM, "ROUTE": Level.ROUTE}.get(row["of"])
        if level is not None:
            said.concept(row, "CD", level, previous="CDPREV", term="DESC")
    _products(files, said)
    told = {concept.level for concept in said.concepts.values()}
    for name, level in REQUIRED.items():
        if level not in told:
            raise MalformedFileError(str(files[name]), f"tells of no {name.upper()}")
    _lineage(said)
    for _, row in _rows(files["history"], "VTM", "VMP", "ING", "FORM", "ROUTE"):
        said.followed(row.get("IDPREVIOUS"), row.get("IDCURRENT"))
    names = [path.name for path in files.values() if path is not None]
    return Statements(list(said.concepts.values()), said.relations, said.refused, tuple(said.names)), names


def _products(files: dict[str, Path | None], said: _Said) -> None:
    for tag, row in chain(_rows(files["vmp"], "VMP", *_OF_PRODUCTS), _rows(files["amp"], "AMP", *_OF_PRODUCTS)):
        if tag == "VMP":
            said.relate(said.concept(row, "VPID", Level.VMP, previous="VPIDPREV"), Link.MOIETY, row.get("VTMID"))
        elif tag == "AMP":
            said.relate(said.concept(row, "APID", Level.AMP, term="DESC"), Link.ACTUAL_OF, row.get("VPID"))
        else:
            product, link, target = _OF_PRODUCTS[tag]
            said.relate(said.number(row.get(product)), link, row.get(target))
    for _, row in _rows(files["vmpp"], "VMPP"):
        said.relate(said.concept(row, "VPPID", Level.VMPP), Link.ACTUAL_OF, row.get("VPID"))
    for _, row in _rows(files["ampp"], "AMPP"):
        said.relate(said.concept(row, "APPID", Level.AMPP), Link.ACTUAL_OF, row.get("APID"))


def _lineage(said: _Said) -> None:
    """Substance and moiety of one name are one agent; a substance that is the sole ingredient of one moiety's products is a form of it
    (mebeverine hydrochloride -> Mebeverine)."""
    substances = {concept.term.casefold(): concept.code for concept in sorted(said.concepts.values(), key=lambda c: (c.active, c.code))
                  if concept.level is Level.SUBSTANCE}
    named: set[int] = set()
    for code, concept in said.concepts.items():
        if concept.level is Level.VTM and (substance := substances.get(concept.term.casefold())):
            said.relations.append(Relation(code, Link.SUBSTANCE_OF, substance))
            named.add(substance)
    ingredients: dict[int, set[int]] = {}
    moiety: dict[int, int] = {}
    for code, link, target in said.relations:
        if link is Link.INGREDIENT:
            ingredients.setdefault(code, set()).add(target)
        elif link is Link.MOIETY:
            moiety[code] = target
    of: dict[int, set[int]] = {}
    for code, found in ingredients.items():
        if len(found) == 1:
            of.setdefault(next(iter(found)), set()).add(moiety.get(code, 0))
    said.relations += [Relation(substance, Link.BASE, next(iter(moieties))) for substance, moieties in sorted(of.items())
                       if len(moieties) == 1 and 0 not in moieties and substance not in named]


def _file(folder: Path, name: str) -> Path | None:
    """`f_vtm2_3091025.xml`: the number after the name is the format's, then the day, month and year. Raises SeveralFilesError: which of
    two releases is meant cannot be told, and their files must not be mixed."""
    found = sorted(path for path in folder.rglob(f"f_{name}[0-9]*.xml*") if path.suffix in (".xml", ".gz"))
    if len(found) > 1:
        raise SeveralFilesError(str(folder), [str(path.relative_to(folder)) for path in found])
    return found[0] if found else None


def _rows(path: Path | None, *tags: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each element of these tags, and its children's text; `of` is the name of the element around it."""
    if path is None:
        return
    try:
        with cast(IO[bytes], gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            for _, element in etree.iterparse(file, resolve_entities=False, no_network=True, remove_comments=True):
                if not len(element):  # a field of a row, or a group of rows that have been taken out of it
                    continue
                tag, around = _name(element), element.getparent()
                if tag in tags:
                    yield tag, {"of": "" if around is None else _name(around),
                                **{_name(child): (child.text or "").strip() for child in element}}
                element.clear()
                while element.getprevious() is not None:
                    del around[0]
    except (etree.XMLSyntaxError, OSError, EOFError, zlib.error) as fault:
        raise MalformedFileError(str(path), "is not the XML it should be") from fault


def _name(element: Any) -> str:
    return str(element.tag)
