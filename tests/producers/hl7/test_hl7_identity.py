"""HL7 ADT identity events by the rules of HL7 UK A.3: the person map before a message and after it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from mainstem import canonical, versions
from mainstem.model import Claim, RawRef
from processors.identity.linker import assign, review
from producers.hl7.er7 import parse
from producers.hl7.identity import Feed, UnidentifiedError, claims, event_of
from tests.processors.identity.test_persons import link, number, unlink, who
from tests.strategies import KEY, NUMBERS, THIRD

N1, N2 = NUMBERS
FEED = Feed("RXA/hl7", frozenset({"RXA"}))
CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpora" / "hl7v2-events"


def message(event: str, at: str, *segments: str) -> bytes:
    """One ER7 message of 2026; `at` is its time and, without more, its control id."""
    return "\r".join((f"MSH|^~\\&|PAS|RXA|||2026{at}||ADT^{event}|{at}|P|2.4", f"EVN|{event}|2026{at}", *segments)).encode()


def pid(local: str, nhs: str = "", status: str = "", name: str = "", born: str = "", sex: str = "", pseudo: str = "",
        home: str = "") -> str:
    ids = f"{local}^^^RXA^MR" + (f"~{nhs}^^^NHS^NH" if nhs else "")
    fields = {3: ids, 5: name, 7: born, 8: sex, 11: home, 31: pseudo, 32: f"NSTS{status}" if status else ""}
    return "PID|" + "|".join(fields.get(place, "") for place in range(1, 33))


def mrg(local: str) -> str:
    return f"MRG|{local}^^^RXA^MR"


def said(*messages: bytes) -> list[Claim]:
    return [claim for n, each in enumerate(messages) for claim in claims(parse(each), FEED, RawRef("raw.rxa-hl7.v1", 0, n))]


def persons(found: list[Claim]) -> str:
    """`1 2 / 3`: who is with whom; other sources' patients with their source."""
    sides: dict[str, list[str]] = {}
    for subject, placed in assign(found, KEY).items():
        if not subject.startswith("X26"):
            sides.setdefault(placed.person, []).append(subject.removeprefix("RXA/hl7|"))
    return " / ".join(sorted(" ".join(sorted(side)) for side in sides.values()))


def admitted(local: str, nhs: str = "", status: str = "01", name: str = "", born: str = "", at: str = "0101080000") -> bytes:
    return message("A28", at, pid(local, nhs, status if nhs else "", name, born, "F"))


ANN, BEN = ("ARCHER^ANN", "19800302"), ("BELL^BEN", "19910405")
ANNA, BENN = admitted("1", "", "", *ANN), admitted("2", "", "", *BEN)

CASES = {
    "A40 merges: PID-3 survives": (
        [admitted("1"), admitted("2")], [message("A40", "0201100000", pid("1"), mrg("2"))], "1 / 2", "1 2"),
    "A40 brings the merged one's number to the survivor": (
        [admitted("1"), admitted("2", N1), admitted("3", N1)], [message("A40", "0201100000", pid("1"), mrg("2"))], "1 / 2 3", "1 2 3"),
    "A40 with several pairs": (
        [admitted(each) for each in "1234"],
        [message("A40", "0201100000", pid("1"), mrg("2"), pid("3"), mrg("4"))], "1 / 2 / 3 / 4", "1 2 / 3 4"),
    "A40 after A40: a chain is one person": (
        [admitted(each) for each in "123"],
        [message("A40", "0201100000", pid("1"), mrg("2")), message("A40", "0202100000", pid("3"), mrg("1"))], "1 / 2 / 3", "1 2 3"),
    "A40 put right by a later A40 of the same patient": (
        [admitted(each) for each in "123"],
        [message("A40", "0201100000", pid("1"), mrg("2")), message("A40", "0202100000", pid("3"), mrg("2"))], "1 / 2 / 3", "1 / 2 3"),
    "A40 never joins two verified numbers": (
        [admitted("1", N1), admitted("2", N2)], [message("A40", "0201100000", pid("1"), mrg("2"))], "1 / 2", "1 / 2"),
    "A40 does not change demographics or numbers": (
        [admitted("1", N1, "01", *ANN), admitted("2"), admitted("3", N2)],
        [message("A40", "0201100000", pid("1", N2, "01", *BEN), mrg("2"))], "1 / 2 / 3", "1 2 / 3"),
    "A40 and then the A31 that follows it": (
        [admitted("1", N1), admitted("2"), admitted("3", N2)],
        [message("A40", "0201100000", pid("1"), mrg("2")), message("A31", "0201100001", pid("1", N2, "01"))], "1 / 2 / 3", "1 2 3"),
    "A40 of another trust's number says nothing here": (
        [admitted("1"), admitted("2")], [message("A40", "0201100000", pid("1"), "MRG|2^^^RXB^MR~2^^^RXA^MR")], "1 / 2", "1 2"),
    "A34 merges": ([admitted("1"), admitted("2")], [message("A34", "0201100000", pid("1"), mrg("2"))], "1 / 2", "1 2"),
    "A34 against A40: A40 wins, although it is older": (
        [admitted(each) for each in "123"],
        [message("A40", "0201100000", pid("1"), mrg("2")), message("A34", "0301100000", pid("3"), mrg("2"))], "1 / 2 / 3", "1 2 / 3"),
    "A47 corrects an id: what the wrong one held is the right one's": (
        [admitted("10", N1)], [message("A47", "0201100000", pid("11"), mrg("10")), admitted("11", N1, at="0201100001")], "10", "10 11"),
    "A47 to an id that stood already, of somebody else": (
        [admitted("10", N1), admitted("11", N2)], [message("A47", "0201100000", pid("11"), mrg("10"))], "10 / 11", "10 / 11"),
    "A47 to an id that stood already, of somebody else, without numbers": (
        [ANNA, BENN], [message("A47", "0201100000", pid("1"), mrg("2"))], "1 / 2", "1 / 2"),
    "A47 to an id that stood already, of the same person": (
        [ANNA, admitted("2", "", "", *ANN)], [message("A47", "0201100000", pid("1"), mrg("2"))], "1 / 2", "1 2"),
    "A40 of two who cannot be one: the source's word": (
        [ANNA, BENN], [message("A40", "0201100000", pid("1"), mrg("2"))], "1 / 2", "1 2"),
    "A24 links": ([admitted("1"), admitted("2")], [message("A24", "0201100000", pid("1"), pid("2"))], "1 / 2", "1 2"),
    "A37 unlinks, in whatever order it names them": (
        [admitted("1"), admitted("2"), message("A24", "0201100000", pid("1"), pid("2"))],
        [message("A37", "0202100000", pid("2"), pid("1"))], "1 2", "1 / 2"),
    "A37 does not undo a merge": (
        [admitted("1"), admitted("2"), message("A40", "0201100000", pid("1"), mrg("2"))],
        [message("A37", "0202100000", pid("2"), pid("1"))], "1 2", "1 2"),
    "A31 takes a number up": ([admitted("1", N1), admitted("2")], [message("A31", "0201100000", pid("2", N1, "01"))], "1 / 2", "1 2"),
    "A31 corrects a number that was another's": (
        [admitted("1", N1), admitted("2", N1)], [message("A31", "0201100000", pid("2", N2, "01"))], "1 2", "1 / 2"),
    "A31 clears a number": (
        [admitted("1", N1), admitted("2", N1)], [message("A31", "0201100000", 'PID|||2^^^RXA^MR~""^^^NHS^NH')], "1 2", "1 / 2"),
    "A31 that says nothing of the number leaves it": (
        [admitted("1", N1), admitted("2", N1)], [message("A31", "0201100000", pid("2", name="ARCHER^ANN"))], "1 2", "1 2"),
    "A31 with demographics that cannot be the carrier's parts the two": (
        [admitted("1", N1, "01", *ANN), admitted("2", N1, "01", *ANN)], [message("A31", "0201100000", pid("2", name=BEN[0], born=BEN[1]))],
        "1 2", "1 / 2"),
    "A31 late: an older message changes nothing": (
        [admitted("1", N1), admitted("2", N2, at="0301080000")], [message("A31", "0201100000", pid("2", N1, "01"))], "1 / 2", "1 / 2"),
    "A31 of a number not traced links nobody": (
        [admitted("1", N1), admitted("2")], [message("A31", "0201100000", pid("2", N1, "02"))], "1 / 2", "1 / 2"),
    "A31 that leaves name and birth date empty keeps the newborn apart from its mother": (
        [admitted("1", N1, "01", *ANN), admitted("2", N1, "01", "ARCHER^BABY", "20251231")],
        [message("A31", "0201100000", pid("2", sex="F"))], "1 / 2", "1 / 2"),
    "A31 with half a name keeps the newborn apart from its mother": (
        [admitted("1", N1, "01", *ANN), admitted("2", N1, "01", "ARCHER^BABY", "20251231")],
        [message("A31", "0201100000", pid("2", name="ARCHER", sex="F"))], "1 / 2", "1 / 2"),
    "A31 that clears name and birth date leaves nothing that could contradict": (
        [admitted("1", N1, "01", *ANN), admitted("2", N1, "01", "ARCHER^BABY", "20251231")],
        [message("A31", "0201100000", pid("2", name='""', born='""'))], "1 / 2", "1 2"),
    "A31 of one field after A31 of another, in whatever order they come": (
        [admitted("1", N1, "01", *ANN), admitted("2", N1)],
        [message("A31", "0201100000", pid("2", name=BEN[0])), message("A31", "0202100000", pid("2", born=BEN[1]))], "1 2", "1 / 2"),
    "a pseudo person is linked by an exact number": (
        [admitted("1", N1)], [message("A28", "0201100000", pid("2", N1, "01", *BEN, pseudo="Y"))], "1", "1 2"),
}


@pytest.mark.parametrize(("before", "then", "was", "becomes"), CASES.values(), ids=CASES)
def test_persons_before_and_after(before: list[bytes], then: list[bytes], was: str, becomes: str) -> None:
    assert persons(said(*before)) == was
    assert persons(said(*before, *then)) == becomes
    if len(before) + len(then) <= 4:
        assert {persons(said(*order)) for order in permutations([*before, *then])} == {becomes}, "in whatever order they come"


def test_a_source_s_merge_undoes_no_human() -> None:
    one, two = "RXA/hl7|1", "RXA/hl7|2"
    apart = unlink(one, two, position="9")
    assert persons([*said(admitted("1"), admitted("2"), message("A40", "0201100000", pid("1"), mrg("2"))), apart]) == "1 / 2"
    joined = [*said(admitted("1", N1), admitted("2", N2)), link(one, two, position="9")]
    assert persons(joined) == "1 2"
    assert persons([*joined, *said(message("A37", "0202100000", pid("2"), pid("1")))]) == "1 2"


def test_a_merge_between_two_verified_numbers_and_a_correction_to_a_taken_id_are_tasks() -> None:
    for event in ("A40", "A47"):
        found = said(admitted("1", N1), admitted("2", N2), message(event, "0201100000", pid("1"), mrg("2")))
        assert [task.reason for task in review(found, KEY)] == ["identity.conflicting-numbers"]


@pytest.mark.parametrize("event", ["A40", "A47", "A34", "A24"])
def test_a_merge_of_two_who_cannot_be_one_person_is_a_task_until_a_human_has_decided(event: str) -> None:
    second = pid("2") if event == "A24" else mrg("2")
    told = [ANNA, BENN, message(event, "0201100000", pid("1"), second)]
    one, two = "RXA/hl7|1", "RXA/hl7|2"
    for order in permutations(told):
        (task,) = review(said(*order), KEY)
        assert (task.reason, task.subjects) == ("identity.contradicting-demographics", (one, two))
    for decision, becomes in ((link, "1 2"), (unlink, "1 / 2")):
        decided = [*said(*told), decision(one, two, position="9")]
        assert (persons(decided), review(decided, KEY)) == (becomes, [])
    agreeing = said(*told, message("A31", "0202100000", pid("2", name=ANN[0], born=ANN[1], sex="F")))
    assert (persons(agreeing), review(agreeing, KEY)) == ("1 2", [])


@pytest.mark.parametrize(("fields", "value", "status"), [
    (f"PID|||1^^^RXA^MR~{N1}^^^NHS^NH", N1, "02"),
    (f"PID|||1^^^RXA^MR~{N1}^^^NHSNBR^NHSNMBR", N1, "02"),
    (f"PID|||{N1}^^^^NHS~1^^^RXA^HOSP", N1, "02"),
    (f"PID|||1^^^RXA^MR~999 000 0018^^^^NH{'|' * 29}NSTS01", N1, "01"),
    (f"PID||{N1}|1^^^RXA^MR{'|' * 29}01", N1, "01"),
    (f"PID|||1^^^RXA^MR~{N1}^01^^NHS^NH", N1, "01"),
    ("PID|||1^^^RXA^MR~9990000019^01^^NHS^NH", "9990000019", "03"),
    (f"PID|||1^^^RXA^MR~{N1}^01^^NHS^NH~{N2}^01^^NHS^NH", N1, "05"),
])
def test_spellings_of_the_nhs_number(fields: str, value: str, status: str) -> None:
    (claim,) = said(message("A31", "0101080000", fields))
    assert canonical.decode(claim.body) == {"nhs_number": value, "verification": status}
    assert claim.subject == "RXA/hl7|1"


def test_a_bare_local_number_in_pid_2_is_no_nhs_number() -> None:
    assert said(message("A31", "0101080000", f"PID||{N1}|{N1}^^^RXA^MR")) == []
    assert said(message("A31", "0101080000", "PID||123|1^^^RXA^MR")) == []


def test_demographics_are_read_from_the_legal_name_and_escapes_are_undone() -> None:
    found = said(message("A08", "0101080000", pid("1", name=r"BUN^BUNNY^^^^^A~O\T\NEIL^ANN^MAY JO^^^^L", born="198003", sex="F",
                                                  home="^^^^ZZ99 3CZ~1 High Street^Flat 2^Town^^ZZ1 1ZZ")))
    assert {claim.ref: canonical.decode(claim.body) for claim in found} == {
        "family": {"family": "O&NEIL"}, "given": {"given": ["ANN", "MAY", "JO"]}, "birth_date": {"birth_date": "1980-03"},
        "gender": {"gender": "female"}, "former_names": {"former_names": [{"family": "BUN", "given": ["BUNNY"]}]},
        "address": {"postcode": "ZZ99 3CZ", "address": None,
                    "former_homes": [{"postcode": "ZZ1 1ZZ", "address": ["1 High Street", "Flat 2", "Town"]}]}}


@pytest.mark.parametrize(("names", "aliases", "expected"), [
    ("ARCHER^ANN^^^^^L", "", None), ("ARCHER^ANN^^^^^L~BELL^ANN^^^^^M", "", ["BELL"]), ("ARCHER^ANN^^^^^L", "BELL^ANN", ["BELL"]),
    ("ARCHER^ANN^^^^^L~BELL^ANN^^^^^M", "COOK^ANN", ["BELL", "COOK"]), ("ARCHER^ANN^^^^^L", '""', []), ("BELL^ANN^^^^^N", "", None),
    ("", "BELL", ["BELL"])])
def test_maiden_names_and_aliases_are_former_names(names: str, aliases: str, expected: list[str] | None) -> None:
    found = said(message("A31", "0101080000", f"PID|||1^^^RXA^MR||{names}||||{aliases}"))
    bodies = [canonical.decode(each.body) for each in found if each.ref == "former_names"]
    assert [[one["family"] for one in each["former_names"] or []] for each in bodies] == ([] if expected is None else [expected])


def test_a_field_that_is_cleared_is_claimed_to_be_so_and_an_empty_one_is_not_spoken_of() -> None:
    found = said(message("A31", "0101080000", pid("1", name='""', born='""', sex="", home='""', pseudo='""')))
    assert {claim.ref: canonical.decode(claim.body) for claim in found} == {
        "family": {"family": None}, "given": {"given": None}, "birth_date": {"birth_date": None},
        "address": {"postcode": None, "address": None},
        "pseudo": {"pseudo": None}}


def test_what_cannot_be_read_says_nothing_and_a_business_is_no_home() -> None:
    homes = "1 Works Road^^^^ZZ1 1ZZ^^B~2 High Street^^^^ZZ2 2ZZ^^H"
    found = said(message("A31", "0101080000", pid("1", born="unknown", pseudo="?", home=homes)))
    assert {claim.ref: canonical.decode(claim.body) for claim in found} == {
        "address": {"postcode": "ZZ2 2ZZ", "address": ["2 High Street"]}}


@pytest.mark.parametrize(("sex", "gender"), [
    ("M", ["male"]), ("m", ["male"]), ("f", ["female"]), ("O", ["other"]), ("U", [None]), ('""', [None]), ("", []), ("Male", [])])
def test_a_gender_that_is_no_code_says_nothing(sex: str, gender: list[str | None]) -> None:
    assert [canonical.decode(each.body)["gender"] for each in said(message("A31", "0101080000", pid("1", sex=sex)))] == gender


@pytest.mark.parametrize("born", ["00000000", "19611345", "02031980"])
def test_a_date_of_birth_that_is_no_day_leaves_the_one_before(born: str) -> None:
    assert said(message("A31", "0101080000", pid("1", born=born))) == []


@pytest.mark.parametrize(("ids", "patient"), [
    ("V7^^^RXA^VN~1^^^RXA^MR", "1"), ("V7^^^RXA^vn~1^^^RXA", "1"), ("A7^^^RXA^AN~1^^^RXA^HOSP", "1"), ("7^^^RXA^HOSP~1^^^RXA^PI", "1"),
    ("1^^^RXA^MR~2^^^RXA^PI", "1"), ("1^^^RXA^HOSP~2^^^RXA", "1"), ("1^^^RXA^MRN~7^^^RXA^SS", "1")])
def test_the_patient_is_a_number_of_the_patient_not_of_a_visit_or_a_paper(ids: str, patient: str) -> None:
    for feed in (FEED, Feed("RXA/hl7")):
        told = claims(parse(message("A31", "0101080000", f"PID|||{ids}||BELL")), feed, RawRef("r", 0, 0))
        assert {each.patient for each in told} == {patient}


def test_a_visit_number_alone_is_nobody() -> None:
    with pytest.raises(UnidentifiedError):
        said(message("A31", "0101080000", "PID|||V7^^^RXA^VN||BELL"))
    with pytest.raises(UnidentifiedError):
        said(message("A40", "0101080000", pid("1"), "MRG|V7^^^RXA^VN"))


@pytest.mark.parametrize("second", ["MRG|^^^RXA^MR", "MRG|4^^^RXB^MR", "MRG|"])
def test_a_merge_of_several_of_which_one_cannot_be_told_is_not_told_by_half(second: str) -> None:
    with pytest.raises(UnidentifiedError, match="MRG-1"):
        said(message("A40", "0101080000", pid("1"), mrg("2"), pid("3"), second))
    with pytest.raises(UnidentifiedError, match="MRG-1"):
        said(message("A40", "0101080000", mrg("4"), pid("1"), mrg("2")))
    with pytest.raises(UnidentifiedError, match="no MRG"):
        said(message("A40", "0101080000", pid("1"), pid("3"), mrg("4")))


def test_of_one_second_control_id_10_is_later_than_9() -> None:
    nine, ten = (message("A08", "0101080000", pid("1", name=name)).replace(b"ADT^A08|0101080000", b"ADT^A08|" + number)
                 for number, name in ((b"MSG9", "OLD"), (b"MSG10", "NEW")))
    newest = max(said(ten, nine), key=versions.of_claim)
    assert canonical.decode(newest.body) == {"family": "NEW"}


def test_a_pseudo_person_stays_one_when_a_message_is_silent_of_it() -> None:
    known = who("RXC/x|1", "ARCHER", "ANN", "1980-03-02")
    made = message("A28", "0101090000", pid("2", "", "", *ANN, pseudo="Y"))
    silent, cleared = (message("A08", "0102090000", pid("2", "", "", *ANN, pseudo=mark)) for mark in ("", '""'))
    assert review([*said(made, silent), known], KEY) == []
    assert [task.reason for task in review([*said(made, cleared), known], KEY)] == ["identity.same-demographics"]


def test_a_pseudo_person_is_never_offered_and_contradicts_nobody() -> None:
    real, pseudo = admitted("1", "", "", *ANN), message("A28", "0101090000", pid("2", "", "", *ANN, pseudo="Y"))
    assert [task.reason for task in review(said(real, admitted("3", "", "", *ANN)), KEY)] == ["identity.same-demographics"]
    assert review(said(real, pseudo), KEY) == []
    named = who("RXC/x|1", "ARCHER", "ANN", "1980-03-02")
    assert review([*said(pseudo), named], KEY) == []
    assert review([*said(message("A28", "0101090000", pid("2", N1, "01", *BEN, pseudo="Y"))), number("RXC/x|1", N1), named], KEY) == []


@pytest.mark.parametrize(("event", "segments"), [
    ("A40", (pid("1"),)), ("A40", (pid("1"), "MRG|2^^^RXB^MR")), ("A31", ("PID|||1^^^RXB^MR",)), ("A24", (pid("1"),)),
    ("A24", (pid("1"), pid("1")))])
def test_what_names_nobody_is_refused_without_a_word_of_the_patient(event: str, segments: tuple[str, ...]) -> None:
    with pytest.raises(UnidentifiedError) as refused:
        said(message(event, "0101080000", *segments))
    assert "RXB" not in str(refused.value)


def test_other_events_say_nothing_of_who_someone_is() -> None:
    assert said(message("A46", "0101080000", pid("1"), mrg("2")), message("A03", "0101080000", pid("1"))) == []
    assert said(b"MSH|^~\\&|PAS|RXA|||20260101||ORU^R01|1|P|2.4\rPID|||1^^^RXA^MR") == []


@pytest.mark.corpus
@pytest.mark.parametrize(("event", "into", "merged"), [("A40", "12345", "56789"), ("A47", "MR101", "MR102")])
def test_merges_of_the_corpus(event: str, into: str, merged: str) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpora are not here")
    found = parse((CORPUS / f"ADT-{event}-01.hl7").read_bytes())
    assert event_of(found) == event
    (claim,) = claims(found, Feed("X/y"), RawRef("r", 0, 0))
    assert (claim.patient, canonical.decode(claim.body)["into"]) == (merged, f"X/y|{into}")
    assert persons([number(f"X/y|{merged}", THIRD), claim]) == f"X/y|{into} X/y|{merged}"


@pytest.mark.corpus
def test_every_adt_of_the_corpus_is_read_or_refused_with_a_reason() -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpora are not here")
    told = 0
    for path in sorted(CORPUS.glob("*.hl7")):
        found = parse(path.read_bytes())
        try:
            made = claims(found, Feed("X/y"), RawRef("r", 0, 0))
        except UnidentifiedError:
            continue
        assert not made or path.name.startswith("ADT")
        told += bool(made)
    assert told >= 8
