"""How large the batches of each stage were between two looks at /metrics, and what they spent their time on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from mainstem.observe.serving import samples, targets

_EVENTS, _PHASE = "mainstem_batch_events", "mainstem_phase_seconds"
_SECONDS = 5.0

Seen = Mapping[tuple[str, str], tuple[float, float]]
"""Stage and phase (empty: the events of its batches) -> sum and count so far, over all processes."""


def look(directory: Path) -> Seen:
    """At all processes that tell their address in the folder. Raises httpx.HTTPError."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for target in targets(directory):
        answer = httpx.get(target.url, timeout=_SECONDS, trust_env=False).raise_for_status()
        for of, (total, count) in read(answer.text).items():
            before = found.get(of, (0.0, 0.0))
            found[of] = before[0] + total, before[1] + count
    return found


def read(text: str) -> Seen:
    """From what one process says."""
    sums: dict[tuple[str, str], float] = {}
    counts: dict[tuple[str, str], float] = {}
    for name, labels, value in samples(text):
        family, _, what = name.rpartition("_")
        if family in (_EVENTS, _PHASE) and what in ("sum", "count"):
            (sums if what == "sum" else counts)[labels.get("stage", ""), labels.get("phase", "")] = value
    return {of: (total, counts[of]) for of, total in sums.items() if of in counts}


def between(before: Seen, after: Seen, seconds: float) -> list[dict[str, Any]]:
    """By stage: batches a second, events a batch, and milliseconds a batch by phase. A process that was started anew meanwhile has begun
    to count anew: its stage says nothing, or too little."""
    found: list[dict[str, Any]] = []
    for stage in sorted({stage for stage, _ in after}):
        events, batches = _more(before, after, (stage, ""))
        if batches > 0:
            ms = {phase: 1000 * _more(before, after, (stage, phase))[0] / batches for each, phase in after if each == stage and phase}
            found.append({"stage": stage, "batches": batches / seconds, "events": events / batches, "ms": ms})
    return found


def _more(before: Seen, after: Seen, of: tuple[str, str]) -> tuple[float, float]:
    was, now = before.get(of, (0.0, 0.0)), after.get(of, (0.0, 0.0))
    return now[0] - was[0], now[1] - was[1]
