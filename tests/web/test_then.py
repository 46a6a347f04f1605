"""The pages of the past, rendered from made records: which moment, what is said of it, what is audited, and how they fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from lxml import html
from starlette.testclient import TestClient

from mainstem.history import Past, iso
from mainstem.kinds.facts import NoTerms
from mainstem.model import SourceState
from mainstem.terminology import builtin
from mainstem.web.app import build
from mainstem.web.errors import StoreUnavailableError
from mainstem.web.past import moments
from mainstem.web.record import Record
from mainstem.web.settings import WebSettings
from mainstem.web.sources import Sources
from tests.web import made
from tests.web.made import NOW, PERSON, MadeAudit, MadeHistory, entry, folded, item, record, said, sources

THEN = folded(entry(item("patient")), entry(item("problem")))
LATER = folded(entry(item("patient")), entry(item("problem", made.CONTENTS["problem"] | {"status": "inactive"})), entry(item("allergy")))
AT = "2026-01-05T10:00:00Z"


def client(given: Sources) -> TestClient:
    return TestClient(build(given, WebSettings()), base_url="http://127.0.0.1", raise_server_exceptions=False)


def text(answer: Any, path: str = "//main") -> str:
    return " ".join(" ".join(node.text_content().split()) for node in html.fromstring(answer.text).xpath(path))


class Story(MadeHistory):
    """`THEN` until 2026-06-01, `LATER` after."""

    def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
        self.asked.append((person, tuple(besides), moments))
        return [Past(at, LATER if at > 1_780_272_000_000 else THEN, builtin()) for at in moments]


class Unread(MadeHistory):
    def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
        raise StoreUnavailableError("log of what was said", "it could not be read to that moment within 20 s")


def test_that_rules_of_another_edition_were_in_force_is_said() -> None:
    class Elder(Story):
        def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
            return [past._replace(rules="0") for past in super().by_person(person, besides, *moments)]

    told = "Rules of edition 0 were in force then."
    for history, so in ((Elder(), True), (Story(), False)):
        answer = client(sources(record(), history=history)).get(f"/people/{PERSON}/then", params={"at": "2026-07-01T00:00"})
        assert (told in text(answer)) is so
        answer = client(sources(record(), history=history)).get(f"/people/{PERSON}/changes?from={AT}&to=2026-07-01T00:00")
        assert text(answer).count(told) == (2 if so else 0), "of both moments"


def test_relations_are_of_the_moment_and_by_its_terminology() -> None:
    """The allergy was not known before June; the terminology in force then is asked, not that of today."""
    class Elder(NoTerms):
        release = "elder@0123456789ab"

        def agent(self, concept: dict[str, Any]) -> str | None:
            return "agent"

        def agents(self, concept: dict[str, Any]) -> tuple[str, ...]:
            return ("agent",)

    taken = item("medicine", {"product": made.coded("1", "Amoxicillin"), "status": "active", "view": "list"}, fact="taken")
    before, after = folded(entry(taken)), folded(entry(taken), entry(item("allergy", fact="to")))

    class Told(MadeHistory):
        def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
            return [Past(at, after if at > 1_780_272_000_000 else before, Elder()) for at in moments]

    asked = client(sources(record(), history=Told()))
    at = {moment: asked.get(f"/people/{PERSON}/then", params={"at": moment}) for moment in ("2026-05-01T00:00", "2026-07-01T00:00")}
    assert [("Taken despite the allergy" in text(answer), f"terminology {Elder.release};" in text(answer)) for answer in at.values()] == [
        (False, False), (True, True)]
    data = [asked.get(f"/people/{PERSON}/then.json", params={"at": moment}).json()["relations"] for moment in at]
    assert data == [[], [{"rule": "medicine.taken-despite-allergy", "entry": "taken", "other": "to", "code": "agent",
                          "release": Elder.release, "by_name": ["entry", "other"]}]]


def test_the_record_page_offers_the_moments_at_which_something_became_known() -> None:
    one = record([item("problem", provenance=(said(known=NOW - 90_500), said("A82038/gp", known=NOW - 60_000)))])
    tree = html.fromstring(client(sources(one)).get(f"/people/{PERSON}").text)
    (form,) = tree.xpath("//form[@data-moments]")
    assert (form.get("method"), form.get("action")) == ("get", f"/people/{PERSON}/then")
    given = form.get("data-moments").split()
    assert given == sorted(given) == list(moments(one, NOW)) and len(given) == 3
    assert all(re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d", moment) for moment in given)
    links = tree.xpath("//details//a[contains(@href, '/then?at=')]/@href")
    assert [link.partition("at=")[2] for link in links] == [f"{moment}Z" for moment in reversed(given)]


def test_no_moment_is_offered_at_which_what_it_is_offered_for_was_not_known() -> None:
    one = record([], sources=(SourceState(source="RXA/epr", patient="1", last_heard=NOW - 300, epoch=1),))
    assert moments(one, NOW - 200, [NOW - 90_500, NOW - 60_000]) == (iso(NOW - 90_000)[:19], iso(NOW - 60_000)[:19])
    assert moments(one, NOW) == (iso(NOW)[:19],)


@pytest.mark.parametrize("asked", [AT, "2026-01-05T10:00:00", "2026-01-05T10:00", "2026-01-05T11:00:00%2B01:00"])
def test_the_page_says_that_it_is_not_now(asked: str) -> None:
    history = Story()
    answer = client(sources(record(), history=history)).get(f"/people/{PERSON}/then?at={asked}")
    assert answer.status_code == 200
    assert "As known at 5 January 2026 at 10:00:00 UTC, not now" in text(answer, "//*[@role='region']")
    shown = text(answer)
    assert "Type 2 diabetes mellitus" in shown and "Allergy to penicillin" not in shown
    assert THEN.digest in shown and builtin().release in shown and not re.search(r", version [01]\b", shown)
    assert "in quarantine or being handed over at that moment is not told here" in shown
    assert history.asked == [(PERSON, ("RXA/epr|P100", "A82038/gp|77"), (1_767_607_200_000,))]


def test_the_past_has_every_moment_that_the_log_knows_as_a_stop_also_of_what_is_no_more() -> None:
    gone = 1_767_700_000_000

    class Told(Story):
        def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
            return [past._replace(stops=(gone,)) for past in super().by_person(person, besides, *moments)]

    def offered(answer: Any) -> list[str]:
        return html.fromstring(answer.text).xpath("//form[@data-moments]")[0].get("data-moments").split()

    visitor = client(sources(record(), history=Told()))
    then, now = offered(visitor.get(f"/people/{PERSON}/then?at={AT}")), offered(visitor.get(f"/people/{PERSON}"))
    assert set(then) - set(now) == {"2026-01-06T11:46:40"} and then == sorted(then)


def test_what_changed_since_names_both_values() -> None:
    visitor = client(sources(record(), history=Story()))
    tree = html.fromstring(visitor.get(f"/people/{PERSON}/then?at={AT}").text)
    (link,) = tree.xpath("//a[contains(@href, '/changes?')]/@href")
    shown = text(visitor.get(link))
    assert "before: active" in shown and "after: inactive" in shown and "Allergy to penicillin" in shown and "Gone" not in shown
    back = text(visitor.get(f"/people/{PERSON}/changes?from=now&to={AT}"))
    assert "Gone" in back and "before: inactive" in back
    assert "Nothing changed." in text(visitor.get(f"/people/{PERSON}/changes?from={AT}&to={AT}"))


def test_the_json_is_the_record_of_then() -> None:
    data = client(sources(record(), history=Story())).get(f"/people/{PERSON}/then.json?at={AT}").json()
    assert (data["as_known_at"], data["digest"]) == ("2026-01-05T10:00:00.000Z", THEN.digest)
    assert [one["content"] for one in data["entries"]] == [made.CONTENTS["patient"], made.CONTENTS["problem"]]


@pytest.mark.parametrize(("path", "why"), [
    ("then?at=yesterday", "is no time"), ("then", "is no time"), ("then?at=2999-01-01", "still to come"),
    (f"changes?from={AT}", "is no time"), ("then?at=%3Cscript%3E", "is no time"),
])
def test_a_wrong_moment_is_explained_at_the_field(path: str, why: str) -> None:
    answer = client(sources(record())).get(f"/people/{PERSON}/{path}")
    tree = html.fromstring(answer.text)
    assert answer.status_code == 400 and why in text(answer, "//*[@id='at-error']")
    assert tree.xpath("//input[@id='at']/@aria-invalid") == ["true"] and tree.findtext(".//title").startswith("Error:")
    assert not tree.xpath("//script")


@pytest.mark.parametrize("path", [f"then?at={AT}", f"then.json?at={AT}", f"changes?from={AT}&to=now"])
class TestEveryView:
    def test_is_audited_with_what_was_seen(self, path: str) -> None:
        audit = MadeAudit()
        client(sources(record(), history=Story(), audit=audit)).get(f"/people/{PERSON}/{path}")
        view, digests = ("compared", [THEN.digest, LATER.digest]) if "changes" in path else ("as-known", [THEN.digest])
        assert [iso(at)[:20] for at in audit.moments[:1]] == ["2026-01-05T10:00:00."] and len(audit.moments) == len(digests)
        assert audit.events == [("web", view, PERSON, digest, NOW - 3_600_000) for digest in digests]

    def test_without_audit_shows_nothing(self, path: str) -> None:
        answer = client(sources(record(), history=Story(), audit=MadeAudit(broken=True))).get(f"/people/{PERSON}/{path}")
        assert answer.status_code == 503 and "audit of this view" in answer.text
        assert "RAMSBOTTOM" not in answer.text.upper() and "diabetes" not in answer.text

    def test_says_where_the_log_cannot_be_read(self, path: str) -> None:
        answer = client(sources(record(), history=Unread())).get(f"/people/{PERSON}/{path}")
        assert answer.status_code == 503 and "could not be read to that moment within 20 s" in answer.text

    @pytest.mark.parametrize(("today", "tag"), [
        ([record()], ""),
        ([record([item("patient", labels=("pds-restricted",))])], "Restricted: where they are is withheld"),
        ([], "May be restricted today"),
        ([record(sources=record().sources[1:])], "May be restricted today"),
        ([record(sources=record().sources[1:]), record(person="ab" * 16)], ""),
        ([record(sources=record().sources[1:]), record([item("patient", labels=("pds-restricted",))], person="ab" * 16)], "Restricted: "),
    ], ids=["known", "restricted", "nothing held", "one has left", "one has left, and is known", "one has left, and is restricted"])
    def test_tells_where_someone_lived_only_where_nobody_of_it_may_be_restricted_today(
        self, path: str, today: list[Record], tag: str
    ) -> None:
        shown = client(sources(*today, history=Story())).get(f"/people/{PERSON}/{path}").text
        if "changes" not in path:
            assert ("ZZ99 3CZ" in shown) == ("Testham" in shown) == (not tag)
            assert "json" in path or tag in shown
        assert not tag or ("ZZ99 3CZ" not in shown and "Testham" not in shown and "Postcode" not in shown)

    def test_is_well_made(self, path: str) -> None:
        answer = client(sources(record(), history=Story())).get(f"/people/{PERSON}/{path}")
        assert answer.headers["cache-control"] == "no-store"
        if "json" not in path:
            tree = html.fromstring(answer.text)
            assert len(tree.xpath("//h1")) == 1 and len(tree.xpath("//main[@id='main']")) == 1
            assert all(tree.xpath(f"//label[@for='{one}']") for one in tree.xpath("//input/@id"))
            ids = tree.xpath("//@id")
            assert len(ids) == len(set(ids)) and "style=" not in answer.text
            assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//", answer.text)


@pytest.mark.parametrize("path", [f"then?at={AT}", f"then.json?at={AT}"])
def test_where_someone_is_is_withheld_also_where_it_is_restricted_today_under_another_number(path: str) -> None:
    class Moved(Story):
        def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
            return [past._replace(today=("ab" * 16,)) for past in super().by_person(person, besides, *moments)]

    for labels, told in ((("pds-restricted",), False), ((), True)):
        now = record([item("patient", labels=labels)], person="ab" * 16, nhs_numbers=("9990000034",))
        answer = client(sources(now, history=Moved())).get(f"/people/{PERSON}/{path}")
        assert answer.status_code == 200 and [where in answer.text for where in ("ZZ99 3CZ", "Testham")] == [told, told]


def test_a_person_of_whom_nothing_was_known_then() -> None:
    answer = client(sources(record())).get(f"/people/{PERSON}/then?at={AT}")
    assert answer.status_code == 200 and "Nothing was known of this person at that moment" in text(answer)
    assert client(sources()).get(f"/people/{PERSON}/then?at={AT}").status_code == 404


def test_a_person_that_is_no_more_is_still_shown_as_then() -> None:
    answer = client(sources(history=Story())).get(f"/people/{PERSON}/then?at={AT}")
    assert answer.status_code == 200 and "Type 2 diabetes mellitus" in text(answer)


def test_who_was_held_as_somebody_else_is_told() -> None:
    class Elsewhere(Story):
        def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
            return [past._replace(elsewhere=(("A82038/gp|77", "ab" * 16),)) for past in super().by_person(person, besides, *moments)]

    answer = client(sources(record(), history=Elsewhere())).get(f"/people/{PERSON}/then?at={AT}")
    assert "A82038/gp patient 77 was with another record at that moment" in text(answer)
    assert html.fromstring(answer.text).xpath(f"//a[@href='/people/{'ab' * 16}/then?at=2026-01-05T10:00:00.000Z']")


def test_an_entry_is_explained_field_by_field() -> None:
    one = item("problem", rules={"onset": "fact.most-recently-recorded", "*": "record.greatest-version"}, provenance=(
        said(fields=("code", "onset", "status", "significance")), said("A82038/gp", lost={"onset": "2015"}, recorded=None)))
    shown = text(client(sources(record([one]))).get(f"/people/{PERSON}"), "//details")
    assert "Onset 2014 said by RXA/epr [1]" in shown
    assert "A82038/gp says “2015” (rule fact.most-recently-recorded decided), when recorded is not said, known here" in shown
    assert "of several records that speak of one fact, the one recorded last decides a field (design.md" in shown
    assert "[1] SourceRXA/epr, recorded 2 March 2019 at 10:15 UTC, known here" in shown and "offset 4711" in shown


def test_of_the_past_a_heading_shows_what_today_has_pages_for() -> None:
    many = folded(*(entry(item("problem", fact=f"problem-{number}")) for number in range(60)))
    answer = client(sources(record(), history=MadeHistory(**{PERSON: many}))).get(f"/people/{PERSON}/then?at={AT}")
    assert len(html.fromstring(answer.text).xpath("//article")) == 60 and "Showing 50" not in answer.text


def test_a_hostile_past_stays_text() -> None:
    hostile = '"><script>alert(1)</script>'
    bad = folded(entry(item("problem", {"code": {"text": hostile}}, fact=hostile, sources=(hostile,))),
                 sources=(SourceState(source=hostile, patient=hostile, last_heard=NOW, epoch=-1),))
    history = MadeHistory(**{PERSON: bad})
    for path in (f"then?at={AT}", f"changes?from={AT}&to=now"):
        tree = html.fromstring(client(sources(record(), history=history)).get(f"/people/{PERSON}/{path}").text)
        assert not tree.xpath("//script[not(@src)]")
