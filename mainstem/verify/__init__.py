"""Proof that nothing was lost and nothing doubled: a cut, a fold of everything up to it, and what differs.

`run` is the whole of it; each check is a module of its own and compares one pair of views of the same facts.
"""

from mainstem.verify.report import Check, Report
from mainstem.verify.run import verify

__all__ = ["Check", "Report", "verify"]
