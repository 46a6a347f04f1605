"""Where a person is whom PDS restricts is told nowhere: from PDS's answer and what trusts say, through the stream, to what is shown.

The trusts know of no restriction. What is looked for are words that only whereabouts hold, in everything that a page, a file for programs,
the search store or the command line would show.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from mainstem.adjudication.everyone import FromScratch
from mainstem.adjudication.explain import show, why
from mainstem.cli import identity as identity_cli
from mainstem.history import Past
from mainstem.history.past import Log, Persons, Said, record_at
from mainstem.model import Assertion, Claim, Entry, Status
from mainstem.terminology import builtin
from mainstem.web import seen
from mainstem.web.record import Record
from mainstem.web.stores import shown
from processors.identity.scoring.release import built_in
from producers.contract import FORMAT_HEADER, SOURCE_HEADER, RawMessage
from producers.formats import Reader
from schemas import topics
from sinks.cache.layout import HEAD
from sinks.cache.reader import _view
from sinks.cache.record import of_entry, of_summary
from sinks.contract import Batch, Place
from sinks.search import SearchReader, SearchStore
from sinks.settings import SinkSettings
from tests.processors.identity.test_persons import link, number, who
from tests.processors.pipeline import Pipeline
from tests.producers.fhir.test_fhir_patients import number as identifier
from tests.producers.pds.test_pds_format import answers, entry
from tests.producers.pds.test_pds_identity import patient as pds
from tests.strategies import KEY, NUMBERS
from tests.web.made import MadeHistory
from tests.web.test_adjudication import Visit

OLD, NEW = NUMBERS
SOURCE, OTHER = "RXY/pas", "RXZ/adt"
SUBJECT = f"{SOURCE}|p1"
WHERE = ("Canary", "ZZ99 9QQ", "ZZ999QQ", "07700900123", "Z99999")
"""Words of the address, postcode, telephone, practice and contact, and of nothing else."""
ASKED = "2026-02-01T00:00:00Z"
Input = Assertion | Claim


def trust(*numbers: str, at: str = "2026-01-03T10:00:00Z") -> list[Input]:
    """A patient and an allergy, as a trust sends them."""
    patient: dict[str, Any] = {
        "resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": at}, "identifier": [identifier(each, "01") for each in numbers],
        "name": [{"family": "Archer", "given": ["Ann"]}], "birthDate": "1980-03-02", "gender": "female",
        "address": [{"use": "home", "line": ["1 Canary Row"], "city": "Canarytown", "postalCode": "ZZ99 9QQ"},
                    {"use": "old", "line": ["9 Canary Yard"], "postalCode": "ZZ99 9QQ"}],
        "telecom": [{"system": "phone", "value": "07700900123"}],
        "contact": [{"name": {"text": "Canary Keeper"}, "telecom": [{"system": "phone", "value": "07700900123"}]}],
        "generalPractitioner": [{"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "Z99999"}}]}
    allergy = {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}, "meta": {"lastUpdated": at},
               "code": {"coding": [{"system": "http://snomed.info/sct", "code": "91936005", "display": "Allergy to penicillin"}]}}
    value = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in (patient, allergy)]}
    return read("fhir", SOURCE, value)


def asked(of: str, answer: dict[str, Any], at: str = ASKED) -> list[Input]:
    """PDS's answer for a number."""
    return read("pds", "X26/pds", answers(entry(of, answer), at=at))


def read(format_: str, source: str, value: dict[str, Any]) -> list[Input]:
    headers = {FORMAT_HEADER: format_.encode(), SOURCE_HEADER: source.encode()}
    found = Reader(source, None).read(RawMessage(topics.raw(source).name, 0, 0, 0, None, orjson.dumps(value), headers))
    assert not [each.outcome for each in found if each.quarantined]
    return [one for each in found for one in (*each.assertions, *each.claims)]


def gone(said: Sequence[Input]) -> list[Input]:
    """The patient record was removed; what its row claimed still counts, as that of a source that removes one and not the other."""
    (record,) = (each for each in said if isinstance(each, Assertion) and each.kind == "patient")
    return [replace(record, status=Status.REMOVED, position="9999", content=b"{}")]


WORLDS: dict[str, list[Input]] = {
    "carries the number": trust(OLD),
    "carries a number that became the one": [*trust(OLD), number(f"{OTHER}|7", NEW)],
    "is tied by a human to one of whom only messages told": [
        *trust(), number(f"{OTHER}|7", OLD), who(f"{OTHER}|7", "Archer", "Ann", "1980-03-02"), link(SUBJECT, f"{OTHER}|7")],
    "has no patient record any more": [*(said := trust(OLD)), *gone(said)],
    "carries it unverified": [*trust(), number(SUBJECT, OLD, "02", position="9999")],
}
RESTRICTS = [asked(OLD, pds(OLD, "R")), asked(OLD, pds(OLD, "V")), asked(OLD, pds(NEW, "R"))]


class Shown:
    """All that is shown of a stream at rest."""

    def __init__(self, pipeline: Pipeline, home: Path) -> None:
        self.pipeline = pipeline
        self.claims = [value for _, _, value in pipeline.logs[topics.CLAIMS.name, 0]]
        latest = {(each.person, each.fact): each for each in pipeline.published(topics.ENTRIES)}
        self.entries: list[Entry] = list(latest.values())
        self.records = [record for person in sorted(pipeline.summaries()) if (record := self._record(person)).sources]
        self.home = home

    def _record(self, person: str) -> Record:
        """As the live cache gives it to whoever reads a record."""
        held = {each.fact.encode(): b"1|" + of_entry(each) for each in self.entries if each.person == person and each.status == "current"}
        return shown(_view(person, held | {HEAD.encode(): b"1|" + of_summary(self.pipeline.summaries()[person])}))

    def texts(self) -> Iterator[tuple[str, str]]:
        everyone = FromScratch(self.claims, KEY, built_in())
        visit = Visit(self.claims, records=tuple(self.records), history=Then(self))
        subjects = sorted({each.subject for each in self.claims if everyone.said(each.subject) is not None})
        for record in self.records:
            for page in ("", "/record.json", "/then?at=2026-11-01T00:00", "/then.json?at=2026-11-01T00:00",
                         "/changes?from=2026-06-01T00:00&to=2026-11-01T00:00"):
                answer = visit.client.get(f"/people/{record.person}{page}")
                assert answer.status_code == 200, (page, answer.text)
                yield page or "/", answer.text
        for person in {everyone.where(subject).person for subject in subjects}:
            yield "identity", visit.client.get(f"/identity/people/{person}").text
            yield "identity show", repr(seen.shown(show(person, everyone), self._of(person)))
        for waiting in visit.identity.waiting():
            yield "task", visit.client.get(f"/identity/tasks/{waiting.task.id}").text
            if waiting.task.persons:
                yield "identity review", repr(identity_cli._without_whereabouts(
                    waiting.task, {person: self._of(person) for person in waiting.task.persons}))
        for one, other in pairwise(subjects):
            told = why(one, other, everyone)
            yield "identity why", repr(seen.told(told, {each.person: self._of(each.person) for each in (told.one, told.other)}))
        with self.searched() as reader:
            for word in WHERE:
                if found := [*reader.people(word), *reader.entries(word)]:
                    yield "search", f"{word} finds {found}"

    @contextmanager
    def searched(self) -> Iterator[SearchReader]:
        store = SearchStore(self.home)
        store.open()
        store.apply(Batch(tuple(self.entries)), {Place(topics.ENTRIES.name, 0): 1})
        store.close()
        yield SearchReader.at(self.home, SinkSettings(search_url=None))

    def _of(self, person: str) -> Record | None:
        return next((each for each in self.records if each.person == person), None)


class Then(MadeHistory):
    """The record as it was known at a moment, worked out from the stream."""

    def __init__(self, of: Shown) -> None:
        super().__init__()
        known = of.pipeline.known()
        self._log = Log([Said(claim, 0) for claim in of.claims], known)
        self._persons = Persons(self._log.claims, 1 << 62, KEY)

    def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
        record = record_at(self._log, self._persons, person, 1 << 62, builtin(), KEY, besides)
        return [Past(at, record, builtin(), today=(person,)) for at in moments]


def told(world: Sequence[Input], home: Path, seed: int = 1) -> dict[str, set[str]]:
    """Word -> where it is shown."""
    rng, pipeline = random.Random(seed), Pipeline(KEY, builtin())
    for value in rng.sample([*world], len(world)):
        pipeline.publish(value)
        if rng.random() < 0.5:
            pipeline.run(rng)
    pipeline.run(rng)
    found: dict[str, set[str]] = {}
    for where, text in Shown(pipeline, home).texts():
        for word in WHERE:
            if word in text:
                found.setdefault(word, set()).add(where)
    return found


@pytest.mark.parametrize("answer", RESTRICTS, ids=["R", "V", "R, under a new number"])
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_where_a_person_is_whom_pds_restricts_is_told_nowhere(world: list[Input], answer: list[Input], tmp_path: Path) -> None:
    for seed in range(2):
        (home := tmp_path / str(seed)).mkdir()
        assert told([*world, *answer], home, seed) == {}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_where_a_person_is_whom_pds_does_not_restrict_is_told(world: list[Input], tmp_path: Path) -> None:
    """Else the above would prove nothing."""
    lifted = asked(OLD, pds(OLD, "U"), at="2026-03-01T00:00:00Z")
    for answers_, name in (([], "never asked"), (lifted, "unrestricted"), ([*RESTRICTS[0], *lifted], "lifted")):
        (home := tmp_path / name).mkdir()
        found = told([*world, *answers_], home)
        shown_of_claims = {"identity", "identity show"}
        assert shown_of_claims <= found["Canary"]
        if any(isinstance(each, Assertion) and each.status is Status.REMOVED for each in world):
            continue
        assert found.keys() == set(WHERE) - {"ZZ999QQ"}
        assert {"/", "/record.json", "/then?at=2026-11-01T00:00", "/then.json?at=2026-11-01T00:00", "search"} <= found["Canary"]
