"""`make mutants`: mutmut, and what each of its runs needs."""

import gc
import re
from functools import _lru_cache_wrapper

import pytest

pytest.Item._nodeid = property(lambda item: item.nodeid)    # mutmut 3.7 reads a name that pytest 9.2 has given up
_REMEMBERS = re.compile(r"^@lru_cache\(.*\)\n", re.MULTILINE)


def pytest_sessionstart() -> None:
    """A mutant is a fork of a run that passed: what that run remembers would answer for it. The terminology that ships stays loaded."""
    from mainstem.terminology import builtin  # the changed copy: mutmut has put it first by now

    for each in gc.get_objects():
        if isinstance(each, _lru_cache_wrapper) and each.__module__.startswith(("mainstem.", "processors.")) and each is not builtin:
            each.cache_clear()


def _main() -> None:
    """mutmut passes over what is decorated, so rules that remember their answers are changed as rules that do not."""
    from mutmut import __main__ as mutmut

    changed = mutmut.mutate_file_contents
    mutmut.mutate_file_contents = lambda name, source, *rest: changed(name, _REMEMBERS.sub("", source), *rest)
    mutmut.cli()


if __name__ == "__main__":
    _main()
