"""The search store passes that finds each entry by its title; one whose words are others, or lost, does not, whatever digest it keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstem import canonical
from mainstem.model import Entry
from mainstem.verify import found, stores
from mainstem.verify.envelope import of
from mainstem.verify.published import Latest
from processors.reconcile.folded import Record
from sinks.contract import Batch, Place
from sinks.search import SearchReader, SearchStore, documents
from tests.sinks.made import PERSONS, entry

P, Q = PERSONS
CHECK = "entries are found by their titles in the search store"
PENICILLIN = entry(P, "f1", 1, {"agent": {"text": "Penicillin V"}, "note": "wheals"})
PEANUT = entry(P, "f2", 1, {"agent": {"text": "Peanut"}}, sources=("A82038/gp", "RXA/epr"))
HIDDEN = entry(Q, "f3", 1, {"names": [{"given": ["Zeb"], "family": "Harrow"}], "postcode": "ZZ98 1AA"}, kind="patient",
               labels=("pds-restricted",))
LOST = "fact f1 of person {} is not found by the words of its title"
OTHER = "fact f2 of person {} is shown under another title, or of other organisations"
SAID = (PENICILLIN, PEANUT, HIDDEN)


def record(person: str, *entries: Entry) -> Record:
    return Record(person=person, nhs_numbers=(), digest="", entries=entries, sources=())


def indexed(home: Path, *entries: Entry) -> SearchReader:
    store = SearchStore(home)
    store.open()
    store.apply(Batch(entries), {Place("records.entries.v1", 0): len(entries)})
    store.close()
    return SearchReader.at(home)


@pytest.mark.parametrize(("harm", "said"), [
    (lambda _: SAID, []),
    (lambda _: (PEANUT, HIDDEN), [LOST]),
    (lambda content: (replace(PENICILLIN, content=content), PEANUT, HIDDEN), [LOST]),
    (lambda _: (PENICILLIN, replace(PEANUT, sources=("RXA/epr",)), HIDDEN), [OTHER]),
    (lambda _: (PENICILLIN, replace(PEANUT, content=canonical.encode({"agent": {"text": "Peanut oil"}})), HIDDEN), [OTHER]),
])
def test_what_is_found(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[bytes], tuple[Entry, ...]], said: list[str]) -> None:
    """With the digest of what was said, as where words are altered beside it: contents alone agree."""
    digests = {entry.fact: canonical.digest(entry.content) for entry in SAID}
    harmed = harm(canonical.encode({"agent": {"text": "Latex"}, "note": "wheals"}))
    kept = {entry.content: digests[entry.fact] for entry in harmed}
    monkeypatch.setattr(documents.canonical, "digest", kept.__getitem__)
    search = indexed(tmp_path, *harmed)
    monkeypatch.undo()
    check = found.check(search, [record(P, PENICILLIN, PEANUT), record(Q, HIDDEN)])
    assert (check.name, check.compared) == (CHECK, 2)
    assert check.shown == [text.format(P) for text in said]
    if len(harmed) == len(SAID):
        expected = {(entry.person, entry.fact): canonical.digest(entry.content).hex() for entry in SAID}
        latest = {(entry.person, entry.fact): Latest(1, True, digests[entry.fact].hex(), of(entry)) for entry in SAID}
        assert stores.check("search store = fold", search.contents(), expected, latest).passed
