"""Which terminology a past record is worked out with, where the one then in force is not at hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.history.instead import Missing, Opened, terms_at
from mainstem.kinds.facts import NoTerms, Terms
from mainstem.model import Release
from mainstem.shelf import NoSuchReleaseError, shown
from mainstem.terminology import Shelf, builtin
from mainstem.terminology.releases import Activation


def release(name: str, what: str = "terminology", activation: str = "") -> Release:
    return Release(activation=activation or name, what=what, name=name, digest=f"{name}{'0' * 12}", actor="a", reason="r")


def at_hand(*names: str) -> Opened:
    """Opens the releases of these names; the built-in one always."""
    def opened(of: Release | None) -> Terms:
        if of is not None and of.name not in names:
            raise NoSuchReleaseError("release", shown(of), names, "load it")
        terms = NoTerms()
        terms.release = "builtin" if of is None else shown(of)
        return terms

    return opened


LOG = [Activation(10, 0, release("old")), Activation(20, 1, release("middle")), Activation(25, 2, release("model", "matching")),
       Activation(30, 3, release("late")), Activation(40, 4, release("later"))]


@pytest.mark.parametrize(("names", "at", "used", "missing"), [
    (("old", "middle", "late"), 35, "late", ""),
    (("old", "middle"), 35, "middle", "late"),
    (("old", "later"), 35, "old", "late"),
    (("later",), 35, "builtin", "late"),
    ((), 5, "builtin", ""),
    (("old",), 15, "old", ""),
])
def test_the_latest_that_had_been_in_force_takes_the_place_of_one_not_at_hand(names, at, used, missing):
    terms, told = terms_at(LOG, at, at_hand(*names))
    assert terms.release.partition("@")[0] == used
    if not missing:
        assert told is None
    else:
        assert told is not None
        assert told.release == shown(release(missing)) and f"no release {told.release}" in told.why and "load it" in told.why


@given(st.sets(st.sampled_from(["old", "middle", "late", "later"])), st.integers(0, 50), st.randoms(use_true_random=False))
def test_order_and_copies_and_what_came_later_make_no_difference(names, at, rng):
    told = terms_at(LOG, at, at_hand(*names))
    again = [*LOG, *LOG[:2], Activation(at + 1, 9, release("tomorrow"))]
    rng.shuffle(again)
    terms, missing = terms_at(again, at, at_hand(*names, "tomorrow"))
    assert (terms.release, missing and missing.release) == (told[0].release, told[1] and told[1].release)


def test_by_the_shelf_of_a_home_what_is_not_at_hand_is_named_with_what_to_do(tmp_path):
    shelf = Shelf(tmp_path)
    gone = Release(activation="1", what="terminology", name="uk-1", digest="ab" * 32, actor="a", reason="r")
    terms, missing = terms_at([Activation(10, 0, gone)], 20, shelf.activated)
    assert terms is builtin()
    assert missing == Missing("uk-1@abababababab", f"no release uk-1@abababababab; at hand are {builtin().release} "
                                                   "(load it with `mainstem terms load`)")
