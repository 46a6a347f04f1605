"""The store against a plain model, whatever is in it; the answers against simple truths; the time a look-up takes."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.kinds.base import SNOMED
from mainstem.terminology import Terminology, codes, store
from mainstem.terminology.statements import Concept, Level, Link, Relation, Statements

ids = st.integers(1, 30)
concepts = st.lists(st.builds(Concept, ids, st.sampled_from(Level), st.text(max_size=12), st.booleans()), max_size=30,
                    unique_by=lambda concept: concept.code)
relations = st.lists(st.builds(Relation, ids, st.sampled_from(Link), ids), max_size=60)


def opened(statements: Statements) -> store.Store:
    return store.Store(store.made("test", statements, {}))


@settings(max_examples=200, deadline=None)
@given(concepts, relations, st.randoms(use_true_random=False))
def test_a_store_gives_back_what_was_said(said, linked, rng):
    found = opened(Statements(said, linked))
    found.check()
    listed = {concept.code: concept for concept in said}
    known = set(listed) | {r.code for r in linked if r.link is Link.REPLACED_BY}
    assert list(found) == sorted(known)
    for code in range(32):
        row = found.row(code)
        assert (row >= 0) == (code in known)
        if row >= 0:
            assert found.concept(row) == listed.get(code, Concept(code, Level.OTHER, "", active=False))
            assert found.links(row) == sorted({(r.link, r.target) for r in linked if r.code == code})
            assert found.targets(row, Link.IS_A) == tuple(sorted({r.target for r in linked if r.code == code and r.link is Link.IS_A}))
    rng.shuffle(said)
    rng.shuffle(linked)
    assert store.made("test", Statements(said, linked + linked[:2]), {}) == store.made("test", Statements(said, linked), {})


@settings(max_examples=200, deadline=None)
@given(concepts, relations)
def test_answers_hold_together_however_odd_the_release(said, linked):
    terms = Terminology(opened(Statements(said, linked)))
    for code in range(1, 31):
        concept = {"codes": [{"system": SNOMED, "code": str(code)}]}
        now, moiety = terms.current(concept), terms.moiety(concept)
        assert (terms.agent(concept), now, moiety) == (terms.agent_of(concept).code, terms.current_of(concept).code,
                                                       terms.moiety_of(concept).code)
        if now is not None:
            at_now = {"codes": [{"system": SNOMED, "code": now}]}
            assert terms.agent(concept) == terms.agent(at_now)
            assert moiety == terms.moiety(at_now)
        for other in range(1, 31):
            terms.is_a(str(code), str(other))


@settings(max_examples=200, deadline=None)
@given(concepts, relations)
def test_what_moieties_hold_decides_no_answer_and_a_file_without_it_is_read(said, linked):
    data = store.made("test", Statements(said, linked), {})
    now, before = Terminology(store.Store(data)), Terminology(store.Store(data.replace(b'"held"', b'"dleh"', 1)))
    assert (now.tells_held, before.tells_held) == (True, False)
    for code in range(1, 31):
        concept = {"codes": [{"system": SNOMED, "code": str(code)}]}
        assert set(before.agents(concept)) <= set(now.agents(concept))
        own = now.agent(concept)
        assert own is None or own in before.agents(concept)
        row = now.store.row(code)
        assert row < 0 or now.store.answers(row) == before.store.answers(row)
        assert now.store.held(code) == tuple(sorted(set(now.store.held(code)) - {0, now.store.agent(row) if row >= 0 else 0}))
        assert before.store.held(code) == ()


@settings(max_examples=300)
@given(st.integers(10**5, 10**17), st.sampled_from(["00", "10"]))
def test_one_check_digit_is_right_and_slips_are_found(item, partition):
    right = [code for digit in range(10) if codes.valid(code := f"{item // 1000}{partition}{digit}")]
    if len(f"{item // 1000}") < 3:
        return
    assert len(right) == 1
    [code] = right
    for at in range(len(code) - 3):
        swapped = code[:at] + code[at + 1] + code[at] + code[at + 2:]
        assert swapped == code or at + 1 >= len(code) - 3 or not codes.valid(swapped)
        changed = code[:at] + str((int(code[at]) + 1) % 10) + code[at + 1:]
        assert not codes.valid(changed)


@pytest.mark.parametrize("code", ["", "1", "12345", "91936005 ", "091936005", "91936006", "9193600x", "²" * 8, "91936005" * 4, "101013"])
def test_what_is_no_concept_id(code):
    assert not codes.valid(code)


@pytest.mark.parametrize("count", [40_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_a_look_up_takes_microseconds(count, capsys):
    """Processor time, so that neighbours do not count. The UK edition with dm+d has about a million concepts: two bisection steps more than
    the larger, which has two more than the smaller."""
    rng = random.Random(1)
    listed = rng.sample(range(10**6, 10**17), count)
    findings, substances = listed[:count // 2], listed[count // 2:]
    said = [Concept(code, Level.OTHER, "finding") for code in findings]
    said += [Concept(code, Level.SUBSTANCE, "substance") for code in substances]
    linked = [Relation(code, Link.AGENT, substances[at]) for at, code in enumerate(findings)]
    moieties = findings[:count // 20]
    said += [Concept(code, Level.VTM, "moiety") for code in moieties] + [Concept(code + 1, Level.VMP, "product") for code in moieties]
    linked += [Relation(code + 1, link, target) for at, code in enumerate(moieties)
               for link, target in ((Link.MOIETY, code), (Link.INGREDIENT, substances[at]), (Link.INGREDIENT, substances[-at - 1]))]
    began = time.perf_counter()
    data = store.made("large", Statements(said, linked), {})
    made = time.perf_counter() - began
    terms = Terminology(store.Store(data))
    asked = [{"codes": [{"system": "http://read.info/readv2", "code": "TJ00300"}, {"system": SNOMED, "code": str(code)}]}
             for code in [*rng.sample(findings, count * 3 // 40), *rng.sample(moieties, count // 40)]]
    best = {}
    for name, ask in (("agent", terms.agent), ("agents", terms.agents), ("current", terms.current),
                      ("row", lambda c: terms.store.row(int(c["codes"][1]["code"])))):
        spent = []
        for _ in range(5):
            began = time.thread_time()
            for concept in asked:
                ask(concept)
            spent.append((time.thread_time() - began) / len(asked))
        best[name] = min(spent) * 1e6
    with capsys.disabled():
        print(f"\nterminology: {len(listed):,} codes made in {made:.1f} s, {len(data) / 1e6:.0f} MB; "
              + ", ".join(f"{name} {us:.2f} us" for name, us in best.items()))
    assert all(terms.agent(concept) for concept in asked[:100])
    assert all(len(terms.agents(concept)) == 2 for concept in asked[-100:])
    assert best["agent"] < 5 and best["agents"] < 5
