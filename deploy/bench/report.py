"""The report of a bench: tables for people, and bars as a picture. What a program reads is the JSON that they are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _BAR, _LEFT, _RIGHT, _TOP = 760, 34, 210, 150, 46
_PHASES = ("wait", "read", "decode", "core", "encode", "apply", "commit", "state")
"""Of a batch, in the order in which it goes through them; no stage has all."""


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Markdown, which reads well in a terminal too."""
    at = report["machine"]
    yield f"{at['processor']}, {at['cores']} cores, {at['memory_gb']} GB, {at['system']}, Python {at['python']}; " + ", ".join(
        f"{part} {number}" for part, number in at["versions"].items())
    yield ""
    if "contest" in report:
        yield from _contest(report["contest"])
    if "units" in report:
        yield from _units(report["units"])
    if "freshness" in report:
        yield from _freshness(report["freshness"])
    if "soak" in report:
        yield from _soak(report["soak"])


def _contest(contest: Mapping[str, Any]) -> Iterator[str]:
    loads = contest["loads"]
    yield f"{contest['events']:,} person events of {contest['persons']:,} persons; load of the machine {min(loads)} to {max(loads)}"
    yield ""
    yield from _table(("", "candidate", "runs", "events/s, median", "least", "most", "CPU us an event", "memory MB"),
                      [(f"({letter})", each["name"], each["runs"], f"{each['rate']:,.0f}", f"{each['low']:,.0f}", f"{each['high']:,.0f}",
                        f"{each['cpu_us']:.0f}", f"{each['rss'] / 1e6:.0f}") for letter, each in contest["candidates"].items()])
    for name, why in contest["not_run"].items():
        yield f"({name}) was not run: {why}"
    yield from _table(("ratio", "median", "least", "most", "by CPU time", "target", "met"),
                      [(each["what"], f"{each['value']:.2f}", f"{each['low']:.2f}", f"{each['high']:.2f}", f"{each['by_cpu']:.2f}",
                        f"{'<=' if each['measure'] == 'cpu' else '>='} {each['bound']}", "yes" if each["met"] else "NO")
                       for each in contest["ratios"]])


def _units(units: Mapping[str, Any]) -> Iterator[str]:
    back = units["recovery"]
    yield (f"recovery: {back['records']:,} changelog records at {back['rate']:,.0f} a second (target 100,000: "
           f"{'met' if back['rate'] >= 100_000 else 'NOT met'}), {back['cpu_us']:.1f} us of CPU each")
    yield (f"state: {units['keys_an_event']:.1f} keys an event, {back['state_bytes'] / back['state_keys']:.0f} bytes a key on disk; "
           f"{back['grown'] / 1e6:.0f} MB of memory after {back['state_keys'] / 1e6:.2f} million keys")
    yield ""
    yield from _table(("store", "entries/s", "CPU us an entry", "memory MB to be open", "MB more a million entries", "disk MB a million"),
                      [(name, f"{each['rate']:,.0f}", f"{each['cpu_us']:.0f}", f"{each['open'] / 1e6:.0f}", f"{each['bytes_an_entry']:.0f}",
                        f"{each['disk'] / each['held']:.0f}") for name, each in units["sinks"].items()])
    yield from _table(("part", "CPU us"), [("a row read by its mapping", f"{units['cores']['capture_us']:.0f}"),
                                           ("a claim linked", f"{units['cores']['linker_us']:.0f}"),
                                           ("an assertion identified", f"{units['cores']['identity_us']:.0f}")])
    names = ("decode", "core", "encode", "state")
    yield from _table(("reconcile, CPU us an event", *names), [(f"in batches of {size}", *(f"{spent[name]:.0f}" for name in names))
                                                              for size, spent in units["phases"].items()])
    yield from _table(("entries the person has", "CPU us an event"), [(f"{int(size):,}", f"{cost:.0f}") for size, cost in
                                                                     units["curve"].items()])


def _freshness(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _table(("changes/s", "made", "store", "samples", "p50 s", "p95 s", "p99 s", "worst s", "load"),
                      [(each["rate"], f"{each['made']:.0f}", one["stage"], one["samples"], f"{one['p50']:.2f}", f"{one['p95']:.2f}",
                        f"{one['p99']:.2f}", f"{one['worst']:.2f}", each["load"]) for each in found for one in each["stores"]])
    if hops := [(each["rate"], one["stage"], f"{one['p50']:.2f}", f"{one['p95']:.2f}", f"{one['p99']:.2f}")
                for each in found for one in each.get("hops", ())]:
        yield from _table(("changes/s", "appended to", "p50 s", "p95 s", "p99 s"), hops)
    for each in found:
        if "batches" in each:
            yield from _table((f"batches at {each['rate']}/s", "a second", "events", *(f"{phase} ms" for phase in _PHASES)),
                              [(one["stage"], f"{one['batches']:.1f}", f"{one['events']:.0f}",
                                *(f"{one['ms'][phase]:.1f}" if phase in one["ms"] else "" for phase in _PHASES))
                               for one in each["batches"]])
        if "cores" in each:
            busy, ours = each["cores"]["busy"], each["cores"]["platform"]
            yield (f"at {each['rate']} changes a second {busy:.2f} cores were busy, {ours:.2f} of them with the platform, the others with "
                   "the trusts' PostgreSQL, who makes the changes, and the system")
            yield ""
    names = sorted({name for each in found for name in each["cpu_us"]})
    yield from _table(("CPU us a change", *(f"at {each['rate']}/s" for each in found)),
                      [(name, *(each["cpu_us"].get(name, "") for each in found)) for name in names])


def _soak(soak: Mapping[str, Any]) -> Iterator[str]:
    yield (f"soak: {soak['changes']:,} changes of {soak['persons']:,} persons in {soak['seconds'] / 60:.0f} minutes, "
           f"{soak['changes'] / soak['seconds']:,.0f} a second; load {soak['load']}. Memory that no file backs:")
    yield ""
    yield from _table(("process", "second quarter MB", "last quarter MB", "most MB", "growth", "flat"),
                      [(each["process"], f"{each['second']:,.0f}", f"{each['last']:,.0f}", f"{each['most']:,.0f}", f"{each['growth']:+.1%}",
                        {True: "yes", False: "NO", None: "holds the records"}[each["flat"]]) for each in soak["verdicts"]])
    yield from _table(("log", "bytes a change, as kept"), [(topic, f"{size:,.0f}") for topic, size in soak["log_bytes_a_change"].items()])


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    texts = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in texts]
    yield "| " + " | ".join(padded[0]) + " |"
    yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    yield from ("| " + " | ".join(row) + " |" for row in padded[1:])
    yield ""


def picture(contest: Mapping[str, Any]) -> str:
    """An SVG: a bar for the median rate of each candidate, a stroke from its least to its most."""
    candidates = contest["candidates"]
    scale = (_WIDTH - _LEFT - _RIGHT) / max(each["high"] for each in candidates.values())
    height = _TOP + _BAR * len(candidates) + 12
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
             'font-family="sans-serif" font-size="13">',
             f'<text x="8" y="20" font-weight="bold">Person events a second, one process: medians of {contest["runs"]} runs</text>',
             f'<text x="8" y="37" fill="#555">{contest["events"]:,} events a run; the stroke reaches from the least run to the most</text>']
    for number, (letter, each) in enumerate(candidates.items()):
        y = _TOP + number * _BAR
        middle = y + _BAR / 2 - 3
        colour = "#005eb8" if letter.startswith("a") else "#768692"
        parts += [f'<text x="8" y="{middle + 5:.0f}">({letter}) {escape(each["name"])}</text>',
                  f'<rect x="{_LEFT}" y="{y}" width="{each["rate"] * scale:.1f}" height="{_BAR - 8}" fill="{colour}"/>',
                  f'<path d="M{_LEFT + each["low"] * scale:.1f} {middle:.1f}H{_LEFT + each["high"] * scale:.1f}" stroke="#212b32" '
                  'stroke-width="2"/>',
                  f'<text x="{_LEFT + each["high"] * scale + 8:.1f}" y="{middle + 5:.0f}">{each["rate"]:,.0f}/s, '
                  f'{each["cpu_us"]:.0f} us CPU</text>']
    return "\n".join([*parts, "</svg>"]) + "\n"
