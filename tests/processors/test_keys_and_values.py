"""State keys never meet by accident, versions sort as bytes, and a stored assertion comes back as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mainstem import versions
from mainstem.model import Known, Status, Version
from mainstem.nhs_number import verified
from processors.keys import pack, unpack
from processors.stored import dump, load
from tests.strategies import assertions

texts = st.lists(st.text(max_size=5), min_size=1, max_size=4)
made = st.builds(Version, st.integers(-(2**63), 2**63 - 1), st.text(max_size=5), st.binary(min_size=17, max_size=17))


@given(texts, texts)
def test_keys_are_one_to_one_and_none_begins_another_of_its_length(one, other):
    assert unpack(pack(*one)) == one
    assert (pack(*one) == pack(*other)) == (one == other)
    if len(one) == len(other):
        assert not pack(*one).startswith(pack(*other)) or one == other


@given(made, made)
def test_packed_versions_sort_as_versions(one, other):
    assert (versions.packed(one) < versions.packed(other)) == (one < other)
    assert (versions.place(versions.packed(one)) < versions.place(versions.packed(other))) == (one[:2] < other[:2])


@given(assertions, st.integers(0, 99))
def test_a_stored_assertion_comes_back_as_it_was(assertion, known):
    value = Known(assertion, known, 3, 7)
    assert load(dump(value)) == value


@given(assertions)
def test_at_one_position_what_is_asserted_counts(assertion):
    from msgspec.structs import replace

    ranked = [versions.of_assertion(replace(assertion, status=status)) for status in (Status.REMOVED, Status.RETRACTED, Status.ASSERTED)]
    assert ranked == sorted(ranked)


def test_numbers_that_may_link():
    assert verified("999 000 0018", "01") == verified("999-000-0018", "01") == "9990000018"
    for number, status in (("9990000018", "02"), ("9990000019", "01"), ("9999999999", "01"), ("999000001", "01"), ("", "01"), (None, "01"),
                           ("9990000018", None), ("٩٩٩٠٠٠٠٠١٨", "01")):
        assert verified(number, status) is None
