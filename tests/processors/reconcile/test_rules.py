"""The rules, and the page that lists them."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

from mainstem import admissions, kinds, web
from mainstem.kinds.facts import Rule
from processors.reconcile import rules

PAGE = (Path(__file__).parents[3] / "docs" / "reconcile.md").read_text()


def test_the_page_lists_the_rules() -> None:
    assert PAGE.endswith(f"{rules.table()}\n"), "python -m processors.reconcile.rules prints the table"


def test_no_two_rules_have_one_id() -> None:
    every = [rule for kind in kinds.ALL for rule in kind.rules]
    assert len({rule.id for rule in every}) == len(set(every))


def test_every_rule_of_the_product_is_listed() -> None:
    """Those of the kinds, of admissions, of the page's cautions."""
    modules = [importlib.import_module(f"{package.__name__}.{found.name}") for package in (kinds, web)
               for found in pkgutil.iter_modules(package.__path__) if not found.name.startswith("__")]
    every = {rule.id: rule for module in (*modules, admissions) for rule in vars(module).values() if isinstance(rule, Rule)}
    assert len(every) > 30
    assert every.items() <= rules.BY_ID.items()


@pytest.mark.parametrize("rule", rules.BY_ID.values(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_where_from(rule: rules.Rule) -> None:
    assert rule.reason and rule.source
    document, _, heading = rule.source.partition(", ")
    if document.startswith("docs/"):
        assert f"## {heading}\n" in PAGE
