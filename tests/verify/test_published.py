"""What is published of a world passes, in whatever order it came; an envelope, a head or a change that is not the fold's does not."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstem import canonical
from mainstem.model import Assertion, Change, Claim, Entry, Provenance, RawRef
from mainstem.terminology import builtin
from processors.reconcile import clusters, groups
from tests.processors.convergence import World, streamed
from tests.processors.reconcile.test_crowd import dense, mixed
from tests.strategies import NUMBERS, Terms, assertions, claims
from tests.verify.views import Views

worlds = st.lists(st.one_of(assertions, assertions, claims), max_size=40)
ENVELOPE = "labels, conflicts and provenance of entries = fold"
ORIGIN = "every field shown rests on what was received"
HEADS = "record digests and heads = fold"
CHANGES = "changes = entries"


@given(worlds, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_what_the_stages_publish_passes(world: World, rng: random.Random) -> None:
    assert Views(streamed(world, rng, Terms())).failed() == {}


@given(worlds, st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_whatever_came_twice_and_in_whatever_order(world: World, rng: random.Random) -> None:
    assert Views(streamed(rng.sample([*world, *world], 2 * len(world)), rng, Terms())).failed() == {}


@pytest.mark.parametrize("limit", [1, 3])
def test_crowded_keys_pass(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their entries name some of those behind them, and count the rest."""
    monkeypatch.setattr(groups, "LIMIT", limit)
    monkeypatch.setattr(clusters, "SERIES", limit)
    unnamed = 0

    @settings(max_examples=20)
    @given(st.one_of(mixed, dense()), st.randoms(use_true_random=False))
    def holds(world: World, rng: random.Random) -> None:
        nonlocal unnamed
        views = Views(streamed(world, rng, builtin()))
        assert views.failed() == {}
        unnamed += sum(entry.unnamed > 0 for entry in views.entries)

    holds()
    assert unnamed


RAW = RawRef("raw.x.v1", 0, 7)
NUMBER = Claim(source="RXA/epr", patient="1", type="carries-number", position="01", body=canonical.encode(
    {"nhs_number": NUMBERS[0], "verification": "01"}), raw=RAW)


def allergy(source: str, **other: object) -> Assertion:
    return Assertion(source=source, patient="1", record="allergy/1", kind="allergy", raw=RAW, labels=("sensitive",), **{
        "position": "01", "content": canonical.encode({"agent": {"text": "penicillin"}, "note": "mild"})} | other)


@pytest.fixture
def views() -> Views:
    """An allergy that two sources hold of one person, and the second later told more of; one of them with a list that is not complete."""
    manifest = canonical.encode({"kinds": [], "records": [], "partial": {"allergy": ["incomplete"]}})
    world = [NUMBER, replace(NUMBER, source="A82038/gp"), allergy("RXA/epr"), allergy("A82038/gp"),
             replace(allergy("A82038/gp"), record="manifest", kind="manifest", content=manifest, labels=()),
             replace(allergy("A82038/gp", position="02"), content=canonical.encode({"agent": {"text": "penicillin"}, "note": "severe"}))]
    pipeline = streamed(world, random.Random(1), Terms())
    pipeline.run(random.Random(1))
    made = Views(pipeline)
    assert made.failed() == {}
    assert len(made.entries) > 1 and len(made.heads) > 1 and made.entries[-1].sources == ("A82038/gp", "RXA/epr")
    return made


def _entry(**fields: object) -> Callable[[Views], None]:
    def harm(views: Views) -> None:
        views.entries[-1] = replace(views.entries[-1], **fields)
    return harm


def _behind(change: Callable[[Entry], tuple[Provenance, ...]]) -> Callable[[Views], None]:
    def harm(views: Views) -> None:
        views.entries[-1] = replace(views.entries[-1], provenance=change(views.entries[-1]))
    return harm


def _head(**fields: object) -> Callable[[Views], None]:
    def harm(views: Views) -> None:
        views.heads[-1] = replace(views.heads[-1], **fields)
    return harm


def _source(**fields: object) -> Callable[[Views], None]:
    def harm(views: Views) -> None:
        first, *others = views.heads[-1].sources
        assert getattr(first, next(iter(fields))) != next(iter(fields.values()))
        views.heads[-1] = replace(views.heads[-1], sources=(replace(first, **fields), *others))
    return harm


def _changes(change: Callable[[list[Change]], object]) -> Callable[[Views], None]:
    return lambda views: (change(views.changes), None)[1]


@pytest.mark.parametrize(("harm", "check", "text"), [
    (_entry(labels=()), ENVELOPE, "labels"),
    (_entry(conflict=True), ENVELOPE, "conflict"),
    (_entry(sources=("RXA/epr",)), ENVELOPE, "sources"),
    (_entry(unnamed=1), ENVELOPE, "assertions"),
    (_behind(lambda entry: (*entry.provenance[:-1], replace(entry.provenance[-1], record="allergy/2"))), ENVELOPE, "provenance"),
    (_behind(lambda entry: entry.provenance[:1]), ENVELOPE, "assertions"),
    (_behind(lambda entry: (replace(entry.provenance[0], raw=replace(RAW, offset=8)), *entry.provenance[1:])), ORIGIN, "offset 8"),
    (_behind(lambda entry: tuple(replace(each, fields=()) for each in entry.provenance)), ORIGIN, "where it comes from"),
    (_entry(content=b""), ORIGIN, "a content that is none"),
    (_head(digest="f" * 64), HEADS, "ffffffffffff"),
    (_head(entries=7), HEADS, "entries"),
    (_head(nhs_numbers=NUMBERS), HEADS, "NHS numbers"),
    (_head(sources=()), HEADS, "sources"),
    (_source(partial=()), HEADS, "incomplete lists"),
    (_source(kinds=()), HEADS, "kinds"),
    (_source(handover=True), HEADS, "handovers"),
    (_head(sequence=99), CHANGES, "number"),
    (lambda views: views.heads.clear(), HEADS, "has no summary"),
    (_changes(lambda changes: changes.pop()), CHANGES, "told of last at version"),
    (_changes(lambda changes: changes.pop(0)), CHANGES, "go from 0 to 2"),
    (_changes(lambda changes: changes.append(replace(changes[-1], id="0", sequence=changes[-1].sequence))), CHANGES, "go from"),
    (_changes(lambda changes: changes.append(replace(changes[-1], sequence=len(changes) + 1, fact="0"))), CHANGES, "never published"),
    (_changes(lambda changes: changes.clear()), CHANGES, "was never told of"),
])
def test_a_fault_is_found(views: Views, harm: Callable[[Views], None], check: str, text: str) -> None:
    harm(views)
    found = views.failed()
    assert text in " ".join(found[check]), found


def test_a_change_told_again_is_no_fault(views: Views) -> None:
    views.changes.append(views.changes[-1])
    assert views.failed() == {}
