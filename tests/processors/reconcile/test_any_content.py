"""Whatever a content may hold by its schema, however absurd, is shown: no rule fails on it, and it is the same in any order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from mainstem import canonical, kinds
from mainstem.kinds.base import DMD
from mainstem.kinds.facts import RULE_FAULT, Member
from mainstem.kinds.same import same
from mainstem.model import Assertion, Known, RawRef
from mainstem.terminology import builtin
from processors.reconcile import derive, resolve
from processors.reconcile.derive import Group
from processors.reconcile.fold import fold_by
from processors.reconcile.resolve import MANIFEST

PLAUSIBLE = {
    "system": ("http://snomed.info/sct", "https://dmd.nhs.uk", "http://read.info/readv2", "https://fhir.hl7.org.uk/Id/emis-drug-codes"),
    "code": ("764146007", "91936005", "716186003", "108537001", "272741003"),
    "text": ("Penicillin", "Amoxicillin 500mg capsules", "Left"),
    "display": ("Penicillin", "Warfarin 1mg tablets", "Left hip"), "unit": ("days", "mg", "mmol/L", "tablet"), "value": ("1", "28", "1.0"),
    "view": ("list", "order", "dispense", "home", "administration"), "course": ("acute", "repeat"),
    "status": ("active", "stopped", "completed", "final", "corrected", "cancelled"), "clinical_status": ("active", "resolved"),
    "verification": ("confirmed", "refuted"), "dose": ("ONE tablet TWICE a day", "5mg/0ml"), "frequency": ("BD", "1 per 0 d"),
}
"""Of a field of this name, half the time: rules that read one field ask another first."""
NUMBERS = ("", " ", "0", "-1", "1.50", "1,5", "٣", "²", "½", "1e999999", "NaN", "-inf", "9" * 5000, "1" * 30 + "." + "3" * 30, "0x1f",
           "1_0", "1/0", "<5", "1:40", "0/0 mg")
DATES = ("2024-01-31", "2024-01-31T10:15:00Z", "2024-01-31T10:15:00.5+14:00", "2024-02-30", "2024-13", "2024", "0000", "0000-00-00",
         "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-14:00", "9999-12-31", "10000-01-01", "24:00", "2024-01-31T24:00", "²⁰²⁴-01-01",
         "٢٠٢٤")
TEXTS = st.sampled_from(NUMBERS) | st.sampled_from(DATES) | st.sampled_from(("14L..", "9" * 400, "a b")) | st.text(max_size=12)


def _strategy(kind: inspect.Type, name: str = "") -> st.SearchStrategy[Any]:
    match kind:
        case inspect.UnionType(types=types):
            return st.one_of([_strategy(each, name) for each in types])
        case inspect.StructType(fields=fields):
            required, optional = ({field.encode_name: _strategy(field.type, field.name) for field in fields if field.required is asked}
                                  for asked in (True, False))
            return st.fixed_dictionaries(required, optional=optional)
        case inspect.VarTupleType(item_type=item):
            return st.lists(_strategy(item, name), max_size=3)
        case inspect.StrType() if name in PLAUSIBLE:
            return st.sampled_from(PLAUSIBLE[name]) | TEXTS
        case inspect.StrType():
            return st.sampled_from(("2024-01-31", "2024-02-01T10:00:00Z")) | TEXTS
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(-(1 << 60), 1 << 60)
        case inspect.NoneType():
            return st.none()
    raise TypeError(f"a content of {kind}: say here how one is made up")


OF_EACH_KIND = pytest.mark.parametrize("kind", [kind for kind in kinds.ALL if kind.name != MANIFEST], ids=lambda kind: kind.name)


@OF_EACH_KIND
def test_any_content_is_shown_and_in_any_order(kind: kinds.Kind) -> None:
    contents = _strategy(inspect.type_info(kind.Content))

    @settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(st.lists(contents, min_size=1, max_size=2), st.lists(st.integers(0, 1), min_size=1, max_size=6),
           st.randoms(use_true_random=False), st.sampled_from([None, "2024-01-01", *DATES, *NUMBERS]))
    def check(said: list[dict[str, Any]], chosen: list[int], rng: random.Random, recorded: str | None) -> None:
        known = [_known(kind.name, at, said[which % len(said)], rng, recorded) for at, which in enumerate(chosen)]
        found = _entries(known)
        assert len({one.assertion.record for one in known}) == len({said.record for entry in found for said in entry.provenance})
        for entry in found:
            assert isinstance(kind.title(canonical.decode(entry.content)), str)
            assert RULE_FAULT.id not in entry.rules.values()
        for members in _groups(known):
            kind.matters(sorted(members, key=lambda member: member.place), builtin())
        rng.shuffle(known)
        assert [entry.content for entry in _entries(known)] == [entry.content for entry in found]

    check()


@OF_EACH_KIND
def test_any_one_field_may_be_absurd(kind: kinds.Kind) -> None:
    """Each text of a content that is otherwise an ordinary one, in each view that there is, ended or not, with each absurd value in
    turn."""
    whole = _ordinary(inspect.type_info(kind.Content))
    if kind.name == "medicine":
        whole["product"] = {"text": "Amlodipine", "codes": [{"system": DMD, "code": "108537001"}]}
    bases = [whole | {"view": view} for view in PLAUSIBLE["view"]] if "view" in whole else [whole]
    going_on = [{name: value for name, value in base.items() if name not in ("end", "abatement")} for base in bases]
    for ordinary in (*bases, *(base for base in going_on if base not in bases)):
        for spoil in _spoilt(ordinary):
            known = [_known(kind.name, at, said, random.Random(at), "2024-01-01") for at, said in enumerate((ordinary, spoil, spoil))]
            same(kind, ordinary, spoil)
            for entry in _entries(known):
                kind.title(canonical.decode(entry.content))
                assert RULE_FAULT.id not in entry.rules.values()


def _ordinary(kind: inspect.Type, name: str = "") -> Any:
    match kind:
        case inspect.UnionType(types=types):
            return _ordinary(types[0], name)
        case inspect.StructType(fields=fields):
            return {field.encode_name: _ordinary(field.type, field.name) for field in fields}
        case inspect.VarTupleType(item_type=item):
            return [_ordinary(item, name)]
        case inspect.StrType():
            return PLAUSIBLE.get(name, ("2024-01-31",))[0]
        case inspect.BoolType():
            return False
    return 1


def _spoilt(said: Any) -> Iterator[Any]:
    """All that it is with one text of it another."""
    if isinstance(said, str):
        yield from (*NUMBERS, *DATES)
    elif isinstance(said, dict):
        for name, value in said.items():
            yield from (said | {name: each} for each in _spoilt(value))
    elif isinstance(said, list):
        for value in said:
            yield from ([each] for each in _spoilt(value))


def _known(kind: str, at: int, said: dict[str, Any], rng: random.Random, recorded: str | None) -> Known:
    content = canonical.encode(msgspec.convert(said, kinds.BY_NAME[kind].Content))
    return Known(Assertion(source=rng.choice(("RXA/epr", "A82038/gp")), patient="1", record=f"{kind}/{at}", kind=kind, position="1",
                           content=content, recorded=recorded, raw=RawRef("r", 0, at)), at, 0, at)


def _groups(known: list[Known]) -> list[list[Member]]:
    """Those that a key puts together."""
    found: dict[Group, list[Member]] = {}
    for one in known:
        for member in resolve.members([one]):
            found.setdefault(derive.group(member, builtin()), []).append(member)
    return [members for members in found.values() if len(members) > 2]


def _entries(known: list[Known]) -> tuple[Any, ...]:
    return fold_by(known, lambda _: "p", builtin())["p"].entries
