"""A content that is not of its kind, which no producer gives, stops nobody's record: a field of another type says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem import canonical, kinds
from mainstem.kinds import Kind
from mainstem.model import Assertion, Entry, Known, RawRef
from mainstem.terminology import builtin
from processors.reconcile.fold import fold_by
from tests.processors.reconcile.fed import Stage, event

WRONG: tuple[Any, ...] = (
    5, 1.5, {"a": 1}, {"codes": 5}, {"codes": [5]}, {"text": 5}, {"codes": [{"system": 1, "code": 2}]}, {"value": 5}, [5], [{"text": 5}],
    [["a"]])
"""Of no field of any kind but a size, which is a number."""
RIGHT: dict[str, dict[str, Any]] = {
    "allergy": {"agent": {"text": "Penicillin"}}, "medicine": {"product": {"text": "Aspirin 75mg tablets"}, "status": "active"},
    "problem": {"code": {"text": "Asthma"}}, "result": {"test": {"text": "Sodium"}, "value": {"value": "140"}, "taken": "2026-01-01"},
}


def entries(kind: Kind, *contents: dict[str, Any]) -> list[Entry]:
    """By the stage and from scratch alike."""
    told = [Known(Assertion(source="RXA/epr", patient="1", record=f"{kind.name}/{number}", kind=kind.name, position="01",
                            content=canonical.encode(content), raw=RawRef("raw.x.v1", 0, number)), 1000, 0, number)
            for number, content in enumerate(contents)]
    found = Stage(builtin()).send(event(*told))
    folded = fold_by(told, lambda _: "p", builtin())["p"].entries
    assert sorted(each.content for each in found) == sorted(each.content for each in folded)
    return list(folded)


@pytest.mark.parametrize("kind", [each for each in kinds.ALL if each.name != "manifest"], ids=lambda kind: kind.name)
def test_a_field_of_another_type_stops_nothing_and_hides_nothing_else(kind: Kind) -> None:
    right = RIGHT.get(kind.name, {})
    for name in set(kind.Content.__struct_fields__) - {"size"}:
        for value in WRONG:
            found = entries(kind, right, right | {name: value})
            assert len({behind.record for entry in found for behind in entry.provenance}) == 2
            shown = [canonical.decode(entry.content) for entry in found]
            assert all(kind.title(each) is not None for each in shown)
            assert all(each.get(name) in (None, right.get(name)) for each in shown)
            assert all(each.get(other) == of for each in shown for other, of in right.items() if other != name)


def test_a_field_that_a_kind_does_not_know_is_shown_as_it_is() -> None:
    [entry] = entries(kinds.BY_NAME["allergy"], RIGHT["allergy"] | {"tomorrow": 5})
    assert canonical.decode(entry.content) == RIGHT["allergy"] | {"tomorrow": 5}
