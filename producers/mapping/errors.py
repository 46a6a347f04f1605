"""What can be wrong with a mapping file. Found at load, before anything is captured."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MappingError(ValueError):
    """A mistake in a mapping: which file, where in it, what was expected, and the nearest valid name."""

    def __init__(self, file: str, problems: Iterable[tuple[str, str]]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{file}: at {place or 'the top'}: {problem}" for place, problem in self.problems)
                         + "\nCorrect the mapping (docs/mappings.md); nothing is captured with a mapping that has mistakes.")


def nearest(name: str, valid: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or what there is to choose from."""
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else f"; expected one of {', '.join(names)}"
