"""Every page, rendered from hand-made records: what it must say, must not say, and how it fails."""

from __future__ import annotations

import logging
import re
from typing import Any

import httpx
import msgspec
import pytest
from lxml import html
from starlette.testclient import TestClient

from mainstem import canonical, kinds
from mainstem.adjudication.desk import KafkaDesk
from mainstem.model import STOPPED, Heartbeat, PartialList, SourceState
from mainstem.observe.connect import Connector
from mainstem.terminology import builtin
from mainstem.web.app import build
from mainstem.web.figures import STAGES, Beats
from mainstem.web.record import Record
from mainstem.web.settings import WebSettings
from mainstem.web.sources import Sources
from mainstem.web.withheld import withhold
from schemas.codec import Codec
from tests.processors.identity.test_persons import number as claimed
from tests.web import made
from tests.web.decided import MadeIdentity
from tests.web.made import NOW, NUMBER, PERSON, MadeAudit, MadePeople, MadeQuarantine, MadeStream, item, record, said, sources

NOWHERE = "127.0.0.1:9"


def client(given: Sources, **settings: Any) -> TestClient:
    return TestClient(build(given, WebSettings(**settings)), base_url="http://127.0.0.1", raise_server_exceptions=False)


def read(one: Record, **changes: Any) -> Any:
    """The record's page as a tree."""
    answer = client(sources(one, **changes)).get(f"/people/{one.person}")
    assert answer.status_code == 200, answer.text
    return html.fromstring(answer.text)


def text(tree: Any, path: str = "//main") -> str:
    return " ".join(" ".join(node.text_content().split()) for node in tree.xpath(path))


def under(tree: Any, heading: str) -> str:
    return text(tree, f"//section[@aria-labelledby='{heading}']")


@pytest.mark.parametrize("kind", sorted(made.CONTENTS))
def test_every_kind_is_shown_under_its_heading_with_all_its_values(kind: str) -> None:
    tree = read(record([item(kind)]))
    heading = re.sub(r"[^a-z]+", "-", kinds.BY_NAME[kind].heading.lower())
    shown = under(tree, heading).lower()
    for value in _leaves(made.CONTENTS[kind]):
        assert value.lower() in shown, f"{value} of {kind} is not shown"
    assert "raw.rxa-epr.v1" in shown and "4711" in shown
    assert "said by rxa/epr, recorded 2 march 2019 at 10:15 utc" in shown


def test_every_kind_of_the_domain_has_a_made_content() -> None:
    assert set(made.CONTENTS) == {kind.name for kind in kinds.ALL if kind.heading}


def _leaves(thing: Any) -> list[str]:
    """Texts that must be readable on the page; dates are put in words, codes systems by name."""
    if isinstance(thing, dict):
        return [leaf for name, one in thing.items() if name != "system" for leaf in _leaves(one)]
    if isinstance(thing, list):
        return [leaf for one in thing for leaf in _leaves(one)]
    if isinstance(thing, str) and not re.match(r"\d{4}-\d\d", thing):
        return [thing]
    return []


def test_headings_come_in_the_order_of_the_standard() -> None:
    titles = [node.text_content() for node in read(record()).xpath("//section/h2")]
    assert titles[1:8] == [
        "Demographics",
        "Alerts",
        "Allergies and adverse reactions",
        "Medications and medical devices",
        "Problem list",
        "Investigation results",
        "Procedures and therapies",
    ]


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


def test_related_entries_are_named_at_each_other_and_a_medicine_taken_despite_an_allergy_is_a_caution() -> None:
    class_ = item("allergy", {"agent": made.coded("764146007", "Penicillin")}, sources=("A82038/gp",), fact="class")
    member = item("allergy", {"agent": made.coded("372687004", "Amoxicillin")}, fact="member")
    taken = item("medicine", {"product": made.coded("27658006", "Amoxicillin"), "status": "active", "view": "list"}, fact="taken")
    page = read(record([class_, member, taken]))
    allergies, medicines = (under(page, name) for name in ("allergies-and-adverse-reactions", "medications-and-medical-devices"))
    assert "Of the class of: Penicillin" in allergies and "Its class holds: Amoxicillin" in allergies
    assert "Medicine taken despite it: Amoxicillin" in allergies and "Taken despite the allergy: Penicillin" in medicines
    caution = "A medicine is taken that is, or holds, or is of the class of, what an allergy in this record is to."
    assert caution in allergies and caution in medicines and "Amoxicillin; allergy: Penicillin" in medicines
    assert page.xpath("//a[@href='#class']") and page.xpath("//a[@href='#member']")
    assert page.xpath("//article[@id='taken']//ul[@aria-label='Related entries']//a[@href='#class']"), "under another heading"
    assert f"Penicillin (by code 764146007, terminology {builtin().release})" in medicines
    stopped = item("medicine", taken.content | {"status": "stopped"}, fact="taken")
    assert caution not in read(record([class_, member, stopped])).text_content()


def test_none_known_beside_an_allergy_is_a_caution() -> None:
    denied = item("allergy", {"agent": made.coded("716186003", "No known allergies")}, sources=("A82038/gp",), fact="denied")
    shown = under(read(record([item("allergy"), denied])), "allergies-and-adverse-reactions")
    assert "A82038/gp says no allergies are known, but allergies are recorded" in shown
    no_drug = item("allergy", {"agent": {"text": "NKDA"}}, sources=("A82038/gp",), fact="denied")
    shown = under(read(record([item("allergy"), no_drug])), "allergies-and-adverse-reactions")
    assert "A82038/gp says no drug allergies are known, but allergies are recorded" in shown, "no more than was said"
    over = item("allergy", made.CONTENTS["allergy"] | {"clinical_status": "resolved"})
    for entries in ([denied], [denied, over]):
        assert "Rely on" not in under(read(record(entries)), "allergies-and-adverse-reactions")


def test_transfer_degraded_allergy_stops_prescribing() -> None:
    degraded = item("allergy", {"agent": made.coded("196461000000101", "Transfer-degraded drug allergy")})
    assert "Do not prescribe" in under(read(record([degraded])), "allergies-and-adverse-reactions")


def test_conflict_shows_both_sides_and_the_rule() -> None:
    one = item(
        "medicine",
        sources=("RXA/epr", "A82038/gp"),
        conflict=True,
        rules={"dose": "medicine.latest"},
        provenance=(said(), said("A82038/gp", lost={"dose": "Two at night"})),
    )
    shown = under(read(record([one])), "medications-and-medical-devices")
    assert "Sources disagree" in shown
    assert "A82038/gp says “Two at night”; shown here is “One at night” (rule medicine.latest)" in shown


def test_losing_values_are_kept_without_a_conflict() -> None:
    one = item("problem", provenance=(said(), said("A82038/gp", lost={"onset": "2015"})), rules={"onset": "problem.earliest"})
    assert "A82038/gp says “2015” (rule problem.earliest decided)" in under(read(record([one])), "problem-list")


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
    assert "No information about this person from feed raw.a82038-gp.v1" in shown


def test_another_record_with_the_number_and_a_head_on_its_way_are_said() -> None:
    shown = text(read(record(settled=False)))
    assert "Entries are arriving at this moment" in shown
    visitor = client(sources(record(), record(person="ab" * 16)))
    assert "Another record carries this NHS number" in visitor.get(f"/people/{PERSON}").text


def test_uncounted_quarantine_is_said() -> None:
    quarantine = MadeQuarantine()
    quarantine.counted = False
    assert "still being counted" in text(read(record(), quarantine=quarantine))


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


def test_digest_and_known_time_are_shown() -> None:
    shown = under(read(record()), "seen")
    assert record().digest in shown
    assert "21 September 2026 at 14:12:20 UTC" in shown


def test_long_headings_are_cut_openly_and_read_on_their_own_page() -> None:
    many = [item("result", made.CONTENTS["result"] | {"order_id": f"order-{n}"}, fact=f"r{n}") for n in range(260)]
    one = record(many)
    assert "Showing 50 of 260" in under(read(one), "investigation-results")
    visitor = client(sources(one))
    pages = [visitor.get(f"/people/{PERSON}/investigation-results?page={n}").text for n in (1, 2)]
    assert all(sum(f"order-{n}<" in page for page in pages) == 1 for n in range(260))
    assert visitor.get(f"/people/{PERSON}/no-such-heading").status_code == 404


def test_two_dates_alike_are_both_shown() -> None:
    shown = under(read(record([item("flag", made.CONTENTS["flag"] | {"end": "2026-07-30"})])), "alerts")
    assert "From 30 July 2026" in shown and "End 30 July 2026" in " ".join(shown.replace("End", "End ").split())


def test_what_is_there_comes_before_what_is_said_not_to_be() -> None:
    denied = item(
        "allergy", {"agent": made.coded("716186003", "No known allergies"), "clinical_status": "active", "recorded": "2026"}, fact="denied"
    )
    resolved = item("allergy", made.CONTENTS["allergy"] | {"clinical_status": "resolved"}, fact="resolved")
    tree = read(record([denied, resolved, item("allergy")]))
    ids = tree.xpath("//section[@aria-labelledby='allergies-and-adverse-reactions']/article/@id")
    assert ids == [item("allergy").fact, "denied", "resolved"]


def test_withdrawn_entries_are_not_shown_as_true() -> None:
    assert "Hives" not in text(read(record([item("allergy", status="withdrawn")])))


def test_labels_are_shown() -> None:
    assert "Restricted: where they are is withheld" in under(read(record([item("patient", labels=("pds-restricted",))])), "demographics")


def test_whereabouts_of_a_restricted_person_are_withheld_whoever_says_them() -> None:
    told = item("patient", fact="told", sources=("A82038/gp",), provenance=(said(lost={"postcode": "ZZ99 3WZ", "gender": "male"}),))
    one = withhold(record([item("patient", labels=("pds-restricted",)), told, item("problem")]))
    visitor = client(sources(one))
    for path in (f"/people/{PERSON}", f"/people/{PERSON}/record.json"):
        shown = visitor.get(path).text
        assert not [where for where in ("Test Street", "ZZ99", "A82038<", "gp_practice") if where in shown]
        assert "44054006" in shown
    assert withhold(record()) == record()


def test_fields_and_kinds_nobody_knows_yet_do_not_break_the_page() -> None:
    one = item("problem", {"code": None, "later": {"deep": [1, {"x": None}]}, "severity": None})
    assert "Cleared by the source" in under(read(record([one, item("of-the-future", {"a": "b"})])), "problem-list")


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_hostile_text_stays_text() -> None:
    patient = made.CONTENTS["patient"] | {"names": [{"family": HOSTILE, "given": [HOSTILE], "prefix": HOSTILE}]}
    content = {
        "code": {"text": HOSTILE, "codes": [{"system": HOSTILE, "code": HOSTILE, "display": HOSTILE}]},
        "note": HOSTILE,
        "status": HOSTILE,
    }
    entries = [
        item("patient", patient),
        item(
            "problem",
            content,
            fact=HOSTILE,
            sources=(HOSTILE,),
            rules={HOSTILE: HOSTILE},
            conflict=True,
            provenance=(said(HOSTILE, patient=HOSTILE, lost={"note": HOSTILE}),),
        ),
    ]
    visitor = client(sources(record(entries)))
    pages = [visitor.get(f"/people/{PERSON}"), visitor.post("/search", data={"q": HOSTILE}), visitor.get(f"/people/{PERSON}/problem-list")]
    for answer in pages:
        assert answer.status_code == 200
        tree = html.fromstring(answer.text)
        assert not tree.xpath("//script[not(@src)] | //img | //*[@onerror]")


@pytest.mark.parametrize(
    "path", ["/", "/stream", "/quarantine", "/accessibility", f"/people/{PERSON}", "/no-such-page", "/static/mainstem.css"]
)
def test_headers_and_nothing_from_elsewhere(path: str) -> None:
    answer = client(sources(record())).get(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)
    assert "style=" not in answer.text


@pytest.mark.parametrize("path", ["/", "/stream", "/quarantine", "/accessibility", f"/people/{PERSON}", "/no-such-page"])
def test_landmarks_and_names(path: str) -> None:
    tree = html.fromstring(client(sources(record())).get(path).text)
    assert tree.get("lang") == "en-GB"
    assert tree.xpath("//a[@class='skip']/@href") == ["#main"] and len(tree.xpath("//main[@id='main']")) == 1
    assert len(tree.xpath("//h1")) == 1 and tree.findtext(".//title")
    assert all(tree.xpath(f"//label[@for='{one}']") for one in tree.xpath("//input/@id"))
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_another_host_is_refused() -> None:
    assert client(sources()).get("/", headers={"host": "evil.example"}).status_code == 421
    assert client(sources()).post("/search", data={"q": "x"}, headers={"sec-fetch-site": "cross-site"}).status_code == 403


class TestSearch:
    def test_by_name_shows_who_and_why(self) -> None:
        answer = client(sources(record())).post("/search", data={"q": "ramsbottom"})
        shown = text(html.fromstring(answer.text))
        assert "RAMSBOTTOM, Edith May (Mrs)" in shown and "2 March 1947" in shown and "999 000 0018" in shown
        assert "A82038/gp, RXA/epr" in shown and "Allergy to penicillin" in shown

    @pytest.mark.parametrize("typed", [NUMBER, "999 000 0018", " 999-000-0018 "])
    def test_by_number_goes_to_the_record(self, typed: str) -> None:
        answer = client(sources(record())).post("/search", data={"q": typed})
        assert answer.url.path == f"/people/{PERSON}"

    def test_no_address_holds_the_term_or_a_number(self) -> None:
        for typed in ("ramsbottom", NUMBER):
            answer = client(sources(record())).post("/search", data={"q": typed})
            addresses = [str(one.url) for one in (*answer.history, answer)] + [one.headers["location"] for one in answer.history]
            assert not [one for one in addresses if typed in one]

    @pytest.mark.parametrize(
        ("typed", "why"), [("9990000019", "check digit"), ("999000001", "has 9 digits"), ("99900000180", "has 11 digits")]
    )
    def test_wrong_number_is_explained(self, typed: str, why: str) -> None:
        answer = client(sources(record())).post("/search", data={"q": typed})
        assert answer.status_code == 400
        assert why in text(html.fromstring(answer.text), "//*[@id='q-error']")

    def test_number_that_two_records_carry_is_not_chosen_between(self) -> None:
        answer = client(sources(record(), record(person="ab" * 16))).post("/search", data={"q": NUMBER})
        assert "More than one record carries this NHS number" in answer.text and "2 people found" in answer.text

    def test_number_that_only_a_source_holds_is_searched_for(self) -> None:
        answer = client(sources(record(nhs_numbers=()))).post("/search", data={"q": NUMBER})
        assert "RAMSBOTTOM" in answer.text and answer.url.path.startswith("/search/")

    @pytest.mark.parametrize("typed", [NUMBER, "RXA/epr|9"])
    def test_who_is_named_by_claims_alone_is_found_and_audited(self, typed: str) -> None:
        identity, audit = MadeIdentity([claimed("RXA/epr|9", NUMBER, verification="02")]), MadeAudit()
        whose = record(person=identity.person_of("RXA/epr|9"), nhs_numbers=())
        given = sources(whose, people=MadePeople(), identity=identity, audit=audit)
        answer = client(given).post("/search", data={"q": typed})
        assert "1 person found" in answer.text and f"/people/{whose.person}" in answer.text
        assert "no entries are held" not in answer.text
        assert [event[1:3] for event in audit.events] == [("listed", whose.person)]
        for other in ("999 000 0026", "RXA/epr|8"):
            assert "No person found" in client(given).post("/search", data={"q": other}).text

    @pytest.mark.parametrize("typed", [NUMBER, "RXA/epr|8"])
    def test_who_has_claims_and_no_entries_is_said_to_be_known_and_audited(self, typed: str) -> None:
        identity, audit = MadeIdentity([claimed("RXA/epr|8", NUMBER)]), MadeAudit()
        given = sources(people=MadePeople(), identity=identity, audit=audit)
        answer, person = client(given).post("/search", data={"q": typed}), identity.person_of("RXA/epr|8")
        shown = text(html.fromstring(answer.text))
        assert "Known, but no entries are held" in shown and "This does not mean that the person has no records" in shown
        assert "No person found" not in shown
        assert [event[1:4] for event in audit.events] == [("listed", person, canonical.record_digest(0))]
        (way,) = html.fromstring(answer.text).xpath("//main//li/a/@href")
        assert "No record is held yet" in client(given).get(way).text

    @pytest.mark.parametrize("typed", [NUMBER, "RXA/epr|8"])
    def test_who_is_known_and_has_no_entries_is_not_shown_without_audit(self, typed: str) -> None:
        identity = MadeIdentity([claimed("RXA/epr|8", NUMBER)])
        given = sources(people=MadePeople(), identity=identity, audit=MadeAudit(broken=True))
        answer = client(given).post("/search", data={"q": typed})
        assert answer.status_code == 503 and identity.person_of("RXA/epr|8") not in answer.text

    def test_where_the_claims_cannot_be_read_a_number_is_not_said_to_be_nobody_s(self) -> None:
        audit = MadeAudit()
        given = sources(people=MadePeople(), identity=KafkaDesk(NOWHERE, Codec(f"http://{NOWHERE}"), b"key", seconds=0.2), audit=audit)
        answer = client(given).post("/search", data={"q": NUMBER})
        assert answer.status_code == 503 and "No person found" not in answer.text and not audit.events
        assert "No person found" in client(given).post("/search", data={"q": "ramsbottom"}).text, "words are not looked up in the claims"

    def test_nothing_found_is_not_no_records(self) -> None:
        for typed in ("nobody", NUMBER):
            assert "This does not mean that the person has no records" in client(sources()).post("/search", data={"q": typed}).text

    def test_person_not_yet_in_the_cache(self) -> None:
        people = MadePeople(made.Hit("ee" * 16))
        assert "1 more person matches" in client(sources(people=people)).post("/search", data={"q": "new"}).text

    def test_too_long(self) -> None:
        assert client(sources()).post("/search", data={"q": "x" * 5000}).status_code == 413

    def test_empty_and_forgotten(self) -> None:
        visitor = client(sources())
        assert "Enter a name" in visitor.post("/search", data={"q": " "}).text
        assert visitor.get("/search/unknown").status_code == 410


class TestAudit:
    def test_every_view_is_written_with_what_was_seen(self) -> None:
        audit, one = MadeAudit(), record()
        visitor = client(sources(one, audit=audit))
        for path in ("", "/record.json", "/investigation-results"):
            visitor.get(f"/people/{PERSON}{path}")
        visitor.post("/search", data={"q": "ramsbottom"})
        assert audit.events == [("web", action, PERSON, one.digest, one.known) for action in ("record", "record", "record", "listed")]

    @pytest.mark.parametrize("path", ["", "/record.json", "/problem-list"])
    def test_without_audit_nothing_is_shown(self, path: str) -> None:
        answer = client(sources(record(), audit=MadeAudit(broken=True))).get(f"/people/{PERSON}{path}")
        assert answer.status_code == 503
        assert "audit of this view could not be written" in answer.text
        assert "Ramsbottom" not in answer.text and "RAMSBOTTOM" not in answer.text

    def test_without_audit_no_one_is_listed(self) -> None:
        answer = client(sources(record(), audit=MadeAudit(broken=True))).post("/search", data={"q": "penicillin"})
        assert answer.status_code == 503 and "RAMSBOTTOM" not in answer.text

    def test_the_signed_in_user_is_the_actor(self) -> None:
        audit = MadeAudit()
        visitor = client(sources(record(), audit=audit), actor_header="X-Signed-In")
        assert visitor.get(f"/people/{PERSON}").status_code == 401
        visitor.get(f"/people/{PERSON}", headers={"X-Signed-In": "cis2|555"})
        assert [event[0] for event in audit.events] == ["cis2|555"]


def test_json_is_the_same_record() -> None:
    answer = client(sources(record())).get(f"/people/{PERSON}/record.json")
    assert msgspec.json.decode(answer.content, type=Record) == record()


def test_a_record_leads_to_why_it_is_one_persons() -> None:
    one = record()
    assert f'href="/identity/people/{one.person}"' in client(sources(one)).get(f"/people/{one.person}").text


def test_unknown_person_is_told_in_plain_english() -> None:
    answer = client(sources()).get("/people/" + "00" * 16)
    assert answer.status_code == 404 and "search for them again" in answer.text


def test_stream_page() -> None:
    beats = Beats(15)
    for second in range(30):
        at = NOW - 30_000 + second * 1000
        for stage in ("capture", "sink-search"):
            beats.add(made.beat(stage, at, second * 50, freshness=(0.4, 0.6)))
    visitor = client(sources(stream=MadeStream(beats)))
    for path in ("/stream", "/stream/figures"):
        shown = visitor.get(path).text
        assert ">50<" in shown and "0.50 s" in shown and '<path class="line line--0"' in shown
        assert "Silent</strong> never heard" in shown


def test_health() -> None:
    beats = Beats(15)
    given = sources(stream=MadeStream(beats))
    assert client(given).get("/healthz").status_code == 503
    for stage in ("capture", "linker", "identity", "reconcile", "sink-search", "sink-analytics", "sink-cache"):
        beats.add(made.beat(stage, NOW - 1000))
    answer = client(given).get("/healthz")
    assert answer.status_code == 200 and answer.json()["checks"]["stage capture"] == "heard 1.0 s ago"
    unaudited = sources(stream=MadeStream(beats), audit=MadeAudit(broken=True))
    told = client(unaudited).get("/healthz").json()
    assert told["status"] == "unwell" and [one.split(":")[0] for one in told["reasons"]] == ["audit"]


@pytest.mark.parametrize(("connector", "reason"), [
    (Connector("rxa_epr", ("RUNNING", "FAILED")), "connector rxa_epr: connector running, tasks failed"),
    (Connector("rxa_epr", ("RUNNING", "RUNNING"), age=61.0),
     "connector rxa_epr: connector running, tasks running, its database heard 61 s ago"),
    (Connector("rxa_epr", ("RUNNING",)), "connector rxa_epr: connector running, tasks none"),
    (Connector("rxa_epr", ("PAUSED", "PAUSED")), "connector rxa_epr: connector paused, tasks paused"),
    (Connector("rxa_epr", ()), "connector rxa_epr: not known to Connect: nothing captures this source"),
    (None, "connectors: Connect knows of none, or does not answer"),
])
def test_health_sees_a_dead_capture_though_every_stage_is_up_to_date(connector: Connector | None, reason: str) -> None:
    beats = Beats(15)
    for stage in STAGES:
        beats.add(made.beat(stage, NOW - 500))

    def health(*found: Connector) -> httpx.Response:
        return client(sources(stream=MadeStream(beats), connectors=lambda: found)).get("/healthz")

    assert health(Connector("rxa_epr", ("RUNNING", "RUNNING"), age=59.0)).status_code == 200
    assert health(Connector("rxa_epr", ("RUNNING", "RUNNING"))).status_code == 200
    answer = health(*([connector] if connector else []))
    assert (answer.status_code, answer.json()["reasons"]) == (503, [reason])


@pytest.mark.parametrize(("reconcile", "reason"), [
    ([made.beat("reconcile", NOW - 20_000, lag=7)],
     "stage reconcile: not heard for 20 s, 7 messages behind when last heard: its process has ended or hangs"),
    ([made.beat("reconcile", NOW - 40_000 + s * 1000, 500, lag=100 + s) for s in range(40)],
     "stage reconcile: nothing processed for 39 s while its lag grew to 139 messages"),
    ([made.beat("reconcile", NOW - 40_000 + s * 1000, 500 + 9 * s, lag=100 + s, positions={"in/0": 70, "in/1": 90 + 9 * s},
                lags={"in/0": 100 + s, "in/1": 0}) for s in range(40)],
     "stage reconcile: nothing of in/0 processed for 39 s while its lag grew to 139 messages"),
    ([made.beat("reconcile", NOW - 20_000, note=f"{STOPPED}stage reconcile failed"), made.beat("reconcile", NOW - 500)],
     "stage reconcile: stopped on purpose: stage reconcile failed (20 s ago)"),
    ([made.beat("reconcile", NOW - 500, note="StoreUnavailableError")],
     "stage reconcile: waits for a dependency (StoreUnavailableError)"),
])
def test_health_gives_the_reason(reconcile: list[Heartbeat], reason: str) -> None:
    beats = Beats(15)
    for one in [*(made.beat(stage, NOW - 500) for stage in STAGES if stage != "reconcile"), *reconcile]:
        beats.add(one)
    answer = client(sources(stream=MadeStream(beats))).get("/healthz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, [reason])


@pytest.mark.parametrize("reconcile", [
    [made.beat("reconcile", NOW - 40_000 + s * 1000, 500 + s, lag=100 + s) for s in range(40)],  # slow, yet it moves
    [made.beat("reconcile", NOW - 40_000 + s * 1000, 500, lag=2) for s in range(40)],  # control records nobody needs to process
    [made.beat("reconcile", NOW - 40_000 + s * 1000, 500 + s, lag=100 + s, positions={"in/0": 70, "in/1": 90 + s},
               lags={"in/0": 2, "in/1": 98 + s}) for s in range(40)],  # a quiet partition beside one that falls behind, yet moves
    [made.beat("reconcile", NOW - 20_000 + s * 1000, 500, lag=100 + s) for s in range(20)],  # not for long yet
    [made.beat("reconcile", NOW - 61_000, note=f"{STOPPED}stage reconcile failed"), made.beat("reconcile", NOW - 500)],
])
def test_health_is_well_where_work_goes_on(reconcile: list[Heartbeat]) -> None:
    beats = Beats(15)
    for one in [*(made.beat(stage, NOW - 500) for stage in STAGES if stage != "reconcile"), *reconcile]:
        beats.add(one)
    assert client(sources(stream=MadeStream(beats))).get("/healthz").status_code == 200


def test_quarantine_page_has_no_patient_content() -> None:
    quarantine = MadeQuarantine()
    quarantine.add(made.held(patient="LOCAL-ID"), NOW)
    shown = client(sources(quarantine=quarantine)).get("/quarantine").text
    assert "mapping.unknown-code" in shown and "offset 99" in shown
    assert "CANARY" not in shown and "LOCAL-ID" not in shown


def test_nothing_about_a_patient_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MadePeople):
        def find(self, text: str, limit: int) -> list[made.Hit]:
            raise RuntimeError(f"no result for {text}")

    caplog.set_level(logging.DEBUG, logger="mainstem")
    visitor = client(sources(record(), people=Broken()))
    for typed in ("ramsbottom", NUMBER, "9990000019"):
        visitor.post("/search", data={"q": typed})
    visitor.get(f"/people/{PERSON}?note=ramsbottom")
    assert "RuntimeError in results" in caplog.text and "GET person 200" in caplog.text
    for canary in ("ramsbottom", NUMBER, "9990000019", "999 000", PERSON):
        assert canary not in caplog.text.lower()
