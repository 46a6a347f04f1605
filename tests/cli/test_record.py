"""`mainstem record`: wrong numbers explained, and the record in the terminal with its gaps."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from deploy.stack.addresses import Endpoints
from mainstem import canonical
from mainstem.cli import record as command
from mainstem.cli import record_shown
from mainstem.cli.record_found import by_number, nothing_to_show
from mainstem.history import Ended, NobodyThenError, Past, Reader, iso
from mainstem.history.ended import ended
from mainstem.model import Assertion, Entry, Known, PartialList, RawRef, SourceState, Status
from mainstem.observe.connect import Connector
from mainstem.terminology import builtin
from mainstem.web.claimed import claimed
from mainstem.web.errors import AuditUnavailableError, StoreUnavailableError
from mainstem.web.page import as_json, page
from mainstem.web.record import Record
from mainstem.web.sources import Sources
from processors.identity.persons import numbered_person
from processors.reconcile.fold import fold_by
from schemas.codec import Codec
from tests.strategies import KEY
from tests.web import made
from tests.web.made import NOW, item, record, said, sources


def printed(one: Record, *, explain: bool = False, width: int = 160) -> str:
    given = sources(one)
    out = io.StringIO()
    record_shown.show(page(one, given, NOW), Console(file=out, width=width), explain=explain)
    return out.getvalue()


def test_a_number_leads_to_whom_the_cache_has_under_it_else_to_whom_it_names_else_to_whom_claims_give_it() -> None:
    log = Reader("127.0.0.1:9", Codec("http://127.0.0.1:9"), b"key", lambda _release: builtin(), seconds=1)
    under, named = record(), record(person=numbered_person(b"key", made.NUMBER), nhs_numbers=())
    assert by_number(made.NUMBER, made.MadeRecords(named, under), log) == ((under,), ())
    assert by_number(made.NUMBER, made.MadeRecords(named), log) == ((named,), ()), "no patient record gave the number"
    with pytest.raises(StoreUnavailableError, match="log of what was said"):
        by_number(made.NUMBER, made.MadeRecords(), log)


def test_nobody_and_somebody_without_entries_are_told_apart_and_both_are_audited() -> None:
    audit = made.MadeAudit()
    assert nothing_to_show(made.NUMBER, claimed([made.PERSON], made.MadeRecords(record())), audit, "me") == ""
    assert "No record with this NHS number is held" in nothing_to_show(made.NUMBER, claimed([], made.MadeRecords(record())), audit, "me")
    assert audit.events == [("me", "nobody", numbered_person(KEY, made.NUMBER), canonical.record_digest(0), 0)]
    assert "holds no entries about them" in nothing_to_show(made.NUMBER, claimed(["ab" * 16], made.MadeRecords(record())), audit, "me")
    assert audit.events[1:] == [("me", "listed", "ab" * 16, canonical.record_digest(0), 0)]
    for persons in (["ab" * 16], []):
        with pytest.raises(AuditUnavailableError):
            nothing_to_show(made.NUMBER, claimed(persons, made.MadeRecords()), made.MadeAudit(broken=True), "me")


def test_none_is_chosen_of_several_for_whom_a_number_is_not_verified() -> None:
    audit, one, other = made.MadeAudit(), record(nhs_numbers=()), record(person="ab" * 16, nhs_numbers=("9990000026",))
    for persons in ([one.person, other.person], [one.person, "cd" * 16]):
        why = nothing_to_show(made.NUMBER, claimed(persons, made.MadeRecords(one, other)), audit, "me")
        assert "2 persons are said to have this NHS number" in why
        assert [event[1:3] for event in audit.events[-2:]] == [("listed", person) for person in persons]
    assert nothing_to_show(made.NUMBER, claimed([one.person], made.MadeRecords(one)), audit, "me") == ""
    verified = claimed([record().person, other.person], made.MadeRecords(record(), other))
    assert nothing_to_show(made.NUMBER, verified, audit, "me") == "", "another that carries it is told of as a gap"


def test_whether_databases_are_captured_is_told_of_the_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[Any] = []

    @contextmanager
    def live(*given: Any) -> Iterator[Sources]:
        asked.append(given[5])
        yield sources(record(), connectors=lambda: [Connector("rxa_epr", ("FAILED",), topic="raw.rxa-epr.v1")])

    addresses = {"kafka": "127.0.0.1:9", "registry": "http://127.0.0.1:9", "redis": "redis://127.0.0.1:9/0", "connect": "http://connect"}
    monkeypatch.setattr("deploy.stack.endpoints", lambda _home: Endpoints(addresses))
    monkeypatch.setattr("mainstem.web.live.live", live)
    shown = CliRunner().invoke(command.app, [made.NUMBER, "--home", str(tmp_path), "--output", "json"])
    assert asked == ["http://connect"]
    assert any(gap.startswith("Not captured at this moment: RXA/epr.") for gap in json.loads(shown.output)["gaps"])


@pytest.mark.parametrize(("typed", "why"), [("9990000019", "check digit"), ("12345", "5 digits"), ("Ramsbottom", "other than digits")])
def test_wrong_number_is_explained_and_not_repeated(typed: str, why: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(command.app, [typed, "--home", str(tmp_path)])
    assert result.exit_code == 2
    assert why in result.output and typed not in result.output


@pytest.mark.parametrize(("asked", "why"), [
    (["--as-known-at", "2026-11-25T09:30:00"], "names no time zone"), (["--as-known-at", "1960-01-01"], "before 1970"),
    (["--changes", "2026-11-24", "2999-01-01"], "still to come"), (["--as-known-at", "now", "--changes", "2026-11-24", "now"], "not both"),
    (["--as-known-at", "now", "--withdrawn"], "as it is now"), (["--changes", "2026-11-24", "now", "--explain"], "at one moment"),
])
def test_what_does_not_go_together_and_what_is_no_moment_is_refused(asked: list[str], why: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(command.app, [made.NUMBER, *asked, "--home", str(tmp_path)])
    assert result.exit_code == 2 and why in result.output


def test_without_servers_it_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(command.app, [made.NUMBER, "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert "mainstem" in result.output


def test_record_with_its_gaps() -> None:
    out = printed(record([item("allergy"), item("problem")]))
    for expected in ("Allergy to penicillin", "Type 2 diabetes mellitus", "No information from A82038/gp", record().digest):
        assert expected in out


def test_related_entries_are_named() -> None:
    entries = [item("allergy", {"agent": made.coded("764146007", "Penicillin")}, fact="class"),
               item("medicine", {"product": made.coded("27658006", "Amoxicillin"), "status": "active", "view": "list"}, fact="taken")]
    out = " ".join(printed(record(entries)).split())
    assert "Caution: A medicine is taken that is" in out and "- Amoxicillin; allergy: Penicillin" in out
    by = f"(by code 764146007, terminology {builtin().release})"
    assert f"Taken despite the allergy: Penicillin {by}" in out and "Medicine taken despite it: Amoxicillin" in out
    data = msgspec.json.decode(as_json(page(record(entries), sources(record(entries)), NOW)))
    assert data["relations"] == [{"rule": "medicine.taken-despite-allergy", "entry": "taken", "other": "class", "code": "764146007",
                                  "release": builtin().release, "by_name": []}]


def test_medicines_of_one_line_of_products_are_named_at_each_other() -> None:
    entries = [item("medicine", {"product": made.coded(code, name), "status": "active", "view": "list"}, fact=code)
               for code, name in (("27658006", "Amoxicillin"), ("323509004", "Amoxicillin 250mg capsules"))]
    out = " ".join(printed(record(entries)).split())
    assert "A product of: Amoxicillin (by code 27658006" in out and "A product of it: Amoxicillin 250mg capsules (by code 27658006" in out
    assert "Caution" not in out, "it may be one and the same: said at the entries, not above them"


def test_an_empty_list_is_told_apart_from_silence() -> None:
    partial = (PartialList(kind="allergy", reasons=("confidential-items", "empty"), known=made.NOW),)
    out = " ".join(printed(record([item("problem")], sources=(
        SourceState(source="A82038/gp", patient="77", last_heard=made.NOW, epoch=1, kinds=("problem",), partial=partial),))).split())
    assert "The list that A82038/gp sent on 21 September 2026" in out and "left items out of the list it sent" in out
    assert "No information from A82038/gp" in out.split("left items out")[1], "under the other headings"


def test_explain_reaches_the_raw_message_and_the_losing_value() -> None:
    one = item("problem", provenance=(said(fields=("onset",)), said("A82038/gp", lost={"onset": "2015"})),
               rules={"onset": "problem.earliest"})
    out = printed(record([one]), explain=True)
    assert "raw.rxa-epr.v1 partition 1 offset 4711" in out
    assert "Onset: “2014”, said by RXA/epr [1], by problem.earliest" in out
    assert "A82038/gp [2] says “2015”, recorded 2 March 2019 at 10:15 UTC, known here" in out


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> made.MadeAudit:
    """The audit of the whole command, over a made record and a made log."""
    audit, ended = made.MadeAudit(), [Ended(withdrawn(), canonical.encode({"agent": {"text": "Latex"}}))]

    @contextmanager
    def live(*_given: Any) -> Iterator[Sources]:
        yield sources(record(), audit=audit)

    def by_number(_number: str, *moments: int) -> list[Past]:
        if min(moments) < made.NOW - 1_000_000_000:
            raise NobodyThenError(min(moments), None)
        return [Past(at, made.folded(made.entry(item("patient"))), builtin()) for at in moments]

    log = SimpleNamespace(seconds=1, key=KEY, ended=lambda *_: ended, by_number=by_number, called=lambda _number: ())
    nowhere = {"kafka": "127.0.0.1:9", "registry": "http://127.0.0.1:9", "redis": "redis://127.0.0.1:9/0"}
    monkeypatch.setattr("deploy.stack.endpoints", lambda _home: Endpoints(nowhere))
    monkeypatch.setattr("mainstem.web.live.live", live)
    monkeypatch.setattr("mainstem.web.history.reader", lambda *_: log)
    monkeypatch.setattr("mainstem.web.audit.opened", lambda *_: audit)
    monkeypatch.setattr("mainstem.web.stores.CachedRecords", lambda _url: made.MadeRecords(record()))
    return audit


def test_what_is_withdrawn_is_a_view_of_its_own_with_the_digest_of_what_it_said(seen: made.MadeAudit) -> None:
    shown = CliRunner().invoke(command.app, [made.NUMBER, "--withdrawn", "--output", "json", "--actor", "me"])
    assert "Allergy: Latex" in shown.output
    digest = canonical.record_digest(canonical.entry_digest("gone", canonical.encode({"agent": {"text": "Latex"}})))
    assert seen.events == [("me", "record", made.PERSON, record().digest, record().known),
                           ("me", "withdrawn", made.PERSON, digest, withdrawn().known)]


@pytest.mark.parametrize(("asked", "views"), [
    (["--as-known-at", "2026-09-20"], [("as-known", made.PERSON)]),
    (["--changes", "2026-09-20", "2026-09-21"], [("compared", made.PERSON)] * 2),
    (["--as-known-at", "2020-01-01"], [("nobody", numbered_person(KEY, made.NUMBER))])])
def test_each_look_at_the_past_is_audited_with_its_moment(seen: made.MadeAudit, asked: list[str], views: list[tuple[str, str]]) -> None:
    CliRunner().invoke(command.app, [made.NUMBER, *asked, "--actor", "me"])
    assert [event[1:3] for event in seen.events] == views
    assert [iso(at)[:10] for at in seen.moments] == ([] if views[0][0] == "nobody" else asked[1:])


def withdrawn(fact: str = "gone", **changes: Any) -> Entry:
    one = made.entry(item("allergy", fact=fact, provenance=(said(record="allergy/1"),), rules={"*": "record.retracted"}))
    return msgspec.structs.replace(one, **({"status": "withdrawn", "content": b"{}"} | changes))


def test_withdrawn_entries_say_what_they_said_by_which_rule_they_ended_and_what_came_instead() -> None:
    stands = item("allergy", fact="stands")
    content = canonical.encode({"agent": {"text": "Latex"}})
    gone = [Ended(withdrawn(successor="stands"), content), Ended(withdrawn("other", successor="elsewhere"), None)]
    shown = page(record([stands]), sources(record([stands])), NOW)
    out = io.StringIO()
    record_shown.show_withdrawn(gone, shown, Console(file=out, width=160))
    for expected in ("Allergy: Latex", "record.retracted: the source says that its record was entered in error",
                     "raw.rxa-epr.v1 partition 1",
                     "ended by RXA/epr, its patient P100, record allergy/1, recorded 2 March 2019 at 10:15 UTC",
                     "in its place: Allergy to penicillin (fact stands)", "Allergy: what it said cannot be told any more",
                     "in its place: an entry that is no more either (fact elsewhere)"):
        assert expected in out.getvalue()
    data = record_shown.data(shown, gone, explain=False, withdrawn=True)
    assert [(one["fact"], one["title"], one["successor"], one["rule"]["id"]) for one in data["withdrawn"]] == [
        ("gone", "Allergy: Latex", "stands", "record.retracted"),
        ("other", "Allergy: what it said cannot be told any more", "elsewhere", "record.retracted")]
    assert data["withdrawn"][0]["ended_by"][0]["raw"]["offset"] == 4711
    assert "withdrawn" not in record_shown.data(shown, gone, explain=False, withdrawn=False)


def test_nothing_withdrawn_is_said_so() -> None:
    out = io.StringIO()
    record_shown.show_withdrawn([], page(record(), sources(record()), NOW), Console(file=out))
    assert "Nothing has been withdrawn from this record" in out.getvalue()


def test_what_a_withdrawn_entry_said_is_worked_out_from_what_its_records_had_said() -> None:
    raw = RawRef("raw.rxa-epr.v1", 0, 7)
    told = [Known(Assertion(source="RXA/epr", patient="1", record=f"allergy/{n}", kind="allergy", position="1", raw=raw,
                            content=canonical.encode({"agent": {"text": agent}})), n, 0, n) for n, agent in enumerate(("Latex", "Dust"))]
    back = Known(msgspec.structs.replace(told[0].assertion, position="2", status=Status.RETRACTED, content=b"{}"), 9, 0, 9)
    facts = {canonical.decode(entry.content)["agent"]["text"]: entry for entry in fold_by(told, lambda _: "p", builtin())["p"].entries}
    latest = [facts["Dust"], msgspec.structs.replace(facts["Latex"], status="withdrawn", content=b"{}"), withdrawn("nobody's")]
    found = ended(latest, [*told, back], "p", builtin())
    assert {one.entry.fact: one.content for one in found} == {facts["Latex"].fact: facts["Latex"].content, "nobody's": None}


def test_terminal_obeys_nothing_in_a_record() -> None:
    hostile = "\x1b]0;owned\x07[bold]not markup[/bold]"
    out = printed(record([item("problem", {"code": {"text": hostile}})]))
    assert "\x1b]" not in out and "\x07" not in out
    assert "[bold]not markup[/bold]" in out
