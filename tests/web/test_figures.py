"""Rates, lag, freshness and silence out of heartbeats; and the plot of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem import web
from mainstem.web.figures import STAGES, Beats, Figures
from mainstem.web.plot import HEIGHT, WIDTH, plots
from mainstem.web.searches import Searches
from tests.web.made import NOW, beat


def figures(*beats: object, now: int = NOW, minutes: int = 15) -> Figures:
    heard = Beats(minutes)
    for one in beats:
        heard.add(one)  # type: ignore[arg-type]
    return heard.figures(now)


def stage(found: Figures, name: str) -> object:
    return next(one for one in found.stages if one.stage == name)


def test_all_stages_are_named_even_where_none_was_heard() -> None:
    found = figures()
    assert tuple(one.stage for one in found.stages) == STAGES
    assert found.silent == STAGES and found.rate == 0


@pytest.mark.parametrize(("age", "silent"), [(4_999, False), (5_000, True), (60_000, True)])
def test_silence_begins_after_five_seconds(age: int, silent: bool) -> None:
    assert ("capture" in figures(beat("capture", NOW - age)).silent) is silent


def test_rate_over_instances() -> None:
    first = [beat("identity", NOW - s * 1000, 1000 - s * 100, instance="a") for s in range(9, -1, -1)]
    second = [beat("identity", NOW - s * 1000, 1000 - s * 20, instance="b") for s in range(9, -1, -1)]
    assert stage(figures(*first, *second), "identity").rate == pytest.approx(120)  # type: ignore[attr-defined]


def test_an_instance_that_was_replaced_does_not_count() -> None:
    old = beat("identity", NOW - 30_000, 10, instance="old", lag=500)
    new = beat("identity", NOW - 500, 3, instance="new", lag=2)
    found = stage(figures(old, new), "identity")
    assert (found.lag, found.instances, found.silent) == (2, 1, False)  # type: ignore[attr-defined]


def test_lag_of_a_silent_stage_is_what_it_said_last() -> None:
    assert stage(figures(beat("capture", NOW - 30_000, lag=7)), "capture").lag == 7  # type: ignore[attr-defined]


def test_freshness_is_of_the_last_minute() -> None:
    old = beat("sink-search", NOW - 61_000, freshness=(90.0,))
    new = [beat("sink-search", NOW - 1000, freshness=tuple(n / 100 for n in range(1, 101)))]
    search = next(one for one in figures(old, *new).stores if one.stage == "sink-search")
    assert (search.samples, search.p50, search.p95) == (100, pytest.approx(0.505), pytest.approx(0.9505))


def test_what_is_older_than_the_window_is_forgotten() -> None:
    heard = Beats(1)
    for second in range(600):
        heard.add(beat("capture", NOW + second * 1000))
    assert len(heard._beats["capture"]) <= 61


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("capture", "sink-search", "sink-cache")),
            st.integers(0, 1_000_000),
            st.integers(0, 10**9),
            st.lists(st.floats(0, 1e6), max_size=3),
        ),
        max_size=30,
    )
)
def test_any_heartbeats_give_figures_and_lines_inside_the_canvas(said: list[tuple[str, int, int, list[float]]]) -> None:
    found = figures(
        *(beat(name, NOW - age, done, freshness=tuple(fresh)) for name, age, done, fresh in sorted(said, key=lambda one: -one[1]))
    )
    for plot in plots(found, 15):
        for line in plot.lines:
            for path in line.paths:
                for point in path.removeprefix("M").removesuffix(" h2").split(" L"):
                    x, y = map(float, point.split(","))
                    assert 0 <= x <= WIDTH and 0 <= y <= HEIGHT


def test_a_gap_in_what_was_heard_is_a_gap_in_the_line() -> None:
    beats = [beat("sink-search", NOW - s * 1000, freshness=(0.5,)) for s in range(300, 0, -1) if not 100 < s < 200]
    search = next(line for line in plots(figures(*beats), 15)[0].lines if line.name == "search p95")
    assert len(search.paths) == 2


def test_searches_are_forgotten_in_time_and_in_number() -> None:
    now = 0.0
    searches = Searches(lambda: now)
    key = searches.keep("term")
    assert searches.term(key) == "term" and "term" not in key
    now = 1801.0
    assert searches.term(key) is None
    first = searches.keep("first")
    for n in range(2000):
        searches.keep(str(n))
    assert searches.term(first) is None


def test_late_heartbeats_still_count() -> None:
    early = [beat("sink-search", NOW - s * 1000, freshness=(0.5,)) for s in range(60, 0, -1)]
    late = [
        beat("sink-search", NOW - 30_000, freshness=(9.0,) * 50),
        *(beat("capture", NOW - s * 1000, 6000 - s * 100) for s in range(60, 0, -1)),
    ]
    heard = Beats(15)
    for one in early:
        heard.add(one)
    heard.figures(NOW)
    for one in late:
        heard.add(one)
    assert heard.figures(NOW) == figures(*early, *late)


def test_positions_are_the_furthest_of_all_instances() -> None:
    heard = Beats(15)
    heard.add(beat("capture", NOW - 2000, instance="a", positions={"raw.x.v1/0": 5}))
    heard.add(beat("capture", NOW - 1000, instance="b", positions={"raw.x.v1/1": 7}))
    assert heard.positions("capture") == {"raw.x.v1/0": 5, "raw.x.v1/1": 7}
    assert heard.positions("linker") == {}


def test_lines_of_a_plot_are_told_apart_without_their_colours() -> None:
    (fresh, _) = plots(figures(*(beat(stage, NOW - 1000) for stage in STAGES)), 15)
    style = (Path(web.__file__).parent / "static/mainstem.css").read_text()
    drawn = {(line.series, line.thin) for line in fresh.lines}
    dashes = {number: re.findall(rf"\.line--{number} {{[^}}]*stroke-dasharray: ([\d ]+)", style) for number, _ in drawn}
    assert len(drawn) == len(fresh.lines) and len(set(map(tuple, dashes.values()))) == len(dashes)
    assert "stroke-dasharray" not in re.findall(r"\.line--thin {[^}]*}", style)[0]
