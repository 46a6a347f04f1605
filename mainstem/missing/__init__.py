"""Rows that a source deleted, or filed elsewhere, while nobody looked: found by a comparison with its own database, and told of in its
raw topic.

`compare` says what is gone, `standing` what nobody took back; `marks` is how a moment of a database is found in its raw topic; `run`
does it.
"""

from mainstem.missing.compare import Compared
from mainstem.missing.errors import NotComparedError
from mainstem.missing.run import Found, look, write

__all__ = ["Compared", "Found", "NotComparedError", "look", "write"]
