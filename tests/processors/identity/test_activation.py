"""Another model release comes into force among the claims: without any further claim, persons and tasks are as from scratch under it."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstem.adjudication.history import bearing, joined, moves
from mainstem.adjudication.standing import Standing
from mainstem.history.past import Log, Persons, Said, model_at, record_at
from mainstem.matching.people import of_claims, told
from mainstem.model import Assignment, Claim, Release, Task
from mainstem.shelf import ReleaseError
from processors.identity.activated import MATCHING, event, release_of
from processors.identity.demographics import folded
from processors.identity.linker import Linker, assign, review
from processors.identity.persons import own_person
from processors.identity.scoring import blocking
from processors.identity.scoring.release import Model, Thresholds, built_in
from processors.lane.contract import Received
from processors.lane.errors import ReleaseBehindError
from processors.lane.memory import MemoryState
from schemas import topics
from tests.history.made import allergy
from tests.processors.identity.test_linked_by_score import LINKING, who
from tests.processors.identity.test_linker import number
from tests.processors.identity.test_persons import link, unlink
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, NUMBERS, Terms, assertions, claims

MODELS = (built_in(), LINKING, replace(built_in(), name="strict", thresholds=Thresholds(review=12, automatic=25)),
          replace(built_in(), name="lax", thresholds=Thresholds(review=-5, automatic=4, link=True)))
BY_DIGEST = {model.digest: model for model in MODELS}


def activated(model: Model, activation: str) -> Claim:
    return event(Release(activation=activation, what=MATCHING, name=model.name, digest=model.digest, actor="a", reason="r"))


def opened(release: Release | None) -> Model:
    return built_in() if release is None else BY_DIGEST[release.digest]


class Linking:
    """The linker's process, its state, and what it has published."""

    def __init__(self) -> None:
        self.state = MemoryState()
        self.assigned: dict[str, tuple[str, int]] = {}
        self.tasks: dict[str, Task] = {}
        self.outputs = self._offset = 0

    def run(self, linker: Linker, batch: list[Claim]) -> None:
        rows = [(Received(topics.CLAIMS, 0, self._offset + at, 0, None, None), claim) for at, claim in enumerate(batch)]
        for output in linker.process(rows, self.state):
            self.outputs += 1
            if isinstance(output.value, Assignment):
                assert self.assigned.get(output.value.subject, ("", -1))[1] < output.value.epoch, "a greater epoch, or it would not count"
                self.assigned[output.value.subject] = output.value.person, output.value.epoch
            else:
                self.tasks[output.value.id] = output.value
        self._offset += len(batch)

    def open(self) -> list[Task]:
        return [replace(task, epoch=-1) for _, task in sorted(self.tasks.items()) if task.status == "open"]

    def agrees(self, claimed: list[Claim], model: Model) -> None:
        for subject, placed in assign(claimed, KEY, model).items():
            assert self.assigned.get(subject, (own_person(KEY, subject), -1))[0] == placed.person
        assert self.open() == review(claimed, KEY, model)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.lists(claims, max_size=8), st.sampled_from(MODELS)), min_size=1, max_size=4),
       st.randoms(use_true_random=False))
def test_after_an_activation_without_a_claim_it_is_as_from_scratch(stretches, rng: random.Random):
    """The worker is started again at the activation, or before that of a claim which it had not got to."""
    found, said, known, model = Linking(), [], [], built_in()
    for count, (some, then) in enumerate(stretches):
        late = rng.randrange(len(some) + 1)
        found.run(Linker(KEY, model, known), some[:late])
        with pytest.raises(ReleaseBehindError):
            Linker(KEY, model, known).process(
                [(Received(topics.CLAIMS, 0, 0, 0, None, None), activated(then, f"{count}"))], MemoryState(found.state.items()))
        known, model = [*known, f"{count}"], then
        said += some
        for batch in rng.choice([[[*some[late:], activated(model, f"{count}")]], [some[late:], [activated(model, f"{count}")]]]):
            found.run(Linker(KEY, model, known), batch)
        found.agrees(said, model)


def test_a_worker_that_was_started_before_the_activation_ends_and_nothing_of_the_batch_is_applied():
    state = MemoryState()
    Linker(KEY).process([(Received(topics.CLAIMS, 0, 0, 0, None, None), who("A|1"))], state)
    held = dict(state.items())
    with pytest.raises(ReleaseBehindError, match="activation first"):
        Linker(KEY, activations=["another"]).process([(Received(topics.CLAIMS, 0, 1, 0, None, None), activated(LINKING, "first"))], state)
    assert dict(state.items()) == held


def test_tasks_change_without_a_claim_and_come_back():
    said = told(100, 3, "messy").claims
    found = Linking()
    found.run(Linker(KEY), said)
    before, persons = found.open(), dict(found.assigned)
    assert len(before) > 5
    found.run(Linker(KEY, LINKING, ["1"]), [activated(LINKING, "1")])
    assert len(found.open()) < len(before)
    epochs = {epoch for subject, (_, epoch) in found.assigned.items() if persons[subject][1] != epoch}
    assert epochs == {len(said)}, "the activation's own place in the log"
    found.run(Linker(KEY, built_in(), ["1", "2"]), [activated(built_in(), "2")])
    assert found.open() == before
    assert {each: person for each, (person, _) in found.assigned.items()} == {each: person for each, (person, _) in persons.items()}


def test_the_release_that_is_in_force_already_changes_nothing():
    found, same = Linking(), ["1", "2"]
    found.run(Linker(KEY, LINKING, ["1"]), [activated(LINKING, "1"), who("A|1"), who("B|1")])
    outputs, state = found.outputs, dict(found.state.items())
    found.run(Linker(KEY, LINKING, same), [activated(LINKING, "2"), activated(LINKING, "1")])
    assert (found.outputs, dict(found.state.items())) == (outputs, state)


def test_state_that_an_earlier_version_wrote_becomes_as_from_scratch(monkeypatch):
    """It kept whoever had an address under its first line and the birth year, and did not yet keep him under the house."""
    now = blocking._of

    def then(family, given, born, postcode, lines):
        yield from (key for key in now(family, given, born, postcode, lines) if not key.startswith("h|"))
        if lines and born:
            yield f"s|{folded(lines[0])}|{born[:4]}"

    first = [who("A|1"), who("B|1", birth_date="1981-04-05"), who("C|1", postcode="", address=[]), who("D|1", birth_date="")]
    last = [who("B|1", position="2", birth_date="1980-04-05"), who("E|1", family="Zulu", given=["Zoe"], birth_date="", postcode="")]
    earlier, fresh = Linking(), Linking()
    with monkeypatch.context() as patched:
        patched.setattr(blocking, "_of", then)
        blocking.keys.cache_clear()
        earlier.run(Linker(KEY), first)
    blocking.keys.cache_clear()
    assert any(b"|1980" in key for key, _ in earlier.state.prefix(b"ks|"))
    earlier.state.put(b"m", f"{built_in().digest}/4".encode())
    earlier.run(Linker(KEY), last)
    fresh.run(Linker(KEY), [*first, *last])
    assert dict(earlier.state.items()) == dict(fresh.state.items())
    earlier.agrees([*first, *last], built_in())


def test_human_decisions_stand_whatever_is_activated():
    said = [who("A|1"), who("B|1"), unlink("A|1", "B|1"), who("A|2", given=["Beth"]), who("B|2", given=["Zoe"]), link("A|2", "B|2")]
    found = Linking()
    found.run(Linker(KEY), said)
    persons = {subject: person for subject, (person, _) in found.assigned.items()}
    assert persons["A|1"] != persons["B|1"] and persons["A|2"] == persons["B|2"]
    for count, model in enumerate([LINKING, MODELS[3], built_in()]):
        found.run(Linker(KEY, model, [f"{each}" for each in range(count + 1)]), [activated(model, f"{count}")])
        assert {subject: person for subject, (person, _) in found.assigned.items()} == persons


def test_it_is_evidence_about_nobody():
    said, activation = [number("A|1", NUMBERS[0]), who("A|1"), who("B|1")], activated(LINKING, "1")
    assert release_of(said[0]) is None
    assert release_of(activation) == Release(activation="1", what="matching", name=LINKING.name, digest=LINKING.digest, actor="", reason="")
    among = [activation, *said, activation]
    assert assign(among, KEY) == assign(said, KEY) and review(among, KEY) == review(said, KEY)
    assert of_claims(among) == of_claims(said)
    assert Persons([Said(each, 1) for each in among], 1, KEY).placed.keys() == {"A|1", "B|1"}


@settings(max_examples=60, deadline=None)
@given(st.lists(claims, max_size=10), st.lists(claims, max_size=5), st.sampled_from(MODELS), st.sampled_from(MODELS), st.booleans())
def test_the_desk_follows(before, after, first, second, settling):
    standing = Standing(KEY, opened)
    said = [*before, activated(first, "1"), *after, activated(second, "2")]
    for offset, claim in enumerate(said):
        standing.take([(offset, offset, claim)])
        if settling:
            standing.settle()
    standing.settle()
    for subject, placed in assign(said, KEY, second).items():
        assert standing.where(subject).person == placed.person


def test_the_desk_says_so_where_a_release_is_not_at_hand_and_goes_on_when_it_is():
    standing = Standing(KEY)
    standing.take([(0, 0, activated(LINKING, "1")), (1, 1, who("A|1"))])
    for _ in range(2):
        with pytest.raises(ReleaseError, match="no model release"):
            standing.settle()
    standing.take([(2, 2, activated(built_in(), "2"))])
    standing.settle()
    assert standing.members(own_person(KEY, "A|1")) == ["A|1"]


def test_who_was_one_person_by_a_model_is_told_from_its_activation_to_its_end():
    said = [who("A|1"), who("B|1"), activated(LINKING, "1"), number("C|1", NUMBERS[0]), activated(built_in(), "2")]
    rows = [(offset, offset * 10, claim) for offset, claim in enumerate(said)]
    (span,) = joined("A|1", "B|1", moves(rows, KEY, opened), KEY)
    assert (span.began, span.since, span.ended, span.until, span.apart) == (2, 20, 4, 40, True)
    assert [row[0] for row in bearing(rows, {"C|1"})] == [2, 3, 4], "activations bear on everyone"


def _published(stream: Pipeline) -> tuple[dict[tuple[str, str], bytes], dict[str, str]]:
    return stream.current(), {person: one.digest for person, one in stream.summaries().items()}


INPUTS: Any = st.lists(st.one_of(assertions, assertions, claims), max_size=15)


@settings(max_examples=60, deadline=None)
@given(INPUTS, INPUTS, st.sampled_from(MODELS), st.integers(0, 2**32))
def test_records_are_the_fold_under_the_model_and_the_past_is_told_with_the_one_of_then(before, after, model, seed):
    stream, rng = Pipeline(KEY, Terms()), random.Random(seed)
    noted = [allergy(source, "a", 0, agent, "1").assertion for source, agent in (("A", "latex"), ("B", "peanut"))]
    for value in (*before, who("A|a"), who("B|a"), *noted):
        stream.publish(value)
    stream.run(rng)
    then, at = _published(stream), stream.clock
    assert {own_person(KEY, "A|a"), own_person(KEY, "B|a")} <= then[1].keys(), "offered, not joined"
    stream.activate_model(LINKING)
    for _ in range(rng.randrange(10)):
        stream.step(rng, rng.choice([1, 3, 100]))
    stream.activate_model(model)
    stream.run(rng)
    _agrees(stream)
    for value in after:
        stream.publish(value)
    stream.run(rng)
    _agrees(stream)
    claimed = [Said(value, known) for known, _, value in stream.logs[topics.CLAIMS.name, 0]]
    log = Log(claimed, stream.known(), stream.models)
    subjects = {known.assertion.subject for known in log.assertions}
    for moment, (entries, digests) in ((at, then), (stream.clock, _published(stream))):
        persons = Persons(log.claims, moment, KEY, opened(model_at(log.activations, moment)))
        for person, digest in digests.items():
            record = record_at(log, persons, person, moment, stream.terms, KEY, subjects)
            assert record.digest == digest
            assert {(person, entry.fact): entry.content for entry in record.entries} == {
                name: content for name, content in entries.items() if name[0] == person}


def _agrees(stream: Pipeline) -> None:
    records, summaries = stream.folded(), stream.summaries()
    assert stream.current() == {(r.person, e.fact): e.content for r in records.values() for e in r.entries}
    assert {person: summaries[person].digest for person in records} == {person: record.digest for person, record in records.items()}


@pytest.mark.parametrize("persons", [1000, pytest.param(8000, marks=pytest.mark.slow)])
def test_what_an_activation_costs(persons: int):
    said, found = told(persons, 3, "everyday").claims, Linking()
    for start in range(0, len(said), 500):
        found.run(Linker(KEY), said[start:start + 500])
    for model in (MODELS[2], LINKING):
        began = time.process_time()
        found.run(Linker(KEY, model, ["1"]), [activated(model, "1")])
        each = (time.process_time() - began) / len(found.assigned)
        print(f"\nactivation of {model.name}, linking {model.thresholds.link}: {len(found.assigned):,} source patients, "
              f"{each * 1e6:.0f} us of a core each")
        assert each < 5e-3
