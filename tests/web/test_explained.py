"""Why a field is not shown: the rule that left it out says so, of whatever kind."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from mainstem import canonical, kinds
from mainstem.cli.record_shown import show_section
from mainstem.kinds.facts import OF_LABELS, Member
from mainstem.terminology import builtin
from mainstem.web.explained import Explained, explain, unnamed
from mainstem.web.headings import headings
from mainstem.web.page import Section
from mainstem.web.record import Item
from mainstem.web.shown import show
from processors.reconcile import derive, entries
from processors.reconcile.derive import Group
from processors.reconcile.fold import fold
from processors.reconcile.rules import SENSITIVE_SET
from sinks.cache.record import of_entry
from tests.kinds.members import member
from tests.processors.reconcile.fed import Stage, event, said
from tests.processors.reconcile.test_crowd import CONTENTS
from tests.strategies import Terms
from tests.web import made
from tests.web.pages import read, text

SOURCES = ("A82038/gp", "RXA/epr", "RXC/community")


def unshown(members: Sequence[Member]) -> list[Explained]:
    """Fields that some member values and the entry does not show."""
    kind = kinds.BY_NAME[members[0].kind]
    fact = derive._fact(Group(kind.name, "x"), tuple(sorted(members, key=lambda each: each.place)), kind, builtin())
    entry = entries.current("p", fact, 1, "builtin")
    content = canonical.decode(entry.content)
    found = [one for one in explain(msgspec.json.decode(of_entry(entry), type=Item)) if one.field not in content]
    assert {one.field for one in found} == {name for each in members for name in each.content} - content.keys()
    return found


def test_of_a_crowd_the_entry_says_how_many_more_there_are_and_the_past_names_every_one():
    known = [said(f"allergy/{n}", agent={"text": "penicillin"}, note=f"note {n % 3}", known=1000 + n) for n in range(70)]
    stage = Stage(Terms())
    entry = [found for one in known for found in stage.send(event(one))][-1]
    assert (entry.unnamed, len(entry.provenance) + entry.unnamed) == (70 - len(entry.provenance), 70) and entry.unnamed > 60
    [whole] = fold(known, {}, b"key", Terms()).values()
    assert [(one.content, len(one.provenance), one.unnamed) for one in whole.entries] == [(entry.content, 70, 0)]
    shown = msgspec.json.decode(of_entry(entry), type=Item)
    assert unnamed(shown).startswith(f"{entry.unnamed} more records stand behind this entry") and "--as-known-at now" in unnamed(shown)
    buffer = io.StringIO()
    show_section(Section(headings()[0], (show(shown),), 1, (), (), ()), Console(file=buffer, width=200), explain=True)
    assert unnamed(shown) in buffer.getvalue()
    assert unnamed(msgspec.json.decode(of_entry(whole.entries[0]), type=Item)) == ""


@pytest.mark.parametrize("kind", CONTENTS)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_field_that_is_not_shown_names_a_rule_of_its_kind(kind: str, data: st.DataObject) -> None:
    name = "allergy" if kind == "none" else kind
    said = data.draw(st.lists(st.tuples(CONTENTS[kind], st.sampled_from(SOURCES), st.sampled_from([None, "2019", "2024-01-01"])),
                              min_size=2, max_size=5))
    for one in unshown([member(name, n, source, recorded, **content) for n, (content, source, recorded) in enumerate(said)]):
        assert one.lost
        assert one.rule in kinds.BY_NAME[name].rules, f"{one.field} by {one.rule}"


AGENT: dict[str, Any] = {"agent": {"text": "Penicillin"}}


@pytest.mark.parametrize(("kind", "held", "hidden", "by"), [
    ("allergy", AGENT, AGENT | {"clinical_status": "resolved"}, {"clinical_status": "allergy.active-counts"}),
    ("allergy", AGENT, AGENT | {"verification": "refuted"}, {"verification": "allergy.worst-counts"}),
    ("problem", {"status": "active"}, {"abatement": "2021"}, {"abatement": "problem.active-has-no-end"}),
    ("result", {"value": {"value": "140"}, "status": "corrected"}, {"value_text": "high", "status": "final"},
     {"value_text": "result.supersedes"}),
    ("medicine", {"dose_quantity": {"value": "20", "unit": "mg"}, "status": "active"},
     {"dose": "1 OD", "status": "stopped", "stop_reason": "rash"},
     {"dose": "medicine.regimen-together", "stop_reason": "medicine.ending-together"}),
    ("medicine", {"view": "list"}, {"view": "order"}, {"view": "medicine.views"}),
    ("flag", {"status": "active"}, {"status": "inactive", "end": "2021"}, {"end": "flag.active-counts"}),
    ("encounter", {"status": "in-progress"}, {"status": "planned", "end": "2021"}, {"end": "encounter.furthest"}),
])
def test_the_rule_that_hid_it_is_named(kind: str, held: dict[str, Any], hidden: dict[str, Any], by: dict[str, str]) -> None:
    found = unshown([member(kind, 1, "RXA/epr", "2024", **held), member(kind, 2, "A82038/gp", "2025", **hidden)])
    assert {one.field: one.rule.id for one in found if one.rule} == by


def test_a_label_that_no_source_gave_is_explained_on_the_page_and_in_the_terminal():
    rules = {"*": "record.greatest-version", OF_LABELS: SENSITIVE_SET.id}
    one = made.item("problem", labels=("sensitive",), rules=rules)
    page = text(read(made.record([one])))
    assert "Sensitive" in page and f"Why it is sensitive {SENSITIVE_SET.id}: {SENSITIVE_SET.reason}" in page
    buffer = io.StringIO()
    show_section(Section(headings()[0], (show(one),), 1, (), (), ()), Console(file=buffer, width=300), explain=True)
    assert f"sensitive by {SENSITIVE_SET.id}" in buffer.getvalue()
    by_source = made.item("problem", labels=("sensitive",), rules={"*": "record.greatest-version"})
    assert "Why it is sensitive" not in text(read(made.record([by_source])))
