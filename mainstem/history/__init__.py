"""The past: a person's record as it was known at a moment, and what changed between two. docs/history.md tells what holds.

`moment`, `past` and `changes` are pure; `reading` takes from the topics what they need.
"""

from mainstem.history.changes import Changes, changes
from mainstem.history.moment import MomentError, parse
from mainstem.history.past import Log, Past, Said

__all__ = ["Changes", "Log", "MomentError", "Past", "Said", "changes", "parse"]
