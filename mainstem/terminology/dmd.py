"""Reads a dm+d release in the TRUD XML format: one folder of `f_vtm2_*.xml`, `f_vmp2_*.xml` ..., gzipped or not.

Elements and their meaning: dm+d Technical Specification of Data Files (NHSBSA), schemas `vtm_v2_3.xsd` and their like.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from lxml import etree

from mainstem.terminology import codes
from mainstem.terminology.errors import MalformedFileError, MissingFileError
from mainstem.terminology.statements import Concept, Level, Link, Name, Relation, Statements

REQUIRED = ("vtm", "ingredient", "vmp", "amp")
OPTIONAL = ("vmpp", "ampp", "lookup")
_INVALID = "1"
_OTHER_NAMES = ("NM", "NMPREV", "NM_PREV")
"""An AMP's description has its supplier in it, its name has not; former names are still written."""


class _Said:
    """Collects what the files say, refusing ids whose check digit is wrong."""

    def __init__(self) -> None:
        self.concepts: dict[int, Concept] = {}
        self.relations: list[Relation] = []
        self.previous: list[tuple[int, int]] = []
        self.refused = 0
        self.names: list[Name] = []

    def concept(self, row: dict[str, str], id_: str, level: Level, *, previous: str = "", term: str = "NM") -> int:
        """0 where its id is refused."""
        code = self.number(row.get(id_))
        if code:
            self.concepts[code] = Concept(code, level, row.get(term) or row.get("NM", ""), row.get("INVALID") != _INVALID)
            before = self.number(row[previous]) if previous in row else 0
            self.names += [Name(code, row[other]) for other in _OTHER_NAMES if row.get(other)]
            if before:
                self.previous.append((before, code))
        return code

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
    for row in _rows(files["vtm"], "VTM"):
        said.concept(row, "VTMID", Level.VTM, previous="VTMIDPREV")
    for row in _rows(files["ingredient"], "ING"):
        said.concept(row, "ISID", Level.SUBSTANCE, previous="ISIDPREV")
    for row in _rows(files["lookup"], "INFO"):
        level = {"FORM": Level.FORM, "ROUTE": Level.ROUTE}.get(row["of"])
        if level is not None:
            said.concept(row, "CD", level, previous="CDPREV", term="DESC")
    _products(files, said)
    _lineage(said)
    # A former id that the release lists as a concept of its own still means what it says there.
    said.relations += [Relation(before, Link.REPLACED_BY, now) for before, now in said.previous if before not in said.concepts]
    names = [path.name for path in files.values() if path is not None]
    return Statements(list(said.concepts.values()), said.relations, said.refused, tuple(said.names)), names


def _products(files: dict[str, Path | None], said: _Said) -> None:
    for row in _rows(files["vmp"], "VMP"):
        code = said.concept(row, "VPID", Level.VMP, previous="VPIDPREV")
        said.relate(code, Link.MOIETY, row.get("VTMID"))
    for tag, link, field in (("VPI", Link.INGREDIENT, "ISID"), ("DFORM", Link.FORM, "FORMCD"), ("DROUTE", Link.ROUTE, "ROUTECD")):
        for row in _rows(files["vmp"], tag):
            said.relate(said.number(row.get("VPID")), link, row.get(field))
    for row in _rows(files["amp"], "AMP"):
        said.relate(said.concept(row, "APID", Level.AMP, term="DESC"), Link.ACTUAL_OF, row.get("VPID"))
    for row in _rows(files["amp"], "LIC_ROUTE"):
        said.relate(said.number(row.get("APID")), Link.ROUTE, row.get("ROUTECD"))
    for row in _rows(files["vmpp"], "VMPP"):
        said.relate(said.concept(row, "VPPID", Level.VMPP), Link.ACTUAL_OF, row.get("VPID"))
    for row in _rows(files["ampp"], "AMPP"):
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
    """`f_vtm2_3220424.xml`: the number after the name is the format's, then the release's."""
    found = sorted(path for path in folder.rglob(f"f_{name}[0-9]*.xml*") if path.suffix in (".xml", ".gz"))
    return found[-1] if found else None


def _rows(path: Path | None, tag: str) -> Iterator[dict[str, str]]:
    """Each element `tag` as its children's text; `of` is the name of the element around it."""
    if path is None:
        return
    try:
        with cast(IO[bytes], gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            for _, element in etree.iterparse(file, tag=tag, resolve_entities=False, no_network=True):
                if len(element):
                    yield {"of": _name(element.getparent()), **{_name(child): (child.text or "").strip() for child in element}}
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except (etree.XMLSyntaxError, OSError, EOFError) as fault:
        raise MalformedFileError(str(path), "is not the XML it should be") from fault


def _name(element: Any) -> str:
    return str(element.tag)
