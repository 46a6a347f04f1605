"""Is memory flat? From samples of a long run to a verdict and a curve for each process. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple
from xml.sax.saxutils import escape

HOLDS = frozenset({"redis"})
"""Holds the live records in memory: it grows with them and is not judged."""
_GROWTH, _SLACK_MB = 0.10, 16.0
_WIDTH, _HEIGHT, _COLUMNS, _TOP, _INSET = 250, 110, 3, 46, 26


class Sample(NamedTuple):
    """`mb`: by process, memory that no file backs, with its children's, in MB of 1,000,000 bytes."""

    changes: int
    """Captured so far."""
    mb: Mapping[str, float]


class Verdict(NamedTuple):
    """Means, in MB, of the second and of the last quarter of the changes; the first is warm-up."""

    process: str
    second: float
    last: float
    most: float

    @property
    def growth(self) -> float:
        return self.last / self.second - 1

    @property
    def flat(self) -> bool | None:
        """Within a tenth, or within 16 MB. None where it is not judged."""
        if self.process in HOLDS:
            return None
        return self.growth <= _GROWTH or self.last - self.second <= _SLACK_MB


def verdicts(samples: Sequence[Sample]) -> list[Verdict]:
    """Of the processes that lived all the time, by name. Raises ValueError where the run was too short for quarters."""
    total = samples[-1].changes if samples else 0
    second = [each for each in samples if total / 4 <= each.changes < total / 2]
    last = [each for each in samples if each.changes >= total * 3 / 4]
    if not second or not last:
        raise ValueError(f"{len(samples)} samples of {total:,} changes do not tell a second quarter from a last one: run it for longer")
    names = set.intersection(*(set(each.mb) for each in (*second, *last)))
    return [Verdict(name, fmean(each.mb[name] for each in second), fmean(each.mb[name] for each in last),
                    max(each.mb[name] for each in samples if name in each.mb)) for name in sorted(names)]


def picture(samples: Sequence[Sample]) -> str:
    """An SVG: a small panel for each process, memory over changes, each panel from zero to its own most."""
    found = verdicts(samples)
    total = samples[-1].changes
    rows = -(-len(found) // _COLUMNS)
    width, height = _WIDTH * _COLUMNS, _TOP + rows * _HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif" font-size="12">',
             f'<text x="8" y="20" font-weight="bold" font-size="13">Memory over {total:,} changes</text>',
             '<text x="8" y="36" fill="#555">Each panel from 0 to the most of its process; the first quarter is warm-up</text>']
    for number, verdict in enumerate(found):
        x, y = number % _COLUMNS * _WIDTH + 8, _TOP + number // _COLUMNS * _HEIGHT
        wide, high = _WIDTH - 20, _HEIGHT - _INSET - 10
        points = " ".join(f"{x + each.changes / total * wide:.1f},{y + _INSET + high * (1 - each.mb[verdict.process] / verdict.most):.1f}"
                          for each in samples if verdict.process in each.mb)
        colour = {True: "#005eb8", False: "#d5281b", None: "#768692"}[verdict.flat]
        parts += [f'<text x="{x}" y="{y + 16}">{escape(verdict.process)}: {verdict.last:,.0f} MB, {verdict.growth:+.1%}</text>',
                  f'<rect x="{x}" y="{y + _INSET}" width="{wide / 4:.1f}" height="{high}" fill="#f0f4f5"/>',
                  f'<path d="M{x} {y + _INSET + high}h{wide}" stroke="#aeb7bd"/>',
                  f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>']
    return "\n".join([*parts, "</svg>"]) + "\n"
