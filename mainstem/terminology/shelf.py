"""The releases that an operator has loaded: one store file each, named by the release and its digest, never changed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mainstem.terminology import dmd, shipped, snomed, store
from mainstem.terminology.errors import NoSuchReleaseError, ReleaseError, StoreError
from mainstem.terminology.lookup import Terminology
from mainstem.terminology.statements import Statements
from mainstem.terminology.store import Head, Store

_SUFFIX = ".terms"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


class Shelf:
    """Releases in a folder. `builtin` is always there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, name: str, dmd_folder: Path | None, snomed_folder: Path | None, *, with_builtin: bool = True) -> Head:
        """Read releases as the publishers give them, and keep them as `name`. Raises ReleaseError.

        What the shipped table says is kept too, unless told not to: it holds classes and supplier findings that neither release has."""
        if not _NAME.fullmatch(name) or name == shipped.NAME:
            raise ReleaseError(f"{name} is no name for a release; use small letters, digits, dots and dashes, as in uk-2026-11")
        statements, sources = Statements([], []), {}
        for format_, folder, read in (("dm+d", dmd_folder, dmd.read), ("snomed", snomed_folder, snomed.read)):
            if folder is not None:
                said, files = read(folder)
                statements, sources[format_] = statements + said, ", ".join(files)
        if with_builtin:
            said, files = shipped.read(shipped.FOLDER)
            statements, sources["builtin"] = statements + _besides(said, statements), ", ".join(files)
        data = store.made(name, statements, sources)
        head = Store(data, name).head
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}@{head.digest[:12]}{_SUFFIX}"
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(data)
        part.replace(path)
        return head

    def names(self) -> tuple[str, ...]:
        """`name@digest` of every release, `builtin` first."""
        found = sorted(path.name.removesuffix(_SUFFIX) for path in self.folder.glob(f"*{_SUFFIX}"))
        return (shipped.builtin().release, *found)

    def open(self, name: str) -> Terminology:
        """By `name@digest`, or by name where that is only one. Raises NoSuchReleaseError, StoreError."""
        if name in (shipped.NAME, shipped.builtin().release):
            return shipped.builtin()
        names = self.names()
        found = [known for known in names if name in (known, known.partition("@")[0])]
        if len(found) != 1:
            raise NoSuchReleaseError(name, names)
        path = self.folder / f"{found[0]}{_SUFFIX}"
        terms = Terminology(Store.at(path))
        if terms.release != found[0]:
            raise StoreError(str(path), f"holds {terms.release}")
        return terms


def _besides(shipped_says: Statements, published: Statements) -> Statements:
    """What the shipped table says where the publishers say nothing: their word on a code counts, ours never contradicts it.

    SNOMED CT alone does not tell a VTM from other products, so that the level is kept."""
    listed = {concept.code: concept for concept in published.concepts}
    told = {(relation.code, relation.link) for relation in published.relations}
    concepts = []
    for concept in shipped_says.concepts:
        theirs = listed.get(concept.code)
        concepts.append(concept if theirs is None else theirs._replace(level=max(theirs.level, concept.level)))
    relations = [relation for relation in shipped_says.relations if (relation.code, relation.link) not in told]
    return Statements(concepts, relations, names=shipped_says.names)
