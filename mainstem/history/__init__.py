"""The past: a person's record as it was known at a moment. docs/history.md tells what holds.

`moment`, `past` and `ended` are pure; `reading` takes from the topics what they need.
"""

from mainstem.history.ended import Ended
from mainstem.history.moment import MomentError, iso, parse
from mainstem.history.past import Past
from mainstem.history.reading import BeginningLostError, NobodyThenError, Reader

__all__ = ["BeginningLostError", "Ended", "MomentError", "NobodyThenError", "Past", "Reader", "iso", "parse"]
