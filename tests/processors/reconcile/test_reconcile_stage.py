"""What the reconcile stage publishes, event by event."""

from __future__ import annotations

import msgspec
import pytest

from mainstem import canonical
from mainstem.model import Change, Entry, Known, Provenance, Status
from processors.lane.memory import MemoryState
from processors.reconcile import layout
from processors.stored import load
from schemas import topics
from tests.processors.reconcile.fed import P, Stage, event, said
from tests.strategies import Terms


def test_an_entry_says_everything_about_itself(stage):
    [entry] = stage.send(event(said(agent={"text": "penicillin"}, note=None, reactions=[], labels=("sensitive",))))
    assert (entry.person, entry.kind, entry.status, entry.version, entry.known) == (P, "allergy", "current", 1, 1000)
    assert entry.content == b'{"agent":{"text":"penicillin"}}'
    assert entry.sources == ("RXA/epr",)
    assert entry.labels == ("sensitive",)
    assert [behind.fields for behind in entry.provenance] == [("agent",)]
    assert [output.key for output in stage.outputs if output.topic is topics.ENTRIES] == [f"{P}|{entry.fact}".encode()]
    [change] = stage.of(topics.CHANGES)
    assert (change.change, change.sequence, change.fact, change.version) == ("new", 1, entry.fact, 1)
    assert stage.summary.digest == canonical.record_digest(canonical.entry_digest(entry.fact, entry.content))


def test_what_ends_a_fact_says_everything_about_itself_and_what_it_said_is_gone(stage):
    [was] = stage.send(event(said(note="x", labels=("sensitive",))))
    ended = said(position="02", known=2000, status=Status.RETRACTED, labels=("sensitive", "nopat"), recorded="2026-02-02")
    ended = msgspec.structs.replace(ended, assertion=msgspec.structs.replace(ended.assertion, committed=1999))
    [entry] = stage.send(event(ended))
    a = ended.assertion
    assert entry == Entry(
        person=P, fact=was.fact, kind="allergy", status="withdrawn", content=b"{}", version=2, known=2000, committed=1999,
        sources=(a.source,),
        provenance=(Provenance(source=a.source, patient="1", record=a.record, part="", position="02", known=2000, raw=a.raw,
                               recorded="2026-02-02"),),
        rules={"*": "record.retracted"}, labels=("nopat", "sensitive"), release=was.release)
    [change] = stage.of(topics.CHANGES)
    assert change == Change(id=change.id, person=P, sequence=2, fact=was.fact, kind="allergy", change="withdrawn", version=2,
                            digest=canonical.digest(b"{}").hex(), known=2000, handover=-1)
    assert [output.key for output in stage.outputs if output.topic is topics.CHANGES] == [P.encode()]
    again = said(position="03", known=3000, note="x")
    [entry], [change] = stage.send(event(again)), stage.of(topics.CHANGES)
    assert (entry.version, entry.known, change.change, change.known, change.sequence) == (3, 3000, "new", 3000, 3)
    stage.send(event(said(position="04", known=4000, note="y")))
    assert [(change.change, change.known, change.digest) for change in stage.of(topics.CHANGES)] == [
        ("updated", 4000, canonical.digest(b'{"note":"y"}').hex())]


def test_the_same_again_in_other_bytes_is_no_news(stage):
    stage.send(event(said(note="x")))
    again = said(position="02", known=2000, note="x")
    assert stage.send(event(again)) == []
    assert stage.of(topics.CHANGES) == []
    assert stage.summary.sources[0].last_heard == 2000
    stage.send(event(again))
    assert stage.outputs == []


def test_the_same_in_other_words_is_no_news_and_the_first_words_stay(stage):
    stage.send(event(said(note="mild, at night")))
    assert stage.send(event(said(position="02", note="mild - at night"))) == []
    assert stage.send(event(said(position="03", note="mild\nat night"))) == []
    [entry] = stage.send(event(said(position="04", note="mild\nat night", criticality="high")))
    assert canonical.decode(entry.content) == {"note": "mild\nat night", "criticality": "high"}
    assert [behind.position for behind in entry.provenance] == ["04"]


def test_a_name_corrected_under_its_code_is_news(stage):
    """As RXA's mapping gives an allergy coded `OTHER`, whose row is updated: display and text are of one column."""
    penicillin, erythromycin = ({"text": name, "codes": [{"system": "urn:mainstem:codes:RXA/epr", "code": "OTHER", "display": name}]}
                                for name in ("Penicillin", "Erythromycin"))
    stage.send(event(said(recorded="2026-01-01", agent=penicillin)))
    entries = stage.send(event(said(position="02", recorded="2026-01-01", agent=erythromycin)))
    assert [canonical.decode(entry.content)["agent"] for entry in entries if entry.status == "current"] == [erythromycin]
    assert stage.of(topics.CHANGES)


def test_after_another_meaning_the_first_words_are_new_ones(stage):
    stage.send(event(said(note="mild, at night")), event(said(position="02", note="severe")))
    [entry] = stage.send(event(said(position="03", note="mild - at night")))
    assert canonical.decode(entry.content) == {"note": "mild - at night"}
    [entry] = stage.send(event(said(position="04", status=Status.RETRACTED, note="mild - at night")))
    assert entry.status == "withdrawn"


def test_first_words_that_come_late_are_shown_as_if_they_had_come_first(stage):
    stage.send(event(said(position="03", note="mild\nat night")))
    [entry] = stage.send(event(said(position="01", note="mild, at night")))
    assert canonical.decode(entry.content) == {"note": "mild, at night"}
    [entry] = stage.send(event(said(position="02", note="severe")))
    assert canonical.decode(entry.content) == {"note": "mild\nat night"}
    assert stage.send(event(said(position="03", note="mild\nat night"))) == []


def test_a_change_of_labels_is_news(stage):
    stage.send(event(said(note="x")))
    [entry] = stage.send(event(said(position="02", note="x", labels=("nopat",))))
    assert (entry.version, entry.labels) == (2, ("nopat",))


def test_an_older_version_that_comes_late_changes_nothing(stage):
    stage.send(event(said(position="02", note="new")))
    assert stage.send(event(said(position="01", note="old"))) == []
    assert sum(key[:1] == b"v" for key, _ in stage.state.items()) == 2


@pytest.mark.parametrize(("status", "rule"), [(Status.RETRACTED, "record.retracted"), (Status.REMOVED, "record.removed")])
def test_a_withdrawal_names_its_cause_and_can_be_taken_back(stage, status, rule):
    [entry] = stage.send(event(said(note="x")))
    [gone] = stage.send(event(said(position="02", status=status, known=2000)))
    assert (gone.fact, gone.status, gone.version, gone.content, gone.rules) == (entry.fact, "withdrawn", 2, b"{}", {"*": rule})
    assert [behind.position for behind in gone.provenance] == ["02"]
    assert stage.summary.entries == 0
    assert stage.summary.digest == canonical.record_digest(0)
    [back] = stage.send(event(said(position="03", note="x")))
    assert (back.status, back.version, stage.of(topics.CHANGES)[0].change) == ("current", 3, "new")


def test_a_retraction_withdraws_only_its_own_sources_assertion():
    stage = Stage(Terms())
    stage.send(event(said(agent={"text": "penicillin"})), event(said(source="Y/gp", agent={"text": "penicillin"}, note="gp")))
    assert stage.summary.entries == 1
    [entry] = stage.send(event(said(source="Y/gp", position="02", status=Status.RETRACTED)))
    assert (entry.status, entry.sources, entry.content) == ("current", ("RXA/epr",), b'{"agent":{"text":"penicillin"}}')


def test_a_value_that_lost_is_news_when_it_changes_its_meaning():
    stage = Stage(Terms())
    agent = {"text": "peanut"}
    stage.send(event(said(agent=agent, note="a rash", recorded="2025")))
    stage.send(event(said("allergy/2", agent=agent, note="mild", recorded="2024")))
    [entry] = stage.send(event(said("allergy/2", "02", agent=agent, note="severe", recorded="2024")))
    assert canonical.decode(entry.content)["note"] == "a rash"
    assert {canonical.decode(value) for behind in entry.provenance for value in behind.lost.values()} == {"severe"}
    assert stage.send(event(said("allergy/2", "03", agent=agent, note="severe ", recorded="2024"))) == []


def test_a_fact_whose_least_member_goes_names_its_successor():
    stage = Stage(Terms())
    [before] = stage.send(event(said(agent={"text": "penicillin"})), event(said(source="Y/gp", agent={"text": "penicillin"})))
    entries = {entry.status: entry for entry in stage.send(event(said(position="02", status=Status.RETRACTED)))}
    assert entries["withdrawn"].fact == before.fact
    assert entries["withdrawn"].successor == entries["current"].fact


def test_a_record_coded_anew_leaves_one_fact_for_another():
    stage = Stage(Terms())
    [before] = stage.send(event(said(agent={"text": "penicillin"})))
    entries = {entry.status: entry for entry in stage.send(event(said(position="02", agent={"text": "peanut"})))}
    assert (entries["withdrawn"].fact, entries["withdrawn"].successor) == (before.fact, entries["current"].fact)


def test_at_most_one_change_for_an_entry_in_a_batch(stage):
    entries = stage.send(event(said(note="a")), event(said(position="02", note="b"), said(position="03", note="c")))
    assert [entry.content for entry in entries] == [b'{"note":"c"}']
    assert len(stage.of(topics.CHANGES)) == 1


def test_the_batch_that_comes_again_after_a_crash_says_the_same(stage):
    stage.send(event(said(note="a")))
    before = MemoryState(stage.state.items())
    first = (stage.send(event(said(position="02", note="b"))), stage.of(topics.CHANGES))
    stage.state = before
    assert (stage.send(event(said(position="02", note="b"))), stage.of(topics.CHANGES)) == first


def test_parts_are_united_and_the_first_part_decides(stage):
    stage.send(event(said("order/1", kind="result", part="specimen", specimen_id="S1", note="second")))
    found = stage.send(event(said("order/1", kind="result", part="order", test={"text": "sodium"}, note="first", known=1001)))
    [entry] = [entry for entry in found if entry.status == "current"]
    assert canonical.decode(entry.content) == {"note": "first", "specimen_id": "S1", "test": {"text": "sodium"}}
    assert [(behind.part, behind.fields, behind.lost) for behind in entry.provenance] == [
        ("order", ("note", "test"), {}), ("specimen", ("specimen_id",), {"note": b'"second"'})]


def test_items_take_the_place_of_their_order(stage):
    [order] = stage.send(event(said("order/1", kind="result", part="order", order_id="O1", status_="x")))
    entries = {entry.status: entry for entry in stage.send(event(said("order/1", kind="result", part="result/1", note="140")))}
    assert canonical.decode(entries["current"].content) == {"note": "140", "order_id": "O1", "status_": "x"}
    assert (entries["withdrawn"].fact, entries["withdrawn"].successor) == (order.fact, entries["current"].fact)
    removed = said("order/1", "02", kind="result", part="result/1", status=Status.REMOVED)
    back = {entry.status: entry for entry in stage.send(event(removed))}
    assert (back["current"].fact, back["withdrawn"].successor) == (order.fact, order.fact)


def test_a_retracted_order_takes_its_items_with_it(stage):
    stage.send(event(said("order/1", kind="result", part="order"), said("order/1", kind="result", part="result/1", note="1")))
    [gone] = stage.send(event(said("order/1", "02", kind="result", part="order", status=Status.RETRACTED)))
    assert gone.status == "withdrawn"


def test_of_copies_the_one_known_first_stays_in_state(stage):
    def held():
        return [load(value).known for key, value in stage.state.items() if key[:1] == b"v"]

    for known, kept in ((2000, 2000), (3000, 2000), (1000, 1000), (1500, 1000)):
        stage.send(event(said(note="x", known=known)))
        assert held() == [kept]


def test_a_kind_is_spoken_of_by_what_was_asserted(stage):
    stage.send(event(said("problem/1", kind="problem", status=Status.REMOVED), said(note="x"), said(position="02", status=Status.REMOVED)))
    assert stage.summary.sources[0].kinds == ("allergy",), "a removal of what was never said is no word on problems"


def test_every_summary_has_its_revision(stage):
    revisions = []
    for known, position in ((1000, "01"), (2000, "02"), (2000, "02"), (3000, "03")):
        stage.send(event(said(position=position, known=known, note="x")))
        revisions += [(summary.revision, summary.sequence) for summary in stage.of(topics.SUMMARIES)]
    assert revisions == [(1, 1), (2, 1), (3, 1)]


def test_numbers_shown_are_the_verified_ones(stage):
    stage.send(event(said("patient", kind="patient", nhs_number="9990000018", verification="01")))
    assert stage.summary.nhs_numbers == ("9990000018",)
    stage.send(event(said("patient", "02", kind="patient", nhs_number="9990000018", verification="02")))
    assert stage.summary.nhs_numbers == ()


def test_the_state_tells_what_was_published(stage):
    [entry] = stage.send(event(said(note="x")))
    stage.send(event(said("allergy/2", note="y")), event(said("allergy/2", "02", status=Status.REMOVED)))
    assert list(layout.published(stage.state.items())) == [(P, entry.fact, 1, canonical.digest(entry.content).hex())]


def test_change_ids_differ_when_a_value_comes_back(stage):
    ids: list[Change] = []
    for position, note in (("01", "a"), ("02", "b"), ("03", "a")):
        stage.send(event(said(position=position, note=note)))
        ids += [change.id for change in stage.of(topics.CHANGES)]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("content", [b"", b"\xff{", b'{"note":"\xff"}', b"[1]", b"[" * 9000 + b"]" * 9000, b'{"note":1e999}'])
def test_content_that_is_no_json_is_shown_without_fields(stage, content):
    broken = msgspec.structs.replace(said().assertion, content=content)
    assert [entry.content for entry in stage.send(event(Known(broken, 1, 0, 0)))] == [b"{}"]


def test_an_event_costs_the_same_however_much_is_known(stage):
    class Counting(MemoryState):
        touched = 0

        def get(self, key):
            self.touched += 1
            return super().get(key)

        def multi_get(self, keys):
            self.touched += len(keys)
            return super().multi_get(keys)

        def prefix(self, prefix):
            for pair in super().prefix(prefix):
                self.touched += 1
                yield pair

        def put(self, key, value):
            self.touched += 1
            super().put(key, value)

    costs = []
    for size in (10, 2000):
        stage = Stage()
        stage.state = Counting()
        stage.send(event(*(said(f"allergy/{n}", note=str(n)) for n in range(size))))
        stage.state.touched = 0
        stage.send(event(said("allergy/5", "02", note="new")))
        costs.append(stage.state.touched)
        assert max(len(value) for _, value in stage.state.items()) < 120, "no value grows with the person"
    assert costs[0] == costs[1]
