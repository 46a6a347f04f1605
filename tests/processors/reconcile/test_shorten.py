"""However much its records say, an entry can be published: five parts of what capture lets through at most are more than a message."""

from __future__ import annotations

import io
import random
import string

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.model import Entry
from processors.reconcile import shorten
from processors.reconcile.fold import fold_by
from processors.reconcile.rules import SHORTENED
from producers.batch import MAX_CONTENT
from schemas import kafka
from schemas.codec import avsc, to_avro
from tests.processors.reconcile.fed import P, Stage, event, said
from tests.strategies import Terms

FIELDS = ("note", "verification", "criticality", "category", "severity")


def text(seed: int) -> str:
    return "".join(random.Random(seed).choices(string.ascii_lowercase, k=1000)) * (MAX_CONTENT // 1000 - 1)


def bytes_of(entry: Entry) -> int:
    """As a message."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(avsc("Entry")), to_avro(entry))
    return len(out.getvalue())


@pytest.fixture(scope="module")
def parts():
    """One record in five parts, each as long as capture lets it be."""
    return [said(part=f"part{at}", known=1000 + at, **{field: text(at)}) for at, field in enumerate(FIELDS)]


def test_parts_of_one_record_that_are_too_much_together(parts):
    [entry] = Stage().send(event(*parts))
    assert bytes_of(entry) < kafka.LARGEST_VALUE
    content = canonical.decode(entry.content)
    for at, field in enumerate(FIELDS):
        assert len(content[field]) > 10_000
        assert content[field].endswith("…")
        assert text(at).startswith(content[field][:-1])
        assert entry.rules[field] == SHORTENED.id
    assert sorted(field for behind in entry.provenance for field in behind.fields) == sorted(FIELDS)


def test_values_that_lost_are_shortened_too():
    """Five sources, each with a note of its own: one is shown, the others are too much beside it."""
    entry = None
    stage = Stage(Terms())
    for at in range(5):
        for each in stage.send(event(said(source=f"RX{at}/epr", known=1000 + at, agent={"text": "penicillin"}, note=text(at)))):
            entry = each if each.status == "current" else entry
    assert entry is not None
    assert bytes_of(entry) < kafka.LARGEST_VALUE
    lost = [canonical.decode(value) for behind in entry.provenance for value in behind.lost.values()]
    assert len(lost) == 4
    assert all(value.endswith("…") and len(value) > 10_000 for value in lost)
    assert canonical.decode(entry.content)["note"] in {text(at) for at in range(5)}
    assert SHORTENED.id not in entry.rules.values()


def test_it_is_the_same_from_scratch_and_in_any_order(parts):
    terms, digests = Terms(), set()
    for order in (parts, parts[::-1], parts[2:] + parts[:2]):
        stage = Stage(terms)
        for known in order:
            stage.send(event(known))
        digests.add(stage.summary.digest)
    assert digests == {fold_by(parts, lambda _: P, terms)[P].digest}


def test_texts_and_lists_are_cut_wherever_they_stand():
    value = {"a": "abcd", "b": ["abcde", {"c": ["abcdef", 1]}, ("x",), "y", "z"], "d": 12345}
    assert shorten._cut(value, 4) == {"a": "abcd", "b": ["abcd…", {"c": ["abcd…", 1]}, ["x"], "y"], "d": 12345}


def test_values_that_lost_are_cut_by_quarters_until_they_fit_together(monkeypatch):
    values = {who: {"note": canonical.encode("x" * length), "low": b"1"} for who, length in ((1, 100_000), (2, 20_000), (3, 2_000))}

    def kept() -> list[int]:
        return [len(canonical.decode(said["note"]).rstrip("…")) for said in shorten.lost(values).values()]

    size = shorten._size(values.values())
    for most, expected in ((size, [100_000, 20_000, 2_000]), (size - 1, [65_536, 20_000, 2_000]), (60_000, [16_384, 16_384, 2_000]),
                           (12_000, [4_096, 4_096, 2_000]), (3_000, [256, 256, 256])):
        monkeypatch.setattr(shorten, "MOST", most)
        assert kept() == expected
        assert all(said["low"] == b"1" for said in shorten.lost(values).values())


TOLD = st.recursive(st.text(max_size=50) | st.integers() | st.none(),
                    lambda each: st.lists(each, max_size=9) | st.dictionaries(st.text(max_size=3), each))


@given(st.dictionaries(st.text(max_size=3), TOLD, max_size=4), st.integers(64, 400))
def test_what_fits_is_as_it_was_and_the_rest_is_named(value, most):
    encoded = canonical.encode(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shorten, "MOST", max(most, len(canonical.encode(shorten._cut(value, 4)))))
        fitting, after, fields = shorten.content(value, encoded)
        assert len(after) <= shorten.MOST
    assert after == canonical.encode(fitting)
    assert (after == encoded) == (not fields)
    assert fitting.keys() == value.keys()
    assert {name for name in value if fitting[name] != value[name]} == set(fields)
