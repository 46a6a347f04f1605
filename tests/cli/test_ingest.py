"""`mainstem ingest hl7`, `pds` and `optout`: the dry run's report, messages for what is wrong, and the page that names every reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mainstem.cli.ingest import app
from producers.contract import RawMessage
from producers.fhir.errors import TooLargeError
from producers.hl7.reasons import Reason as Hl7Reason
from producers.optout.reasons import Reason as OptOutReason
from producers.pds.reasons import Reason as PdsReason
from producers.processing import PROCESSING_HEADER
from schemas.kafka import MAX_BYTES
from tests.producers.hl7.test_hl7_identity import admitted, message, mrg, pid
from tests.producers.pds.test_pds_format import answers, entry
from tests.producers.pds.test_pds_identity import NEW, OLD, patient

DOCS = Path(__file__).resolve().parents[2] / "docs" / "hl7.md"


def ingest(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--dry-run"])


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "adt.hl7"
    messages = (admitted("1"), message("A40", "0201100000", pid("1"), mrg("2")), message("A40", "0201100000", pid("1")), b"junk")
    path.write_bytes(b"\n\n".join(messages))
    return str(path)


def test_a_dry_run_reports_every_message(file: str) -> None:
    done = ingest("hl7", file, "--source", "RXA/pas", "--authority", "RXA", "--output", "json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["dry_run"], found["files"], found["published"], found["sources"]) == (True, 1, 0, {"RXA/pas": 4})
    assert [(each["type"], each["result"], each["reason"], each["count"]) for each in found["outcomes"]] == [
        ("ADT^A28", "assertions", "", 1), ("ADT^A40", "assertions", "", 1), ("ADT^A40", "quarantined", "unidentified", 1),
        ("message", "quarantined", "unreadable", 1)]
    assert all(each["file"] == file and each["what to do"] for each in found["quarantined"])


def test_the_authority_decides_whose_number_it_is(file: str) -> None:
    done = ingest("hl7", file, "--source", "RXA/pas", "--authority", "RXB", "--output", "json")
    assert {each["reason"] for each in json.loads(done.stdout)["outcomes"]} == {"unidentified", "unreadable"}


def test_the_table_says_what_to_do(file: str) -> None:
    shown = " ".join(ingest("hl7", file, "--source", "RXA/pas").stdout.split())
    assert "MRG-1 holds no patient number of this source" in shown
    assert "messages read, nothing published: 4; sources: RXA/pas (4)" in shown


@pytest.mark.parametrize("output", ["table", "json"])
def test_who_gives_test_data_is_told_which_option_takes_it_in(tmp_path: Path, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "training.hl7"
    path.write_bytes(b"\n\n".join(each.replace(b"|P|2.4", b"|T|2.4") for each in (admitted("1"), admitted("2"))))
    ignored = ingest("hl7", str(path), "--source", "RXA/pas", "--output", output)
    assert ignored.exit_code == 0 and "not-production" in ignored.stdout
    assert "ignored as test data: 2 messages" in ignored.stderr and "--processing training" in ignored.stderr
    taken = ingest("hl7", str(path), "--source", "RXA/pas", "--output", output, "--processing", "Training")
    monkeypatch.setenv("MAINSTEM_PROCESSING", "training")
    everywhere = ingest("hl7", str(path), "--source", "RXA/pas", "--output", output)
    for found in (taken, everywhere):
        assert found.exit_code == 0 and "assertions" in found.stdout and "ignored" not in found.stderr


@pytest.mark.parametrize("said", [(), ("--processing", "training")])
@pytest.mark.parametrize("kind", ["hl7", "fhir"])
def test_what_a_feed_is_of_travels_with_its_messages(kind: str, said: tuple[str, ...], tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.fhir.publish.Publisher", Broker)
    path = tmp_path / "message"
    path.write_bytes(admitted("1") if kind == "hl7" else b'{"resourceType": "Patient", "id": "1"}')
    done = CliRunner().invoke(app, [kind, str(path), "--source", "RXA/pas", "--kafka", "127.0.0.1:9", *said])
    assert done.exit_code == 0, done.stderr
    assert Broker.last.headers.get(PROCESSING_HEADER) == (b"training" if said else None)


def test_answers_of_pds_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(answers(entry(OLD, patient(NEW)), entry(OLD, patient(OLD)))))
    done = ingest("pds", str(path), "--output", "json")
    found = json.loads(done.stdout)
    assert [(each["result"], each["reason"]) for each in found["outcomes"]] == [("assertions", "")]
    assert [each["count"] for each in found["outcomes"]] == [2]
    assert OLD not in done.stdout


def test_a_check_for_opt_outs_is_reported_line_by_line(tmp_path: Path) -> None:
    asked, returned = tmp_path / "asked.dat", tmp_path / "returned.dat"
    asked.write_text(f"{OLD},\n{NEW},\n9990000019,\n")
    returned.write_text(f"{NEW},\n")
    done = ingest("optout", str(asked), str(returned), "--checked", "2026-11-25T09:30:00Z", "--output", "json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(each["type"], each["result"], each["reason"], each["count"]) for each in found["outcomes"]] == [
        ("check", "quarantined", "no-number", 1), ("not opted out", "assertions", "", 1), ("opted out", "assertions", "", 1)]
    assert found["sources"] == {"X26/opt-out": 1} and [each["item"] for each in found["quarantined"]] == ["line/3"]
    assert OLD not in done.stdout


def test_files_of_two_checks_are_published_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.fhir.publish.Publisher", Broker)
    (tmp_path / "asked.dat").write_text(f"{OLD},\n" * 20_000)
    (tmp_path / "returned.dat").write_text(f"{OLD},\n{NEW},\n")
    files = (str(tmp_path / "asked.dat"), str(tmp_path / "returned.dat"))
    done = CliRunner().invoke(app, ["optout", *files, "--checked", "2026-11-25T09:30:00Z", "--kafka", "127.0.0.1:9"])
    assert done.exit_code == 2 and Broker.last.handed == 0
    assert "were not asked about" in done.stderr


@pytest.mark.parametrize(("source", "told"), [("RXA/epr", True), ("RXA/pas", False)])
def test_files_of_a_source_that_has_a_database_are_read_and_pointed_out(file: str, source: str, told: bool) -> None:
    done = ingest("hl7", file, "--source", source, "--output", "json")
    assert done.exit_code == 0 and json.loads(done.stdout)["sources"] == {source: 4}
    assert ("is read from its database too" in done.stderr) is told


@pytest.mark.parametrize(("arguments", "told"), [
    (("hl7", "nowhere.hl7", "--source", "RXA/pas"), "no such file or folder"), (("hl7", __file__, "--source", "x"), "is not a source"),
    (("hl7", __file__, "--source", "RXA/pas", "--authority", "a~b"), "without separators"), (("pds", "nowhere.json"), "no such file"),
    *((("fhir", __file__, "--exported", said), "give a time with its zone") for said in ("2026-11-25", "2026-11-25T09:30", "noon", "TZ")),
    (("fhir", __file__, "--exported", "2999-01-01T00:00:00Z"), "still to come"),
    (("hl7", __file__, "--source", "RXA/pas", "--processing", "T"), "is not one of 'production', 'training'"),
    (("optout", __file__, __file__, "--checked", "2026-11-25"), "give a time with its zone"),
    (("optout", __file__, __file__, "--checked", "2999-01-01T00:00:00Z"), "still to come"),
    (("optout", __file__, __file__, "--checked", "2026-11-25T09:30:00Z"), "holds no valid NHS number"),
    (("optout", __file__, "nowhere.dat", "--checked", "2026-11-25T09:30:00Z"), "does not exist")])
def test_mistakes_get_a_message(arguments: tuple[str, ...], told: str) -> None:
    done = ingest(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_damaged_gzip_and_an_empty_folder_get_a_message(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x1f\x8bdamaged")
    assert "cut short" in ingest("hl7", str(tmp_path / "a"), "--source", "RXA/pas").stderr
    assert ".hl7" in ingest("hl7", str(tmp_path), "--source", "RXA/pas").stderr


def test_a_message_that_no_broker_takes_is_named_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "scan.hl7"
    path.write_bytes(message("A08", "0101080000", pid("1")) + b"\rOBX|1|ED|||" + b"x" * MAX_BYTES)
    done = CliRunner().invoke(app, ["hl7", str(path), "--source", "RXA/pas", "--kafka", "127.0.0.1:9"])
    assert done.exit_code == 2
    assert f"{path}: a message of" in done.stderr


class Broker:
    """A Publisher whose messages are published once it is closed."""

    last: Broker

    def __init__(self, _: str) -> None:
        self.handed = self.published = 0
        Broker.last = self

    def publish(self, message: RawMessage, _: str) -> None:
        if len(message.value or b"") > MAX_BYTES:
            raise TooLargeError(len(message.value or b""), MAX_BYTES)
        self.handed += 1
        self.headers = message.headers

    def close(self) -> None:
        self.published = self.handed


@pytest.mark.parametrize(("first", "second", "arguments"), [
    (message("A28", "0101080000", pid("1")), ("b.hl7.gz", b"\x1f\x8bnope"), ("hl7", "--source", "RXA/pas")),
    (message("A28", "0101080000", pid("1")), ("b.hl7", message("A28", "0101080000", pid("1")) + b"x" * MAX_BYTES),
     ("hl7", "--source", "RXA/pas")),
    (json.dumps(answers(entry(OLD, patient(NEW)))).encode(), ("b.json.gz", b"\x1f\x8bnope"), ("pds",)),
    (b"{}", ("b.json", b" " * MAX_BYTES + b"{}"), ("fhir", "--source", "RXA/epr2"))], ids=("damaged", "too-large", "pds", "fhir"))
def test_what_was_read_before_a_file_that_ends_it_is_published_and_counted(
        first: bytes, second: tuple[str, bytes], arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.fhir.publish.Publisher", Broker)
    (tmp_path / f"a.{'hl7' if arguments[0] == 'hl7' else 'json'}").write_bytes(first)
    (tmp_path / second[0]).write_bytes(second[1])
    done = CliRunner().invoke(app, [*arguments, str(tmp_path), "--kafka", "127.0.0.1:9"])
    assert done.exit_code == 2, done.output
    assert (Broker.last.handed, Broker.last.published) == (1, 1)
    assert "1 of the 1 messages read before this were published" in done.stderr


def test_the_broker_has_everything_when_it_ends(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.fhir.publish.Publisher", Broker)
    done = CliRunner().invoke(app, ["hl7", file, "--source", "RXA/pas", "--kafka", "127.0.0.1:9"])
    assert (done.exit_code, Broker.last.published) == (0, 4) and "ended early" not in done.stderr


@pytest.mark.parametrize("reason", [*Hl7Reason, *PdsReason, *OptOutReason])
def test_the_documentation_has_every_reason(reason: Hl7Reason | OptOutReason | PdsReason) -> None:
    page = DOCS.with_name("optout.md") if isinstance(reason, OptOutReason) else DOCS
    assert f"| `{reason}` | {reason.todo} |" in page.read_text()


def test_a_file_of_which_nothing_can_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    done = CliRunner().invoke(app, ["fhir", str(tmp_path / "empty.json"), "--dry-run"])
    assert done.exit_code == 0
    assert f"{tmp_path / 'empty.json'}: the file is empty" in done.stdout
