"""What a record's page says of what it may lack: silence, lists that lack items, and what has not arrived."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import html

from mainstem.model import PartialList, SourceState
from mainstem.observe.connect import Connector
from mainstem.operations import IDLE, STOPPED
from mainstem.web.figures import Beats
from tests.web import made
from tests.web.made import NOW, PERSON, MadeQuarantine, MadeStream, item, record, sources
from tests.web.pages import client, read, text, under


class Uncounted(MadeQuarantine):
    counted = False


def test_silence_is_not_none_known() -> None:
    shown = under(read(record([item("problem")])), "allergies-and-adverse-reactions")
    assert "No information from A82038/gp. This does not mean there is none." in shown
    assert "RXA/epr has sent information under this heading, and holds nothing current" in shown
    assert "known allergies" not in shown


def lists(kind: str, *reasons: str, kinds: tuple[str, ...] = ("problem",)) -> dict[str, Any]:
    partial = (PartialList(kind=kind, reasons=reasons, known=NOW - 60_000),)
    return {"sources": (SourceState(source="A82038/gp", patient="77", last_heard=NOW, epoch=1, kinds=kinds, partial=partial),)}


@pytest.mark.parametrize("kinds", [("problem",), ("problem", "allergy")])
def test_an_empty_list_is_neither_silence_nor_none_known(kinds: tuple[str, ...]) -> None:
    page = read(record([item("problem")], **lists("allergy", "empty", kinds=kinds)))
    shown = under(page, "allergies-and-adverse-reactions")
    assert "The list that A82038/gp sent on 21 September 2026 at 14:12:20 UTC was empty. That is no information" in shown
    assert not any(other in shown for other in ("No information from", "holds nothing current", "known allergies"))
    assert "was empty" not in under(page, "medications-and-medical-devices")
    assert "not complete" not in page.text_content(), "nothing is known to be missing"


@pytest.mark.parametrize(("reason", "words"), [
    ("confidential-items", "left items out of the list"), ("data-in-transit", "still being transferred from another practice"),
    ("data-awaiting-filing", "waited there to be reviewed and filed"), ("incomplete", "Not all of the list"),
    ("of a later version", "Not all of the list")])
def test_a_list_that_lacks_items_is_told_under_its_heading_and_first(reason: str, words: str) -> None:
    page = read(record([item("allergy")], **lists("allergy", reason)))
    assert words in under(page, "allergies-and-adverse-reactions")
    told = text(page, "//*[@aria-label='This record may be incomplete']")
    assert "A82038/gp (patient 77) sent lists that are not complete: Allergies and adverse reactions." in told
    assert "Up to date" not in text(page, "//table[@class='sources']")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sources": ()}, "No source says what it has sent"),
        ({"sources": (SourceState(source="RXA/epr", patient="P100", last_heard=NOW, epoch=1, handover=True),)}, "is being handed over"),
    ],
)
def test_what_makes_a_record_incomplete_is_said_first(changes: dict[str, Any], reason: str) -> None:
    assert reason in text(read(record(**changes)), "//*[@aria-label='This record may be incomplete']")


def test_quarantine_lag_and_other_feeds_make_a_record_incomplete() -> None:
    quarantine = MadeQuarantine()
    quarantine.add(made.held(), NOW)
    quarantine.add(made.held(patient=None), NOW)
    quarantine.add(made.held(patient="somebody else"), NOW)
    stream = MadeStream(waiting={"RXA/epr": 300})
    one = record(sources=record().sources[:1])
    shown = text(read(one, quarantine=quarantine, stream=stream), "//*[@aria-label='This record may be incomplete']")
    assert "1 item from RXA/epr (patient P100) could not be taken in and is not shown" in shown
    assert "1 item from RXA/epr could not be taken in and names no patient" in shown
    assert "300 messages from RXA/epr wait to be taken in" in shown
    assert "No information about this person from A82038/gp." in shown


def test_another_record_with_the_number_and_a_head_on_its_way_are_said() -> None:
    shown = text(read(record(settled=False)))
    assert "Entries are arriving at this moment" in shown
    visitor = client(sources(record(), record(person="ab" * 16)))
    assert "Another record carries this NHS number" in visitor.get(f"/people/{PERSON}").text


def test_uncounted_quarantine_is_said() -> None:
    assert "still being counted" in text(read(record(), quarantine=Uncounted()))


def test_what_is_merely_moving_is_said_without_alarm() -> None:
    tree = read(record(), stream=MadeStream(waiting={"RXA/epr": 3, "A82038/gp": 0}))
    assert "This record may be incomplete" not in text(tree)
    assert "On its way at this moment: 3 messages from RXA/epr." in under(tree, "sources")


def test_silent_and_late_processes_make_a_record_incomplete() -> None:
    beats = Beats(15)
    for stage in ("capture", "linker", "identity", "sink-cache"):
        beats.add(made.beat(stage, NOW - 500, lag=5000 if stage == "sink-cache" else 0))
    beats.add(made.beat("reconcile", NOW - 6000))
    shown = text(read(record(), stream=MadeStream(beats)), "//*[@aria-label='This record may be incomplete']")
    assert "Not heard for 5 seconds or more: reconcile" in shown
    assert "5000 messages before sink-cache wait to be taken in" in shown


def test_a_stage_that_stands_idle_makes_a_record_incomplete() -> None:
    beats = Beats(15)
    for stage in ("capture", "linker", "identity", "reconcile", "sink-cache"):
        beats.add(made.beat(stage, NOW - 500, note=f"{IDLE}an input was made anew" if stage == "linker" else ""))
    shown = text(read(record(), stream=MadeStream(beats)), "//*[@aria-label='This record may be incomplete']")
    assert "Standing idle until an operator helps: linker" in shown


def test_what_names_nobody_may_be_about_anyone() -> None:
    quarantine = MadeQuarantine()
    quarantine.add(made.held(source="", patient=None), NOW)
    assert "1 item from no source that could be told could not be taken in" in text(read(record(), quarantine=quarantine))


def test_nothing_points_to_a_gap() -> None:
    assert "This record may be incomplete" not in text(read(record()))


def test_sources_that_disagree_about_who_it_is() -> None:
    other = item("patient", made.CONTENTS["patient"] | {"birth_date": "1947-03-20"}, fact="other", sources=("A82038/gp",))
    shown = text(read(record([item("patient"), other])))
    assert "They give different dates of birth" in shown


@pytest.mark.parametrize("place", ["", "/problem-list"])
def test_what_is_not_captured_is_said_although_every_stage_is_up_to_date(place: str) -> None:
    def shown(*found: Connector) -> str:
        answer = client(sources(record(), connectors=lambda: found)).get(f"/people/{PERSON}{place}")
        return text(html.fromstring(answer.text), "//*[@aria-label='This record may be incomplete']")

    runs, here, there = ("RUNNING", "RUNNING"), "raw.rxa-epr.v1", "raw.rxc-community.v1"
    assert shown(Connector("rxa_epr", runs, topic=here, age=59.0)) == ""
    assert "Not captured at this moment: RXA/epr." in shown(Connector("rxa_epr", ("RUNNING", "FAILED"), topic=here))
    assert "Not captured at this moment: RXA/epr." in shown(Connector("rxa_epr", runs, topic=here, age=61.0))
    assert f"Not captured at this moment: {there}, other." in shown(Connector("rxc", (), topic=there), Connector("other", ()))
    assert "It is not known whether what organisations write in their databases reaches Mainstem." in shown()


NOT_CAPTURED = Connector("rxa_epr", ("RUNNING", "FAILED"), topic="raw.rxa-epr.v1")


@pytest.mark.parametrize(("changes", "up_to_date"), [
    ({}, ["RXA/epr", "A82038/gp"]),
    ({"connectors": lambda: [NOT_CAPTURED]}, ["A82038/gp"]),
    ({"connectors": list}, []),
    ({"stream": MadeStream(Beats(15))}, []),
    ({"quarantine": Uncounted()}, []),
])
def test_a_source_is_up_to_date_only_where_all_that_lies_between_it_and_the_page_is(changes: dict[str, Any], up_to_date: list[str]) -> None:
    rows = read(record(), **changes).xpath("//table[@class='sources']/tbody/tr[.//*[text()='Up to date']]/th/text()")
    assert [row.strip() for row in rows] == up_to_date


@pytest.mark.parametrize(("standing", "why"), [
    ({"note": "StoreUnavailableError"}, "waits for a dependency"), ({"note": f"{STOPPED}stage reconcile failed"}, "ended")])
def test_a_stage_that_makes_no_progress_makes_a_record_incomplete(standing: dict[str, str], why: str) -> None:
    beats = Beats(15)
    for stage in ("capture", "linker", "identity", "sink-cache"):
        beats.add(made.beat(stage, NOW - 500))
    beats.add(made.beat("reconcile", NOW - 1500, lag=3, **standing))
    if STOPPED in standing["note"]:
        beats.add(made.beat("reconcile", NOW - 500, lag=3))
    page = read(record(), stream=MadeStream(beats))
    shown = text(page, "//*[@aria-label='This record may be incomplete']")
    assert "Making no progress at this moment: reconcile." in shown, why
    assert "Up to date" not in text(page, "//table[@class='sources']")


def test_a_heading_s_own_page_says_what_may_be_missing_and_who_it_is_about() -> None:
    other = item("patient", made.CONTENTS["patient"] | {"birth_date": "1947-03-20"}, fact="other", sources=("A82038/gp",))
    handed = (SourceState(source="RXA/epr", patient="P100", last_heard=NOW, epoch=1, handover=True),)
    answer = client(sources(record([item("patient"), other], sources=handed))).get(f"/people/{PERSON}/problem-list")
    shown = text(html.fromstring(answer.text))
    assert "RXA/epr (patient P100) is being handed over" in shown and "They give different dates of birth" in shown
