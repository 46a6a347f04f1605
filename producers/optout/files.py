"""The two files of a check for opt-outs: the list that was sent over MESH, and the answer. They are read whole before anything is
published, since who has opted out is told by who is missing: of a wrong or damaged answer that would be everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from producers.contract import RawMessage
from producers.optout.format import message, number_of
from producers.plain import FileError, plain

SUFFIXES = (".dat", ".csv", ".txt")
LINES = 10_000
"""Of the list, in one message."""
_REFUSED = "invalid nhs number"
"""The answer to a list with a wrong number is one line that says so, and no numbers."""


def read_files(asked: Path, returned: Path, checked: str) -> Iterator[RawMessage]:
    """The check as messages, each a part of it. `checked`: when it was made, UTC at fixed width. Raises FileError."""
    lines = _lines(asked)
    numbers = {number for line in lines if (number := number_of(line))}
    if not numbers:
        raise FileError(str(asked), "it holds no valid NHS number", "name the list that was sent, one number a line")
    answered = _answer(returned, lines)
    foreign = [place for number, place in answered.items() if number not in numbers]
    if foreign:
        raise FileError(str(returned), f"{len(foreign):,} of the numbers in it were not asked about, the first in line {min(foreign)}",
                        f"name the answer to {asked}")
    return _messages(lines, answered, checked)


def _messages(lines: list[str], answered: Mapping[str, int], checked: str) -> Iterator[RawMessage]:
    for first in range(0, len(lines), LINES):
        part = lines[first:first + LINES]
        yield message(checked, first + 1, part, [line for line in part if number_of(line) in answered])


def _answer(path: Path, asked: list[str]) -> dict[str, int]:
    """NHS number -> its line. An empty answer is one: everybody has opted out."""
    lines = _lines(path)
    if lines and lines[0].startswith("{"):
        raise FileError(str(path), "it is the service's word that it is at work", "wait for the answer, which has the same local id")
    if len(lines) == 1 and _REFUSED in lines[0].lower():
        wrong = [str(place) for place, line in enumerate(asked, 1) if number_of(line) is None]
        which = f" (line {', '.join(wrong[:10])}{' and more' if len(wrong) > 10 else ''})" if wrong else ""
        raise FileError(str(path), f"the service refused the list, for a number in it that is none{which}", "correct it and ask again")
    found: dict[str, int] = {}
    for place, line in enumerate(lines, 1):
        number = number_of(line)
        if number is None or not line.endswith(","):
            raise FileError(str(path), f"line {place} is no NHS number with a comma after it: it is no answer, damaged or cut short",
                            "fetch it again")
        found.setdefault(number, place)
    return found


def _lines(path: Path) -> list[str]:
    """Without blank ones at the end. Raises FileError."""
    return [line.strip() for line in plain(path).decode("utf-8", "replace").removeprefix("\ufeff").rstrip().splitlines()]
