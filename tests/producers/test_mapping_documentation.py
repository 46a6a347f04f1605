"""docs/mappings.md says what is true: its example loads, and its tables name every key there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from producers.mapping import document, rules
from producers.mapping.load import parse
from producers.reasons import Reason

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "mappings.md").read_text()


def test_the_example_is_a_mapping() -> None:
    example = re.search(r"```yaml\n(source.*?)```", TEXT, re.S)
    assert example is not None
    loaded = parse(example[1], "docs/mappings.md")
    assert loaded.source == "RXX/epr"
    assert loaded.ignored


@pytest.mark.parametrize("part", [document.Document, document.Table, document.Record, document.Claims, rules.Condition, rules.Column,
                                  rules.QuantityParts, rules.CodedParts])
def test_every_key_is_documented(part: type[rules.Part]) -> None:
    for name in part.model_fields.keys() - {"user_selected"}:
        assert re.search(rf"\b{name}\b", TEXT), f"docs/mappings.md does not speak of `{name}`"


@pytest.mark.parametrize("head", rules.HEADS)
def test_every_rule_is_documented(head: str) -> None:
    assert f"`{head}`" in TEXT


def test_every_reason_says_what_to_do() -> None:
    assert all(reason.todo.endswith(".") and len(reason.todo) > 30 for reason in Reason)
