"""Crowded keys: what is derived from the members that matter is what is derived from all, and the stream gives what the fold gives."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical, kinds
from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.facts import Member
from mainstem.model import Assertion, Known, RawRef, Status
from mainstem.terminology import builtin
from processors.reconcile import clusters, derive, groups, layout, resolve, tree
from processors.reconcile.derive import Crowded, Group, crowded, facts, matters
from processors.reconcile.entries import behind, envelope
from tests.kinds.members import member
from tests.processors.convergence import check, order_and_duplicates_make_no_difference
from tests.processors.pipeline import Pipeline
from tests.processors.reconcile.test_other_kinds import WORLD
from tests.strategies import KEY, SOURCES, claims, positions, statuses

PENICILLIN = {"codes": [{"system": SNOMED, "code": "764146007"}]}
NONE = [{"codes": [{"system": SNOMED, "code": code}]} for code in ("716186003", "409137002")]
RASH, WHEEZE = ({"manifestation": {"text": text}} for text in ("Rash", "Wheeze"))
DAYS = ("2024-01", "2024", "2023-11", "2023", "2024-01-03", "2024-01-09", "2024-01-31", "2024-03-20", "2024-06-01")
QUANTITIES = st.sampled_from([{"value": "140", "unit": "mmol/L"}, {"value": "150", "unit": "mmol/L"}, {"value": "140.0", "unit": "mmol/L"}])


def _of(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: st.sampled_from(values) for name, values in required.items()}, optional={
        name: value if isinstance(value, st.SearchStrategy) else st.sampled_from(value) for name, value in optional.items()})


CONTENTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "allergy": _of({"agent": [PENICILLIN, {"text": "Penicillin"}]}, clinical_status=["active", "resolved", "inactive", "recurrence"],
                   verification=["confirmed", "unconfirmed", "refuted", "other"], criticality=["high", "low", "other"],
                   reactions=[[RASH], [WHEEZE], [RASH, WHEEZE]], note=["a", "b"]),
    "none": _of({"agent": NONE}, clinical_status=["active", "resolved"], note=["a", "b"]),
    "problem": _of({"code": [{"text": "Frozen shoulder", "codes": [{"system": SNOMED, "code": "399114005", "display": side}]}
                             for side in ("Frozen shoulder", "left frozen shoulder", "R frozen shoulder")]},
                   onset=["2019", "2019-03", "2019-03-02", "2019-03-04", "once"],
                   abatement=["2021", "2019-04-01"], status=["active", "resolved", "relapse"], verification=["confirmed", "refuted"],
                   category=["problem-list-item", "encounter-diagnosis"], note=["a", "b"],
                   body_site=[{"text": "Left"}, {"text": "Right"}, {"text": "Left", "codes": [{"system": SNOMED, "code": "7771000"}]},
                              {"codes": [{"system": SNOMED, "code": "7771000"}]}]),
    "result": _of({"test": [{"text": "Sodium"}], "order_id": ["1"]}, value=QUANTITIES, value_text=["high", "low"],
                  taken=["2024-01-03", "2024-01-03T10:00:00Z", "2024-01-03T09:00:00Z", "2024-01-05", "?"],
                  status=["requested", "preliminary", "final", "corrected", "cancelled"], interpretation=["H", "L"], note=["a", "b"]),
    "medicine": _of({"product": [{"text": "Amlodipine"}, {"text": "amlodipine", "codes": [{"system": DMD, "code": "108537001"}]},
                                 {"text": "Amlodipine 5mg tablets"}, {"text": "Amlodipine 10mg tablets"}]},
                    view=["list", "order", "administration", "dispense", "home"], start=DAYS, end=DAYS, last_issued=DAYS,
                    status=["active", "stopped", "completed", "on-hold", "cancelled", "draft"], course=["acute", "repeat"],
                    dose=["one daily", "two daily", "as directed"], frequency=["daily", "twice a day"], stop_reason=["rash"],
                    as_needed=[True, False], note=["a", "b"]),
    **WORLD,
}


def _said(kind: str, records: int) -> st.SearchStrategy[Assertion]:
    name = "allergy" if kind == "none" else kind
    return st.builds(
        Assertion, source=st.sampled_from(SOURCES), patient=st.sampled_from(("1", "1", "2")), kind=st.just(name), status=statuses,
        record=st.integers(0, records).map(lambda n: f"{kind}/{n}"), position=positions, content=CONTENTS[kind].map(canonical.encode),
        raw=st.just(RawRef("raw.x.v1", 0, 0)), recorded=st.sampled_from([None, "2024-01-01", "2025-02-02", "2025-02-02T10:00:00Z"]),
        labels=st.sampled_from([(), (), (), ("sensitive",)]))


def _members(said: list[Assertion]) -> list[Member]:
    """One a record, asserted or not."""
    each = {(a.subject, a.record): Known(a, at, 0, at) for at, a in enumerate(said) if a.status == "asserted"}
    return [member for known in each.values() for member in resolve.members([known])]


@st.composite
def nearly_alike(draw: st.DrawFn, kind: str) -> list[Assertion]:
    """A record many times over, but for a field here and there: of those that alone say something each may decide."""
    like, *others = draw(st.lists(_said(kind, 0), min_size=3, max_size=5))
    rng, said = random.Random(draw(st.integers(0, 2**32))), []
    for record in range(draw(st.integers(4, 14))):
        content, other = canonical.decode(like.content), rng.choice(others)
        differing = canonical.decode(other.content)
        names = sorted({*content, *differing})
        for name in rng.sample(names, min(len(names), rng.choice((0, 0, 1, 1, 2)))):
            content.pop(name, None)
            content |= {name: differing[name]} if name in differing else {}
        source, patient, recorded = ((like, other)[rng.random() < 0.2] for _ in range(3))
        said.append(msgspec.structs.replace(like, source=source.source, patient=patient.patient, recorded=recorded.recorded,
                                            record=f"{kind}/{record:02}", status=Status.ASSERTED, content=canonical.encode(content)))
    return said


@pytest.mark.parametrize("kind", CONTENTS)
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_those_who_matter_decide_what_all_decide(kind, data):
    members = _members(data.draw(st.one_of(nearly_alike(kind), st.lists(_said(kind, 30), min_size=3, max_size=25))))
    if not members:
        return
    terms, of = builtin(), Group(members[0].kind, "x")
    chosen = matters(of, members, terms)
    every = derive._fact(of, tuple(sorted(members, key=derive._place)), kinds.BY_NAME[of.kind], terms)
    found = crowded(of, chosen, terms, Crowded(0, 0))
    assert (found.fact, found.content, found.sources, found.labels) == (every.fact, every.content, every.sources, every.labels)
    assert (found.derived.rules, found.derived.conflict) == (every.derived.rules, every.derived.conflict)
    cut = data.draw(st.integers(0, len(members)))
    assert matters(of, [*matters(of, members[:cut], terms), *members[cut:]], terms) == chosen, "pieces give what the whole gives"


ANAPHYLAXIS, TEXT, OTHER = {"text": "Anaphylaxis to penicillin"}, {"text": "Asthma"}, {"text": "Bronchial asthma"}
ASTHMA = TEXT | {"codes": [{"system": SNOMED, "code": "195967001"}]}
PENICILLINS: dict[str, Any] = {"agent": PENICILLIN, "clinical_status": "active", "verification": "unconfirmed", "criticality": "low"}


def _one(kind: str, like: dict[str, Any], *others: dict[str, Any]) -> list[Any]:
    """Between two that say the same, recorded before and after it, one that says something else."""
    return [(kind, [like, like | other, like], 1) for other in others]


def _taken(value: str, at: str | None, **more: Any) -> dict[str, Any]:
    return {"value": {"value": value}} | ({"taken": f"2024-01-03{at}"} if at is not None else {}) | more


@pytest.mark.parametrize(("kind", "said", "alone"), [
    *_one("allergy", PENICILLINS, {"clinical_status": "resolved"}, {"verification": "confirmed"}, {"criticality": "high"},
          {"agent": ANAPHYLAXIS}),
    *_one("allergy", PENICILLINS | {"clinical_status": "resolved"}, {"verification": "confirmed"}),
    *_one("allergy", PENICILLINS | {"clinical_status": "recurrence"}, {"clinical_status": "active"}),
    *_one("allergy", {"agent": NONE[0]}, {"agent": NONE[1]}),
    ("allergy", [{"clinical_status": "resolved", "verification": "confirmed"}, {"verification": "unconfirmed"},
                 {"verification": "confirmed"}], 2),
    ("allergy", [{"reactions": [RASH]}, {"reactions": [RASH]}], 1),
    ("allergy", [{"reactions": [RASH]}, {"reactions": [RASH]}, {"reactions": [WHEEZE]}], 2),
    *_one("problem", {"code": TEXT, "status": "active", "verification": "confirmed", "onset": "2019"},
          {"code": ASTHMA}, {"status": "resolved"}, {"verification": "refuted"}, {"onset": "2018"}, {"onset": "2019-03-04"}),
    *_one("problem", {"code": TEXT, "body_site": {"text": "Shoulder"}}, {"body_site": {"text": "Neck"}}),
    *_one("problem", {"code": {"text": "left frozen shoulder"}}, {"code": {"text": "right frozen shoulder"}}),
    *_one("result", _taken("1", None, status="final", test=TEXT), {"value": {"value": "2"}}, {"test": ASTHMA}),
    *_one("result", {"status": "cancelled"}, _taken("1", None)),
    ("result", [_taken("1", None, status="cancelled"), {"status": "cancelled"}], 1),
    ("result", [_taken("1", "T10:00:00Z"), _taken("1", "T11:00:00Z"), _taken("1", "T12:00:00Z", patient="2")], 1),
    ("result", [_taken("1", "T10:00:00Z"), _taken("1", "T11:00:00Z", patient="2"), _taken("2", None, patient="3", status="preliminary"),
                _taken("2", "T10:00:00Z", patient="3", status="preliminary")], 3),
    ("result", [_taken("1", None, status="final"), _taken("1", "T10:00:00Z", patient="2"), _taken("1", "T11:00:00Z", patient="3"),
                {"status": "requested", "taken": "2024-01-03"}], 3),
    ("result", [{"status": "requested", "taken": taken} for taken in ("2024-01-03", "2024-01-03T10:00:00Z")], 1),
    *(("medicine", [{"view": "list", "status": "active", "start": "2024-03-20"}, {"view": "list", "status": "stopped", "start": start}], 1)
      for start in ("2023", "2023-05", "2023-05-04")),
    ("medicine", [{"view": "dispense", "status": "completed"}, {"view": "list", "status": "draft"}], 1),
    ("medicine", [{"view": "list", "status": "active"}, {"view": "list", "status": "stopped", "patient": "2"}], 1),
    *_one("medicine", {"view": "list", "status": "active", "dose": "1 OD"}, {"status": "on-hold"}, {"dose": "2 OD"}),
    *(("medicine", [{"view": "list", "status": "stopped", "product": TEXT}, {"view": view, "status": "stopped", "product": product}], 1)
      for view, product in (("list", ASTHMA), ("dispense", OTHER))),
])
def test_one_who_alone_decides_matters(kind, said, alone):
    """Term by term of what a kind says of who matters: without that one, recorded in this order, another fact would be shown."""
    members = [member(kind, n, "A/gp", f"{2030 - n}", **content) for n, content in enumerate(said)]
    with_it, without = (kinds.BY_NAME[kind].derive(each, builtin()) for each in (members, members[:alone] + members[alone + 1:]))
    assert alone in kinds.BY_NAME[kind].matters(members, builtin())
    assert (with_it.content, with_it.rules, with_it.conflict) != (without.content, without.rules, without.conflict)


mixed = st.lists(st.one_of(*[_said(kind, 5) for kind in CONTENTS], claims), min_size=20, max_size=60)


@st.composite
def dense(draw: st.DrawFn) -> list[Any]:
    """A hundred words of two dozen records, most of them in one key of one source patient."""
    kind = draw(st.sampled_from(["allergy", "problem", "result", "medicine"]))
    said, rng = draw(st.lists(_said(kind, 0), min_size=2, max_size=8)), random.Random(draw(st.integers(0, 2**32)))
    return [msgspec.structs.replace(rng.choice(said), source=rng.choice((*SOURCES[:1] * 5, SOURCES[1])), patient="1",
                                    record=f"{kind}/{rng.randrange(24)}", position=f"{rng.randrange(9):02}") for _ in range(100)]


@pytest.mark.parametrize(("limit", "leaf", "bough"), [(1, 1, 3), (1, 2, 3), (3, 2, 4)])
def test_the_stream_gives_what_the_fold_gives(limit, leaf, bough, monkeypatch):
    monkeypatch.setattr(groups, "LIMIT", limit)
    monkeypatch.setattr(clusters, "SERIES", limit)
    monkeypatch.setattr(tree, "LEAF", leaf)
    monkeypatch.setattr(tree, "BOUGH", bough)
    boughs = 0

    @settings(max_examples=20, deadline=None)
    @given(st.one_of(mixed, dense()), st.integers(0, 2**32))
    def holds(world: list[Any], seed: int) -> None:
        nonlocal boughs
        rng = random.Random(seed)
        pipeline = Pipeline(KEY, builtin())
        for value in world:
            pipeline.publish(value)
            if rng.random() < 0.3:
                pipeline.run(rng)
        pipeline.run(rng)
        check(pipeline)
        left = [pair for (stage, _), state in pipeline.states.items() if stage == "reconcile" for pair in state.items()]
        assert {key[:1] for key, _ in left} <= set(map(bytes, ([byte] for byte in b"hvrmgcwfl")))
        boughs += sum(bool(layout.decode_piece(value).stems) for key, value in left if key[:1] == b"c")

    holds()
    assert boughs


def _sample(record: int, taken: str, value: str, source: str = SOURCES[0], status: Status = Status.ASSERTED,
            position: str = "1") -> Assertion:
    content = {"test": {"text": "Troponin"}, "order_id": "1", "value": {"value": value}, "status": "final", "taken": taken}
    return Assertion(source=source, patient="1", record=f"result/{record}", kind="result", status=status, position=position,
                     content=canonical.encode(content), raw=RawRef("raw.x.v1", 0, 0))


HOURS = tuple(f"2024-01-03T{hour:02}:00:00Z" for hour in (8, 11, 14, 17))
series = st.lists(st.builds(
    _sample, st.integers(0, 7), st.sampled_from((*HOURS[:3], "2024-01-03", "2024-06-03T08:00:00Z")), st.sampled_from(["12", "40"]),
    st.sampled_from((*SOURCES[:1] * 5, SOURCES[1])), st.sampled_from([Status.ASSERTED, Status.ASSERTED, Status.RETRACTED]),
    st.sampled_from("123456789")), min_size=8, max_size=60)


@pytest.mark.parametrize(("limit", "most"), [(3, 3), (5, 4), (64, 64)])
def test_serial_samples_come_and_go_as_their_key_grows_and_shrinks(limit, most, monkeypatch):
    monkeypatch.setattr(groups, "LIMIT", limit)
    monkeypatch.setattr(clusters, "SERIES", most)
    monkeypatch.setattr(tree, "LEAF", 2)
    monkeypatch.setattr(tree, "BOUGH", 3)
    at_once = 0

    @settings(max_examples=60, deadline=None)
    @given(st.one_of(series, st.lists(st.one_of(_said("result", 5), claims), max_size=40)), st.integers(0, 2**32))
    def holds(world: list[Any], seed: int) -> None:
        nonlocal at_once
        rng = random.Random(seed)
        pipeline = Pipeline(KEY, builtin())
        for value in world:
            pipeline.publish(value)
            if rng.random() < 0.5:
                pipeline.run(rng)
                check(pipeline)
        order_and_duplicates_make_no_difference(world, rng, builtin())
        for record in pipeline.folded().values():
            told = [canonical.decode(entry.content).get("taken", "") for entry in record.entries if not entry.conflict]
            at_once = max(at_once, sum(taken in HOURS for taken in told))

    holds()
    assert at_once > 1


def test_samples_of_a_key_that_is_crowded_no_longer_are_results_again(monkeypatch):
    monkeypatch.setattr(groups, "LIMIT", 3)
    monkeypatch.setattr(clusters, "SERIES", 3)
    pipeline, rng = Pipeline(KEY, builtin()), random.Random(1)
    known = []
    for said in (*(_sample(n, taken, str(n)) for n, taken in enumerate(HOURS)),
                 _sample(3, HOURS[3], "3", status=Status.RETRACTED, position="2")):
        pipeline.publish(said)
        pipeline.run(rng)
        check(pipeline)
        known.append(len(pipeline.current()))
    assert known == [1, 2, 3, 1, 3]


def test_that_a_key_is_crowded_is_no_news():
    """The same content and envelope digest, whether a fact is derived from all members or from those that matter."""
    members = _members([Assertion(source="RXA/epr", patient="1", record=f"allergy/{n}", kind="allergy", position="1",
                                  content=canonical.encode({"agent": PENICILLIN}), raw=RawRef("r", 0, n)) for n in range(8)])
    [fact] = facts(Group("allergy", "x"), members, builtin())
    small = crowded(fact.of, matters(fact.of, members, builtin()), builtin(), Crowded(
        sum(behind(known) for member in members for known in member.winners) & ((1 << 64) - 1), len(members)))
    assert (small.content, envelope(small, ())) == (fact.content, envelope(fact, ()))
    assert len(small.winners) < len(fact.winners)
