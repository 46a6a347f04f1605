"""Plots of the last minutes as SVG shapes: the numbers of `Figures` put on a canvas. Colours and strokes are the style sheet's. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mainstem.web.figures import Figures, Point

WIDTH, HEIGHT = 760, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 30


@dataclass(frozen=True, slots=True)
class Line:
    """`paths` has a path for each unbroken run of measurements; `series` numbers colour and dashes; `thin` marks p50 from p95."""

    name: str
    series: int
    thin: bool
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    title: str
    summary: str
    """The same in words, for those who do not see it."""
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, str], ...]
    """y, label."""
    hours: tuple[tuple[float, str], ...]
    """x, label."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def plots(figures: Figures, minutes: int) -> tuple[Plot, ...]:
    stores = [one.stage for one in figures.stores]
    fresh = [
        (f"{stage.removeprefix('sink-')} {name}", number, thin, _reader(stage, thin))
        for number, stage in enumerate(stores)
        for name, thin in (("p95", False), ("p50", True))
    ]
    rate: list[tuple[str, int, bool, Callable[[Point], float | None]]] = [("events a second", 0, False, lambda point: point.rate)]
    return (
        _plot("Freshness: seconds from commit to visible", "s", figures.points, fresh, minutes, 1.0),
        _plot("Events a second taken in", "", figures.points, rate, minutes, 10.0),
    )


def _reader(stage: str, p50: bool) -> Callable[[Point], float | None]:
    return lambda point: (point.p50 if p50 else point.p95).get(stage)


def _plot(
    title: str,
    unit: str,
    points: Sequence[Point],
    series: Iterable[tuple[str, int, bool, Callable[[Point], float | None]]],
    minutes: int,
    least: float,
) -> Plot:
    chosen = list(series)
    values = [value for _, _, _, read in chosen for point in points if (value := read(point)) is not None]
    top = _round_up(max([least, *values]))
    span = minutes * 60.0

    def x(ago: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (1 - min(ago, span) / span), 1)

    def y(value: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(value, top) / top, 1)

    lines = tuple(Line(name, number, thin, tuple(_paths(points, read, x, y))) for name, number, thin, read in chosen)
    ticks = tuple((y(top * part / 4), f"{top * part / 4:g} {unit}".strip()) for part in range(5))
    hours = tuple((x(span * part / 3), "now" if part == 0 else f"{minutes * part // 3} min ago") for part in (3, 2, 1, 0))
    summary = "; ".join(f"{name}: {_said(points, read, unit)}" for name, _, _, read in chosen)
    return Plot(title, summary, lines, ticks, hours)


def _paths(
    points: Sequence[Point], read: Callable[[Point], float | None], x: Callable[[float], float], y: Callable[[float], float]
) -> Iterable[str]:
    """A gap in what was measured is a gap in the line. A lone point gets a short stroke, so that it is seen."""
    run: list[str] = []
    for point in [*points, None]:
        value = read(point) if point else None
        if point is not None and value is not None:
            run.append(f"{x(point.ago)},{y(value)}")
        elif run:
            yield "M" + " L".join(run) + (" h2" if len(run) == 1 else "")
            run = []


def _said(points: Sequence[Point], read: Callable[[Point], float | None], unit: str) -> str:
    values = [value for point in points if (value := read(point)) is not None]
    return f"latest {values[-1]:.2f} {unit}, highest {max(values):.2f} {unit}".replace(" ,", ",").strip() if values else "nothing measured"


def _round_up(value: float) -> float:
    """To 1, 2, 4 or 8 times a power of ten, so that quarters read well."""
    power = 1.0
    while power * 8 < value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 2, 4, 8, 10) if power * step >= value)
