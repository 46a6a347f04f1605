"""Which release counts when: a pure function of the control records, whatever their order and however often they are read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mainstem.model import Release
from mainstem.terminology.releases import Activation, in_force
from schemas import topics


def release(activation: str, what: str = "terminology") -> Release:
    return Release(activation=activation, what=what, name=f"uk-{activation}", digest="0", actor="operator", reason="monthly")


WORLDS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abcd"), st.sampled_from(["terminology", "rules"])), max_size=12).map(
    lambda rows: [Activation(known, offset, release(f"{what}-{name}", what)) for offset, (known, name, what) in enumerate(sorted(rows))])


@given(WORLDS, st.integers(-1, 6), st.randoms(use_true_random=False))
def test_order_and_copies_make_no_difference(log, at, rng):
    before = in_force(log, "terminology", at)
    again = [*log, *rng.sample(log, len(log) // 2)]
    rng.shuffle(again)
    assert in_force(again, "terminology", at) == before
    assert before is None or before.what == "terminology"


@given(WORLDS, st.integers(-1, 6))
def test_the_past_does_not_change(log, at):
    later = [*log, Activation(at + 1, 99, release("later"))]
    assert in_force(later, "terminology", at) == in_force(log, "terminology", at)
    assert in_force(later, "terminology", 99).activation in {"later", *(a.release.activation for a in log if a.known > at)}


def test_back_to_an_earlier_release_is_an_activation_of_its_own():
    first, second, back = Activation(1, 0, release("1")), Activation(5, 1, release("2")), Activation(9, 2, release("1"))
    assert [in_force([first, second, back], "terminology", at).name for at in (1, 4, 5, 9)] == ["uk-1", "uk-1", "uk-2", "uk-2"]
    undone = Activation(9, 2, Release(activation="3", what="terminology", name="uk-1", digest="0", actor="operator", reason="a fault"))
    assert in_force([first, second, undone], "terminology", 9).name == "uk-1"
    assert in_force([first, second, undone], "terminology", 8).name == "uk-2"
    assert in_force([], "terminology", 9) is None


def test_the_topic_keeps_the_history():
    topic = topics.RELEASES
    assert (topic.partitions, topic.purpose, topic.key, topic.expires) == (1, topics.Purpose.OPERATIONS, "activation", False)
