"""The pages on which humans decide who is who: what they show, what they audit first, and that nothing is recorded before it was seen."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from lxml import html
from msgspec.structs import replace
from starlette.testclient import TestClient

from mainstem.adjudication.blast import CORRECTED, PENDING, Fact, Radius, Viewed
from mainstem.adjudication.errors import LogUnavailableError
from mainstem.model import Claim, SourceState
from mainstem.web import seen
from mainstem.web.app import build
from mainstem.web.numbers import spaced
from mainstem.web.record import Record
from mainstem.web.settings import WebSettings
from processors.identity.demographics import Demographics
from processors.identity.linker import assign
from tests.processors.identity.test_persons import BABY, MUM, claim, number, who
from tests.strategies import KEY, NUMBERS
from tests.web import made
from tests.web.decided import MadeIdentity
from tests.web.made import NOW, MadeAudit, item, record
from tests.web.pages import text

A, B, C = "RXA/epr|P100", "A82038/gp|G77", "RXC/community|C5"
PAIR = [number(A, NUMBERS[0]), who(A, **MUM), number(B, NUMBERS[0]), who(B, **BABY)]
HOME: dict[str, Any] = {"postcode": "ZZ99 3CZ", "address": ["1 Test Street"]}
HOMES: list[dict[str, Any]] = [HOME, {"former_homes": [HOME]}]
"""As a demographics claim says where somebody lives, and where they lived."""


def lives(subject: str, position: str = "02", **home: Any) -> Claim:
    said = {"family": MUM["family"], "given": ["Ann"], "birth_date": MUM["born"]}
    return claim(subject, "demographics", said | home, position=position)


def held(identity: MadeIdentity, subject: str, *labels: str) -> Record:
    """The record of its person, to which what the source patient says has come."""
    source, patient = subject.split("|")
    state = SourceState(source=source, patient=patient, last_heard=NOW, epoch=1, kinds=("patient",))
    return record([item("patient", labels=labels)], person=identity.person_of(subject), sources=(state,))


def standings(identity: MadeIdentity, subject: str) -> list[tuple[tuple[Record, ...], bool]]:
    """What the live cache may hold of a source patient's person, and whether where they live may be told: not before what they say of
    themselves has come, which may restrict it."""
    one = held(identity, subject)
    return [((one,), True), ((held(identity, subject, "pds-restricted"),), False), ((), False), ((replace(one, sources=()),), False)]


class Visit:
    def __init__(self, claims: list[Claim] = PAIR, **changes: Any) -> None:
        self.identity = changes.pop("identity", None) or MadeIdentity(claims)
        self.audit = changes.pop("audit", None) or MadeAudit()
        settings = WebSettings(actor="a clerk", **changes.pop("settings", {}))
        records = changes.pop("records", (record(person=self.identity.person_of(A)),))
        sources = made.sources(*records, identity=self.identity, audit=self.audit, **changes)
        self.client = TestClient(build(sources, settings), base_url="http://127.0.0.1", raise_server_exceptions=False,
                                 follow_redirects=False)

    @property
    def task(self) -> str:
        (waiting,) = self.identity.waiting()
        return f"/identity/tasks/{waiting.task.id}"

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return html.fromstring(answer.text)

    def post(self, path: str, status: int = 200, **form: str) -> Any:
        answer = self.client.post(path, data=form)
        assert answer.status_code == status, answer.text
        return answer if status == 303 else html.fromstring(answer.text)

    def decide(self, path: str, **form: str) -> str:
        """Through both steps; the address of the decision."""
        confirm = self.post(path, **form)
        hidden = {node.get("name"): node.get("value") for node in confirm.xpath("//form//input[@type='hidden']")}
        return str(self.post(confirm.xpath("//form/@action")[0], 303, **hidden).headers["location"])


def test_the_list_names_reasons_and_sources_and_no_patient() -> None:
    visit = Visit()
    page = visit.get("/identity")
    assert "One NHS number, and demographics that cannot be of one person (1)" in text(page)
    assert "A82038/gp, RXA/epr" in text(page) and "1 open, the oldest first" in text(page)
    for told in ("P100", "G77", NUMBERS[0], spaced(NUMBERS[0]), MUM["family"]):
        assert told not in text(page)
    assert visit.audit.events == []
    assert "Nothing waits for a decision for this reason" in text(visit.get("/identity?reason=identity.kept-apart"))


def test_a_task_shows_both_side_by_side_after_the_audit() -> None:
    visit = Visit()
    page = visit.get(visit.task)
    rows = {text(row, "./th"): [" ".join(cell.text_content().split()) for cell in row.xpath("./td")] for row in page.xpath("//tbody/tr")}
    order = [head.text_content() for head in page.xpath("//thead//th")][1:3]
    assert order == ["A82038/gppatient G77", "RXA/eprpatient P100"]
    assert rows["NHS number"] == [spaced(NUMBERS[0])] * 2 + ["Agree"]
    assert rows["Verification"][0] == "01: number present and verified"
    assert rows["Given"] == [BABY["given"], MUM["given"], "Differ"]
    assert rows["Postcode"] == ["Not said", "Not said", "Cannot tell"]
    assert "1 allergy" in rows["The record holds"][1] and rows["The record holds"][0] == "No record is held yet"
    persons = {visit.identity.person_of(each) for each in (A, B)}
    assert {(event[0], event[1], event[2]) for event in visit.audit.events} == {("a clerk", "identity", person) for person in persons}


def test_a_scored_task_shows_the_bits_of_each_field_and_what_they_come_to() -> None:
    visit = Visit([who(A, "Archer", "Ann", "1980-03-02", "female"), who(B, "Archer", "Ann", "1980-03-02", "female")])
    page = visit.get(visit.task)
    rows = {text(row, "./th"): [" ".join(cell.text_content().split()) for cell in row.xpath("./td")] for row in page.xpath("//tbody/tr")}
    assert rows["Given"][0] == "Ann" and rows["Given"][1].startswith("Ann+") and rows["Given"][1].endswith(" bits")
    assert rows["Postcode"][:2] == ["Not said", "Not said"]
    assert rows["Likeness in all, with the first"][1].endswith("bits: more than 99.9 %")


def test_where_the_audit_cannot_be_written_nothing_is_shown() -> None:
    visit = Visit(audit=MadeAudit(broken=True))
    for path in (visit.task,):
        answer = visit.client.get(path)
        assert answer.status_code == 503 and "P100" not in answer.text and MUM["family"] not in answer.text


def test_a_decision_is_shown_before_it_is_recorded_and_can_be_taken_back() -> None:
    visit = Visit()
    before = assign(visit.identity.claims, KEY)
    confirm = visit.post(visit.task, decision="same", why="Asked the ward")
    assert "Join these two?" in text(confirm) and "2 source patients change person" in text(confirm)
    assert "would be settled" in text(confirm)
    assert len(visit.identity.claims) == len(PAIR), "nothing is recorded yet"
    address = visit.decide(visit.task, decision="same", why="Asked the ward")
    after = assign(visit.identity.claims, KEY)
    assert after[A].person == after[B].person
    page = visit.get(address)
    assert "Decided bya clerk" in text(page) and "Asked the ward" in text(page) and "They are one person" in text(page)
    back = visit.decide(f"{address}/undo", why="The wrong two")
    assert assign(visit.identity.claims, KEY) == before
    assert "A decision taken back" in text(visit.get(back)) and "They are two persons" in text(visit.get(back))
    assert visit.client.post(f"{address}/undo", data={"why": "again"}).status_code == 400
    listed = text(visit.get("/identity/decisions"))
    assert "2, the latest first" in listed and "P100" not in listed
    assert len(visit.identity.waiting()) == 1, "the doubt is there again"


def test_what_has_changed_since_it_was_seen_is_shown_again() -> None:
    visit = Visit()
    confirm = visit.post(visit.task, decision="same", why="x")
    hidden = {node.get("name"): node.get("value") for node in confirm.xpath("//form//input[@type='hidden']")}
    path = visit.task
    visit.identity.take(claim("A82038/gp|78", "merged-into", {"into": B}, ref=B))
    again = visit.post(path, **hidden)
    assert "What it would change is not what you saw" in text(again)
    assert not list(visit.identity.decisions())


@pytest.mark.parametrize(("form", "says"), [
    ({"why": "x"}, "one person or two"), ({"decision": "same", "why": " "}, "Say why"),
    ({"decision": "same", "why": "x", "one": "1", "other": "1"}, "two different"),
    ({"decision": "same", "why": "x", "other": "9"}, "two different"), ({"decision": "both", "why": "x"}, "one person or two")])
def test_what_cannot_be_decided_says_why_and_keeps_what_was_written(form: dict[str, str], says: str) -> None:
    visit = Visit()
    page = visit.post(visit.task, 400, **form)
    assert says in text(page, "//*[@role='alert']") and page.xpath("//title")[0].text.startswith("Error:")
    assert (page.xpath("//textarea")[0].text or "").strip() == form.get("why", "").strip()
    assert not list(visit.identity.decisions())


@pytest.mark.parametrize("headers", [
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "http://127.0.0.1:9999"}, {"origin": "http://elsewhere"},
    {"origin": "null"}, {"host": "elsewhere"}])
def test_a_decision_from_another_site_is_refused(headers: dict[str, str]) -> None:
    visit = Visit()
    answer = visit.client.post(visit.task, data={"decision": "same", "why": "x"}, headers=headers)
    assert answer.status_code in {403, 421}
    own = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert visit.client.post(visit.task, data={"decision": "same", "why": "x"}, headers=own).status_code == 200


def test_nobody_decides_without_a_name_where_the_deployment_demands_one() -> None:
    visit = Visit(settings={"actor_header": "x-user"})
    path = visit.task
    assert visit.client.get(path).status_code == 401
    assert visit.client.post(path, data={"decision": "same", "why": "x"}).status_code == 401
    confirm = html.fromstring(visit.client.post(path, data={"decision": "same", "why": "x"}, headers={"x-user": "u7"}).text)
    hidden = {node.get("name"): node.get("value") for node in confirm.xpath("//form//input[@type='hidden']")}
    assert visit.client.post(path, data=hidden, headers={"x-user": "u7"}).status_code == 303
    assert next(iter(visit.identity.decisions())).who == "u7"


def test_of_several_candidates_two_are_chosen() -> None:
    visit = Visit([who(each, "Archer", "Ann", "1980-03-02") for each in (A, B, C)])
    waiting = next(each for each in visit.identity.waiting() if len(each.task.subjects) == 3)
    path = f"/identity/tasks/{waiting.task.id}"
    assert [len(select.xpath("./option")) for select in visit.get(path).xpath("//select")] == [3, 3]
    visit.decide(path, decision="same", why="x", one="0", other="2")
    assert {next(iter(visit.identity.decisions())).one, next(iter(visit.identity.decisions())).other} == {
        waiting.task.subjects[0], waiting.task.subjects[2]}


def test_a_number_in_doubt_shows_who_carries_it_and_no_form() -> None:
    crowd = [number(f"RXA/epr|{n}", NUMBERS[0]) for n in range(6)]
    visit = Visit(crowd)
    page = visit.get(visit.task)
    assert "RXA/epr|3" in text(page) and not page.xpath("//form") and spaced(NUMBERS[0]) in text(page)
    assert len(visit.audit.events) == 6


@pytest.mark.parametrize("home", HOMES)
def test_whereabouts_are_told_only_of_who_is_known_not_to_be_restricted(home: dict[str, Any]) -> None:
    identity = MadeIdentity([*PAIR, lives(A, **home)])
    for records, told in standings(identity, A):
        visit = Visit(identity=identity, records=records)
        page = text(visit.get(visit.task))
        assert ("ZZ99 3CZ" in page) == ("1 Test Street" in page) == told
        assert ("withheld" in page) != told


@pytest.mark.parametrize("home", HOMES)
def test_that_a_restricted_person_lives_where_another_is_shown_to_live_is_withheld(home: dict[str, Any]) -> None:
    identity = MadeIdentity([lives(A, **home), lives(B, **home)])
    field = "Postcode" if "postcode" in home else "Former homes"

    def shown(*records: Record) -> list[str]:
        visit = Visit(identity=identity, records=records)
        (row,) = visit.get(visit.task).xpath(f"//tbody/tr[th='{field}']")
        return [" ".join(cell.text_content().split()) for cell in row.xpath("./td")]

    assert "Agree" in shown(held(identity, A), held(identity, B))
    *values, together = shown(held(identity, A, "pds-restricted"), held(identity, B))
    assert sorted("ZZ99 3CZ" in each for each in values) == [False, True], "the other's"
    assert together == "Withheld" and "withheld" in values and not any("bits" in each for each in values)


def test_each_field_of_who_somebody_is_tells_where_they_are_or_does_not() -> None:
    """Whoever adds one says here which it is."""
    who_it_is = {"family", "given", "birth_date", "gender", "pseudo", "former_names"}
    told = seen.says(dict.fromkeys(Demographics.__struct_fields__, "said"), hidden=True)
    assert {name for name, value in told.items() if value == "said"} == who_it_is


def test_settled_and_unknown_tasks_and_decisions() -> None:
    visit = Visit()
    path = visit.task
    visit.decide(path, decision="different", why="Mother and newborn")
    assert visit.client.get(path).status_code == 410
    assert visit.client.get("/identity/tasks/nothing").status_code == 404
    assert visit.client.get("/identity/decisions/nothing").status_code == 404
    assert visit.client.get("/identity/decisions/nothing/radius").status_code == 404


def test_the_radius_of_a_decision() -> None:
    fact = {"kind": "allergy", "versions": (1, 2), "first": NOW, "last": NOW, "places": ("records.changes.v1/0@7",)}
    radius = Radius(
        one=A, other=B, person="ab" * 16, since=NOW, until=NOW + 1000, began=3, ended=5, published={"records.changes.v1": 4},
        between={"records.changes.v1": (NOW, NOW + 500)}, compensating={"ab" * 16: ("records.changes.v1/0@9",)},
        facts=(Fact(fact="f1" * 16, state=CORRECTED, corrected="withdrawn", corrected_at=NOW, corrected_version=3, **fact),
               Fact(fact="f2" * 16, state=PENDING, **fact)),
        states={CORRECTED: 1, PENDING: 1}, viewed=(Viewed(at=NOW, actor="a nurse", action="record", purpose="direct care", digest="d" * 64,
                                                          person="ab" * 16),), again={"cd" * 16: 2})
    visit = Visit(identity=MadeIdentity(PAIR, [radius]))
    address = visit.decide(visit.task, decision="different", why="Mother and newborn")
    page = text(visit.get(f"{address}/radius"))
    for said in ("4 messages to records.changes.v1", "2 entries published again", "1 still to be put right", "Put right: withdrawn",
                 "by 1 change, the first records.changes.v1/0@9", "a nurse", "direct care", "Still wrong"):
        assert said in page
    assert visit.audit.events[-1][1:3] == ("blast radius", "ab" * 16)


def test_topics_that_do_not_answer_are_said_so() -> None:
    class Down(MadeIdentity):
        def waiting(self) -> Any:
            raise LogUnavailableError("the broker does not answer")

    answer = Visit(identity=Down(PAIR)).client.get("/identity")
    assert answer.status_code == 503 and "Nothing was recorded" in answer.text


def test_nothing_of_patients_in_addresses_or_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    visit = Visit()
    address = visit.decide(visit.task, decision="same", why="CANARY reason")
    for told in ("P100", "G77", "CANARY", MUM["family"], NUMBERS[0], spaced(NUMBERS[0])):
        assert told not in address
        assert not [line for line in caplog.messages if told in line and "HTTP Request" not in line]


def test_text_of_sources_and_of_reasons_stays_text() -> None:
    nasty = "<script>alert(1)</script>"
    visit = Visit([who(A, nasty, "Ann", "1980-03-02"), who(B, nasty, "Ann", "1980-03-02")])
    address = visit.decide(visit.task, decision="same", why=nasty)
    assert nasty not in visit.client.get(address).text
    assert nasty not in visit.client.get("/identity/decisions").text
