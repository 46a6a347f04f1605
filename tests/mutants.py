"""For `make mutants` alone."""

import gc
from functools import _lru_cache_wrapper

import pytest

from mainstem.terminology import builtin

pytest.Item._nodeid = property(lambda item: item.nodeid)    # mutmut 3.7 reads a name that pytest 9.2 has given up


def pytest_sessionstart() -> None:
    """A mutant is a fork of a run that passed: what that run remembers would answer for it. The terminology that ships stays loaded."""
    for each in gc.get_objects():
        if isinstance(each, _lru_cache_wrapper) and each.__module__.startswith(("mainstem.", "processors.")) and each is not builtin:
            each.cache_clear()
