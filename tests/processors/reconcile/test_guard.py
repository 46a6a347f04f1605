"""A rule that fails on a content stops nothing and hides nothing, and the stream and the fold come to the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from mainstem import canonical, kinds
from mainstem.kinds.base import Kind
from mainstem.kinds.facts import OF_FACT, RULE_FAULT
from mainstem.labels import SENSITIVE
from mainstem.model import Assertion, RawRef
from mainstem.terminology import builtin
from processors.reconcile import derive, news
from processors.reconcile.crowd import LIMIT
from tests.kinds.members import member
from tests.processors.convergence import check, order_and_duplicates_make_no_difference, streamed
from tests.processors.reconcile.fed import said

BOOM = "a content that no rule foresaw"
RULES = ("key", "span", "parted", "derive", "matters", "line", "follow")


def _fails(rule: Any) -> Any:
    def failing(self: Kind, given: Any, *others: Any) -> Any:
        if BOOM in str(given):
            raise ValueError(BOOM)
        return rule(self, given, *others)
    return failing


@pytest.fixture(params=RULES)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A rule of each kind fails where something says BOOM."""
    for kind in kinds.ALL:
        monkeypatch.setattr(type(kind), request.param, _fails(getattr(type(kind), request.param)))
    return request.param


def _result(n: int, note: str | None, source: str = "RXA/epr", **more: Any) -> Assertion:
    content = {"test": {"text": "Sodium"}, "value": {"value": str(130 + n % 3), "unit": "mmol/L"}, "status": "final",
               "taken": f"2024-01-{1 + n % 28:02}T10:00:00Z"} | more | ({"note": note} if note else {})
    return Assertion(source=source, patient="1", record=f"result/{n}", kind="result", position="1", content=canonical.encode(content),
                     raw=RawRef("raw.x.v1", 0, n))


@pytest.mark.parametrize("count", [4, LIMIT + 6])
def test_the_stream_goes_on_and_gives_what_the_fold_gives(broken: str, count: int) -> None:
    world = [_result(n, BOOM if n % 3 == 0 else None, **({"order_id": "7"} if n % 2 or count > LIMIT else {})) for n in range(count)]
    pipeline = streamed(world, random.Random(count), builtin())
    check(pipeline)
    behind = {told.record for history in pipeline.history().values() if history[-1].status == "current" for told in history[-1].provenance}
    assert count > LIMIT or behind == {each.record for each in world}
    order_and_duplicates_make_no_difference(world, random.Random(count), builtin())


def test_what_no_rule_can_make_one_of_is_shown_as_it_stands_and_as_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    allergy = kinds.BY_NAME["allergy"]
    monkeypatch.setattr(type(allergy), "derive", _fails(type(allergy).derive))
    agent = {"text": "Penicillin"}
    members = [member("allergy", 1, recorded="2024", agent=agent, clinical_status="active", note=BOOM),
               member("allergy", 2, recorded="2025", agent=agent, clinical_status="resolved")]
    of = derive.group(members[0], builtin())
    [fact] = derive.facts(of, members, builtin())
    assert (fact.derived.conflict, fact.derived.rules[OF_FACT]) == (True, RULE_FAULT.id)
    lost = [row.lost for row in derive.provenance(fact)]
    assert fact.derived.content["clinical_status"] == "resolved"
    assert lost[0]["clinical_status"] == b'"active"'
    [alone] = derive.facts(of, members[:1], builtin())
    assert (alone.derived.conflict, alone.derived.rules[OF_FACT]) == (False, RULE_FAULT.id)


def test_a_key_that_fails_makes_a_fact_of_its_own_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    medicine = kinds.BY_NAME["medicine"]
    monkeypatch.setattr(type(medicine), "key", _fails(type(medicine).key))
    one = member("medicine", 1, product={"text": "Amlodipine 5mg tablets"}, note=BOOM)
    of = derive.group(one, builtin())
    assert of.place == one.place
    assert derive.sole(of, one, builtin()).derived.rules[OF_FACT] == RULE_FAULT.id


def test_what_cannot_be_told_not_to_be_sensitive_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terms = builtin()
    monkeypatch.setattr(terms, "sensitive", lambda concept: int(BOOM))
    one = member("problem", 1, code={"text": "Asthma"})
    assert SENSITIVE in derive.sole(derive.group(one, terms), one, terms).labels


def test_what_cannot_be_compared_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "same", lambda *_: int(BOOM))
    assert not news.says_the_same(said(note="a"), said(note="A"))
    assert news.says_the_same(said(note="a"), said(note="a"))


def test_a_machine_without_memory_is_no_content(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(*_: Any) -> Any:
        raise MemoryError

    problem = kinds.BY_NAME["problem"]
    for rule in RULES:
        monkeypatch.setattr(type(problem), rule, starved)
    with pytest.raises(MemoryError):
        derive.group(member("problem", 1, code={"text": "Asthma"}), builtin())
