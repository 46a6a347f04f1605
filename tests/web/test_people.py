"""The pages that show who a person is made of and why, and on which any two are joined, parted and put back."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from lxml import html

from mainstem.adjudication.everyone import FromScratch
from mainstem.adjudication.explain import show, why
from mainstem.cli import identity as identity_cli
from mainstem.web.numbers import spaced
from processors.identity.linker import assign
from processors.identity.persons import own_person
from processors.identity.scoring.release import built_in
from processors.identity.scoring.score import scorer
from tests.processors.identity.test_persons import BABY, MUM, claim, link, number, who
from tests.strategies import KEY, NUMBERS
from tests.web.decided import MadeIdentity
from tests.web.made import MadeAudit
from tests.web.pages import text
from tests.web.test_adjudication import HOMES, PAIR, A, B, C, Visit, held, lives, standings

ALONE = [number(A, NUMBERS[0]), who(A, **MUM), who(B, "Archer", "Ann", "1980-03-02"), number(C, NUMBERS[1], verification="02")]
"""Three persons: nothing ties them."""


def person_of(visit: Visit, subject: str) -> str:
    return f"/identity/people/{visit.identity.person_of(subject)}"


def pair_of(visit: Visit, one: str = A, other: str = B) -> str:
    address = visit.post("/identity/pairs", 303, one=one, other=other).headers["location"]
    assert not any(told in address for told in (one, other, "P100", "G77"))
    return str(address)


def hidden_of(page: Any) -> dict[str, str]:
    return {node.get("name"): node.get("value") for node in page.xpath("//form//input[@type='hidden']")}


@pytest.mark.parametrize("whom", [A, NUMBERS[0], f"{NUMBERS[0][:3]} {NUMBERS[0][3:6]} {NUMBERS[0][6:]}"])
def test_a_person_is_found_and_neither_number_nor_local_id_is_in_the_address(whom: str) -> None:
    visit = Visit(ALONE)
    answer = visit.post("/identity/people", 303, whom=whom)
    assert answer.headers["location"] == person_of(visit, A)
    person = visit.identity.person_of(A)
    assert [event[:3] for event in visit.audit.events] == [("a clerk", "identity", person)], "the address tells who carries it"


def test_of_several_by_one_number_each_is_listed_and_audited() -> None:
    visit = Visit(PAIR)
    page = visit.post("/identity/people", whom=NUMBERS[0])
    assert A in text(page) and B in text(page)
    assert {event[2] for event in visit.audit.events} == {visit.identity.person_of(A), visit.identity.person_of(B)}
    nobody = visit.post("/identity/people", 404, whom="nobody")
    assert "nobody is known by that" in text(nobody, "//*[@role='alert']") and nobody.xpath("//input[@name='whom']/@value") == ["nobody"]


def test_a_person_shows_its_source_patients_what_they_say_and_what_counts() -> None:
    decided = claim(B, "linked", {"other": A, "who": "a nurse", "why": "asked the ward", "when": "2026"}, ref=f"{B} ~ {A}")
    visit = Visit([*PAIR, decided])
    page = visit.get(person_of(visit, A))
    heads = [text(head, ".") for head in page.xpath("//table[caption]//thead//th")]
    rows = {text(row, "./th"): dict(zip(heads[1:], [text(cell, ".") for cell in row.xpath("./td")], strict=True))
            for row in page.xpath("//table[caption]/tbody/tr")}
    assert heads == ["What", B, A]
    assert rows["Given"] == {A: MUM["given"], B: BABY["given"]} and rows["Postcode"][A] == "Not said"
    assert rows["Date of birth"][A] == "1 May 1990"
    assert rows["Why it is here"][B] == "By its verified NHS number"
    assert rows["Likeness to the first"][B] == "" and "bits" in rows["Likeness to the first"][A]
    claims = text(page, "//details")
    for said in ("carries-number", "linked", "a nurse", "asked the ward", f"of {B}", f"NHS number: {spaced(NUMBERS[0])}", "r/0 0"):
        assert said in claims
    assert [(event[1], event[2]) for event in visit.audit.events] == [("identity", visit.identity.person_of(A))]


def test_what_the_pages_show_is_what_the_command_line_works_out() -> None:
    """`mainstem identity show | why` print the same structures, made from scratch."""
    visit = Visit(PAIR)
    everyone = FromScratch(PAIR, KEY, built_in())
    assert visit.identity.why(A, B) == why(A, B, everyone)
    assert visit.identity.show(visit.identity.person_of(A)) == show(everyone.where(A).person, everyone)


def test_why_two_are_apart_and_why_they_are_together() -> None:
    visit = Visit(PAIR)
    page = visit.get(pair_of(visit))
    assert "They are two persons" in text(page, "//h1")
    grounds = [text(each, ".") for each in page.xpath("//main/ul/li")]
    assert grounds[0].startswith("For Both carry one verified NHS number identity.verified-number")
    assert grounds[1].startswith("Against") and "identity.contradiction." in grounds[1]
    rows = {text(row, "./th"): [text(cell, ".") for cell in row.xpath("./td")] for row in page.xpath("//table[caption]/tbody/tr")}
    assert rows["NHS number"][2] == "Agree" and rows["Given"][2] == "Differ" and "bits" in rows["Date of birth"][1]
    assert "never" in rows["Likeness in all"][2]
    assert {event[2] for event in visit.audit.events} == {visit.identity.person_of(A), visit.identity.person_of(B)}
    joined = Visit([number(A, NUMBERS[0]), number(B, NUMBERS[0]), link(B, C), number(C, NUMBERS[1], verification="02")])
    page = joined.get(pair_of(joined, A, C))
    assert "They are one person" in text(page, "//h1")
    assert [text(each, ".") for each in page.xpath("//ol/li")] == [
        f"{A} and {B}: By its verified NHS number", f"{B} and {C}: A human decided"]


def test_any_two_are_joined_after_a_dry_run_and_put_back() -> None:
    visit = Visit(ALONE)
    before = assign(visit.identity.claims, KEY)
    address = pair_of(visit)
    confirm = visit.post(address, decision="same", why="Asked the ward")
    assert "Join these two?" in text(confirm) and "source patient changes person" in text(confirm)
    assert len(visit.identity.claims) == len(ALONE), "a dry run: nothing is recorded"
    decision = visit.post(confirm.xpath("//form/@action")[0], 303, **hidden_of(confirm)).headers["location"]
    after = assign(visit.identity.claims, KEY)
    assert after[A].person == after[B].person
    (decided,) = visit.identity.decisions()
    assert (decided.who, decided.why, decided.apart) == ("a clerk", "Asked the ward", False) and decided.when
    page = visit.get(address)
    assert "They are one person" in text(page, "//h1") and "One person by a clerk" in text(page) and "Asked the ward" in text(page)
    confirm = visit.post(f"{decision}/undo", why="The wrong two")
    visit.post(confirm.xpath("//form/@action")[0], 303, **hidden_of(confirm))
    assert assign(visit.identity.claims, KEY) == before
    assert "They are two persons" in text(visit.get(address), "//h1")


def test_any_two_are_parted() -> None:
    visit = Visit([number(A, NUMBERS[0]), number(B, NUMBERS[0])])
    address = pair_of(visit)
    decision = visit.decide(address, decision="different", why="Twins")
    assert visit.identity.person_of(A) != visit.identity.person_of(B)
    assert "Why they are two persons, field by field" in text(visit.get(decision))
    assert "Against A human decided that they are two persons" in text(visit.get(address))


def test_what_was_seen_before_something_came_in_is_not_recorded() -> None:
    visit = Visit(ALONE)
    address = pair_of(visit)
    confirm = visit.post(address, decision="same", why="x")
    visit.identity.take(claim("A82038/gp|78", "merged-into", {"into": B}, ref=B))
    again = visit.post(address, **hidden_of(confirm))
    assert "What it would change is not what you saw" in text(again) and not list(visit.identity.decisions())


@pytest.mark.parametrize(("given", "says"), [
    ({"why": "x"}, "one person or two"), ({"decision": "same"}, "Say why"), ({"decision": "both", "why": "x"}, "one person or two")])
def test_what_cannot_be_decided_says_why(given: dict[str, str], says: str) -> None:
    visit = Visit(ALONE)
    page = visit.post(pair_of(visit), 400, **given)
    assert says in text(page, "//*[@role='alert']") and page.xpath("//title")[0].text.startswith("Error:")


@pytest.mark.parametrize(("one", "other", "says"), [
    (A, "RXZ/z|9", "no claim is known of RXZ/z|9"), (A, A, "two different"), ("", "", "no claim")])
def test_two_that_cannot_be_compared(one: str, other: str, says: str) -> None:
    visit = Visit(ALONE)
    page = visit.post("/identity/pairs", 404, one=one, other=other)
    assert says in text(page, "//*[@role='alert']") and page.xpath("//input[@name='one']/@value") == [one]
    assert visit.client.get("/identity/people/" + "f" * 32).status_code == 404
    assert visit.client.get("/identity/people/" + "f" * 32 + "/history").status_code == 404
    kept = visit.client.get("/identity/pairs/unknown")
    assert kept.status_code == 410 and "no longer kept" in kept.text


def test_the_history_of_a_person_and_what_a_wrong_join_did() -> None:
    visit = Visit(ALONE)
    address = pair_of(visit)
    decision = visit.decide(address, decision="same", why="Asked the ward")
    home = person_of(visit, A)
    visit.decide(f"{decision}/undo", why="The wrong two")
    page = visit.get(f"{home}/history")
    moves = [text(row, ".") for row in page.xpath("//table[caption]/tbody/tr")]
    assert len(moves) == 3 and A in moves[0]
    assert B in moves[1] and "Came from" in moves[1] and "A human decided" in moves[1]
    assert B in moves[2] and "Left for" in moves[2]
    assert f"{A} and {B} were one person" in text(page) and "Nothing is left to be put right" in text(page)
    seen = {event[2] for event in visit.audit.events if event[1] == "blast radius"}
    assert seen == {visit.identity.person_of(A), visit.identity.person_of(B), own_person(KEY, A)}, "A was its own before its number came"
    assert "They were never one person" in text(visit.get(f"{pair_of(visit, A, C)}/radius"))


def test_where_the_audit_cannot_be_written_nothing_is_shown() -> None:
    visit = Visit(PAIR, audit=MadeAudit(broken=True))
    home, address = person_of(visit, A), pair_of(visit)
    answers = [visit.client.get(path) for path in (home, f"{home}/history", address, f"{address}/radius")]
    answers += [visit.client.post("/identity/people", data={"whom": whom}) for whom in (NUMBERS[0], A)]
    answers += [visit.client.post("/identity/people", data={"whom": visit.identity.person_of(A)}),
                visit.client.post(address, data={"decision": "same", "why": "x"})]
    for answer in answers:
        assert answer.status_code == 503
        assert not any(told in answer.text for told in ("P100", MUM["family"], NUMBERS[0], spaced(NUMBERS[0])))


@pytest.mark.parametrize("home", HOMES)
def test_whereabouts_are_told_only_of_who_is_known_not_to_be_restricted(home: dict[str, Any]) -> None:
    identity = MadeIdentity([*PAIR, lives(A, **home)])
    for records, told in standings(identity, A):
        visit = Visit(identity=identity, records=records)
        for path in (person_of(visit, A), pair_of(visit)):
            page = visit.client.get(path).text
            assert ("ZZ99 3CZ" in page) == ("1 Test Street" in page) == told
            assert ("withheld" in page) != told


@pytest.mark.parametrize("path", ["/identity/people", "/identity/pairs", "pair"])
def test_forms_of_other_sites_are_refused(path: str) -> None:
    visit = Visit(ALONE)
    address = pair_of(visit) if path == "pair" else path
    form = {"whom": A, "one": A, "other": B, "decision": "same", "why": "x"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://elsewhere"}):
        assert visit.client.post(address, data=form, headers=headers).status_code == 403


def test_nobody_decides_or_looks_without_a_name_where_the_deployment_demands_one() -> None:
    visit = Visit(ALONE, settings={"actor_header": "x-user"})
    address = visit.client.post("/identity/pairs", data={"one": A, "other": B}, headers={"x-user": "u7"}).headers["location"]
    for answer in (visit.client.get(address), visit.client.get(person_of(visit, A)),
                   visit.client.post(address, data={"decision": "same", "why": "x"})):
        assert answer.status_code == 401
    confirm = html.fromstring(visit.client.post(address, data={"decision": "same", "why": "x"}, headers={"x-user": "u7"}).text)
    assert visit.client.post(address, data=hidden_of(confirm), headers={"x-user": "u7"}).status_code == 303
    assert next(iter(visit.identity.decisions())).who == "u7"


def test_nothing_of_patients_in_addresses_or_the_log_and_text_stays_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    nasty = "<script>alert(1)</script>"
    visit = Visit([*ALONE, who(B, nasty, "Ann", "1980-03-02", position="02")])
    address = pair_of(visit)
    visit.decide(address, decision="same", why=f"CANARY {nasty}")
    home = person_of(visit, A)
    for path in (home, address, f"{home}/history", f"{address}/radius"):
        assert nasty not in visit.client.get(path).text
        assert not any(told in path for told in ("P100", "G77", "CANARY", NUMBERS[0]))
    for told in ("P100", "CANARY", MUM["family"], NUMBERS[0], A, B):
        assert not [line for line in caplog.messages if told in line and "HTTP Request" not in line]


def test_every_field_has_a_label_and_every_region_a_name() -> None:
    visit = Visit(PAIR)
    for path in ("/identity/people", person_of(visit, A), pair_of(visit), f"{person_of(visit, A)}/history"):
        page = visit.get(path)
        labelled = set(page.xpath("//label/@for"))
        assert {node.get("id") for node in page.xpath("//input[not(@type='hidden')] | //textarea")} <= labelled
        assert all(node.get("aria-label") for node in page.xpath("//*[@role='region']"))
        assert len(page.xpath("//h1")) == 1 and len(set(page.xpath("//*/@id"))) == len(page.xpath("//*/@id"))


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("other", [{}, {"postcode": "AB1 2CD", "address": ["9 Long Lane"]}])
def test_likeness_does_not_tell_whether_a_restricted_person_lives_where_another_does(home: dict[str, Any], other: dict[str, Any]) -> None:
    """In all, and by the bits that are shown beside it."""
    shown = []
    for homes in (home, home), (home, other):
        identity = MadeIdentity([lives(one, **lived) for one, lived in zip((A, B), homes, strict=True)])
        visit = Visit(identity=identity, records=(held(identity, A, "pds-restricted"), held(identity, B)))
        rows = {text(row, "./th"): [text(cell, ".") for cell in row.xpath("./td")]
                for page in (visit.get(visit.task), visit.get(pair_of(visit))) for row in page.xpath("//table[caption]/tbody/tr")}
        shown.append({name: cells for name, cells in rows.items() if name.startswith("Likeness in all")})
        records = {each.person: each for each in (held(identity, A, "pds-restricted"), held(identity, B))}
        (task,) = (identity_cli._without_whereabouts(each.task, records) for each in identity.waiting())
        bits = sum(sum(each.weights) for each in task.evidence)
        assert task.scores[0] == pytest.approx(bits + scorer(built_in()).prior, abs=0.05)
    assert len(shown[0]) == 2 and list(shown[0].values()) == list(shown[1].values())
