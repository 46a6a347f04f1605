"""Whether memory counts as flat, and the picture of it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from deploy.bench.memory import Sample, picture, verdicts


def samples(**of: tuple[float, ...]) -> list[Sample]:
    """Each process's memory at equal steps of a thousand changes."""
    count = len(next(iter(of.values())))
    return [Sample(1000 * (at + 1), {name: mb[at] for name, mb in of.items()}) for at in range(count)]


def flat(**of: tuple[float, ...]) -> dict[str, bool | None]:
    return {each.process: each.flat for each in verdicts(samples(**of))}


def test_what_grows_while_it_warms_up_is_flat():
    assert flat(worker=(100, 390, 400, 400, 400, 410, 405, 400)) == {"worker": True}


def test_what_goes_on_growing_is_not():
    assert flat(worker=(100, 200, 300, 400, 500, 600, 700, 800)) == {"worker": False}


def test_a_leak_that_a_late_look_alone_would_miss_is_found():
    leak = tuple(200 + 15 * at for at in range(40))
    assert flat(worker=leak) == {"worker": False}


def test_a_few_megabytes_of_a_small_process_are_no_leak():
    assert flat(web=(40, 41, 42, 43, 44, 45, 46, 47)) == {"web": True}


def test_what_holds_the_records_is_shown_and_not_judged():
    assert flat(redis=(100, 200, 300, 400, 500, 600, 700, 800)) == {"redis": None}


def test_too_short_a_run_is_refused():
    with pytest.raises(ValueError, match="run it for longer"):
        verdicts(samples(worker=(1.0,)))


def test_the_picture_has_a_curve_for_each_process():
    drawn = ElementTree.fromstring(picture(samples(worker=(100,) * 8, web=(40,) * 8, kafka=(900,) * 8, redis=(9,) * 8)))
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 4
