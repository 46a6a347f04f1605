"""A test result, or the order that awaits one."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import UNSET

from mainstem.kinds.base import Amount, Concept, Content, Kind, Text
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named


class ResultContent(Content):
    test: Concept = UNSET
    panel: Concept = UNSET
    specimen: Concept = UNSET
    specimen_id: Text = UNSET
    order_id: Text = UNSET
    """Placer or filler number: the business identifier shared across feeds."""
    status: Text = UNSET
    """`requested`, `preliminary`, `final`, `corrected`, `cancelled`."""
    value: Amount = UNSET
    value_text: Text = UNSET
    value_code: Concept = UNSET
    low: Amount = UNSET
    high: Amount = UNSET
    interpretation: Text = UNSET
    requested: Text = UNSET
    taken: Text = UNSET
    reported: Text = UNSET
    performer: Text = UNSET
    note: Text = UNSET


class Result(Kind):
    name = "result"
    heading = "Investigation results"
    Content = ResultContent
    compared = MappingProxyType({"requested": DATE, "taken": DATE, "reported": DATE, "performer": PERSON, "note": PROSE})

    def title(self, content: dict) -> str:
        value = content.get("value") or {}
        shown = " ".join(x for x in (value.get("comparator"), value.get("value"), value.get("unit")) if x)
        return " ".join(x for x in (named(content.get("test") or content.get("panel"), "Result"), shown or content.get("value_text")) if x)
