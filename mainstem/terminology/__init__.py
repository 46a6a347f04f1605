"""Terminology: what a code means, by release. Loads dm+d and SNOMED CT into a local store, and answers from it in microseconds.

Ask `Terminology` (`builtin()`, or `Shelf.open` for a release that an operator loaded). Nothing here knows a record or a rule.
"""

from __future__ import annotations

from mainstem.terminology.lookup import REASONS, Answer, Terminology
from mainstem.terminology.releases import in_force
from mainstem.terminology.shelf import Shelf
from mainstem.terminology.shipped import builtin

__all__ = ["REASONS", "Answer", "Shelf", "Terminology", "builtin", "in_force"]
