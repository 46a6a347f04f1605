"""The releases that an operator has loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from mainstem.shelf import Kept, ReleaseError, ReleaseShelf, fit, shown
from mainstem.terminology import dmd, shipped, snomed, store
from mainstem.terminology.derive import Deriver
from mainstem.terminology.errors import StoreError
from mainstem.terminology.lookup import Terminology
from mainstem.terminology.statements import Link, Relation, Statements
from mainstem.terminology.store import Head, Store


def _opened(path: Path) -> Terminology:
    """A release, compared with its digest when the file is opened first, and again if it has become another. Raises StoreError."""
    try:
        file = path.stat()
    except OSError as fault:
        raise StoreError(str(path), "cannot be opened") from fault
    return _compared(path, (file.st_ino, file.st_mtime_ns, file.st_size))


@lru_cache(maxsize=4)
def _compared(path: Path, _file: tuple[int, ...]) -> Terminology:
    kept = Store.at(path)
    kept.check()
    return Terminology(kept)


_KEPT = Kept("release", ".terms", shipped.builtin, _opened, lambda terms: terms.store.head, "load it with `mainstem terms load`")


class Shelf(ReleaseShelf[Terminology]):
    """Terminologies in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _KEPT)

    def load(self, name: str, dmd_folder: Path | None, snomed_folder: Path | None, *, with_builtin: bool = True,
             say: Callable[[str], object] = lambda _: None) -> Head:
        """Read releases as the publishers give them, and keep them as `name`. Raises ReleaseError. `say`: told of progress, by lines.

        What the shipped table says is kept too, unless told not to: it holds classes and supplier findings that neither release has."""
        if not fit(name) or name == shipped.NAME:
            raise ReleaseError(f"{name} is no name for a release; use small letters, digits, dots and dashes, as in uk-2026-11")
        statements, sources = Statements([], []), {}
        for format_, folder, read in (("dm+d", dmd_folder, dmd.read), ("snomed", snomed_folder, snomed.read)):
            if folder is not None:
                say(f"reading {format_} from {folder}")
                said, files = read(folder)
                statements, sources[format_] = statements + said, ", ".join(files)
        if with_builtin:
            said, files = shipped.read(shipped.FOLDER)
            statements, sources["builtin"] = statements + _besides(said, statements), ", ".join(files)
        say(f"working out the answers for {len(statements.concepts):,} concepts and {len(statements.relations):,} relations")
        data = store.made(name, statements, sources)
        head = Store(data, name).head
        self.put(shown(head), lambda part: part.write_bytes(data))
        return head

    def keep_builtin(self) -> None:
        """Keep the shipped release as a file too: a later version of Mainstem may ship another."""
        self.put(shipped.builtin().release, lambda part: part.write_bytes(shipped.data()))


def _besides(ours: Statements, published: Statements) -> Statements:
    """What the shipped table says where the publishers say nothing, of the ids that its own have become: their word on a code counts, ours
    never contradicts it nor keeps a former id alive. What is sensitive to either is so.

    SNOMED CT alone does not tell a VTM from other products, so that the level is kept."""
    listed = {concept.code: concept for concept in published.concepts}
    told = {(relation.code, relation.link) for relation in published.relations}
    history = Deriver(Statements(published.concepts, [relation for relation in published.relations if relation.link is Link.REPLACED_BY]))
    now = {concept.code: history.answers(concept.code).current for concept in ours.concepts}
    concepts = []
    for concept in ours.concepts:
        theirs = listed.get(concept.code)
        if theirs is not None:
            concepts.append(theirs._replace(level=max(theirs.level, concept.level)))
        elif now[concept.code] == concept.code:
            concepts.append(concept)
    moved = [Relation(now.get(code, code), link, now.get(target, target)) for code, link, target in ours.relations]
    return Statements(concepts, [relation for relation in moved if (relation.code, relation.link) not in told],
                      names=ours.names, sensitive=frozenset(now.get(code, code) for code in ours.sensitive))
