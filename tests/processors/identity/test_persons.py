"""Who is with whom, as the tables of docs/identity.md say: decisions, superseded numbers, contradictions, placeholders."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.matching.people import told
from mainstem.model import Claim, RawRef, Status
from processors.identity import persons
from processors.identity.apart import Blocks, decided
from processors.identity.claimed import MERGED_BY, Claimed
from processors.identity.demographics import LETTERS, SEVERAL, Demographics, born_apart, contradiction, read
from processors.identity.layers import Layers
from processors.identity.linker import assign
from processors.identity.numbers import CROWD, Numbers
from processors.identity.placing import neighbourhood, place
from tests.strategies import KEY, NUMBERS, THIRD, claims

N1, N2 = NUMBERS


def claim(subject: str, type_: str, body: dict, ref: str = "", position: str = "01", status: Status = Status.ASSERTED) -> Claim:
    source, _, patient = subject.partition("|")
    return Claim(source=source, patient=patient, type=type_, ref=ref, position=position, body=canonical.encode(body), status=status,
                 raw=RawRef("r", 0, 0))


def number(subject: str, nhs: str, verification: str = "01", **also) -> Claim:
    return claim(subject, "carries-number", {"nhs_number": nhs, "verification": verification}, **also)


def merged(subject: str, into: str, **also) -> Claim:
    return claim(subject, "merged-into", {"into": into}, ref=into, **also)


def replaces(subject: str, *others: str, **also) -> Claim:
    return claim(subject, "merged-into", {"from": list(others)}, ref="link", **also)


def who(subject: str, family: str = "", given: str = "", born: str = "", gender: str = "", **also) -> Claim:
    return claim(subject, "demographics", {"family": family, "given": given.split(), "birth_date": born, "gender": gender}, **also)


def link(one: str, other: str, **also) -> Claim:
    return claim(one, "linked", {"other": other}, ref=f"{one} ~ {other}", **also)


def unlink(one: str, other: str, **also) -> Claim:
    return claim(one, "unlinked", {"other": other}, ref=f"{one} ~ {other}", **also)


def became(old: str, new: str | None, by: str = "PDS|1", **also) -> Claim:
    return claim(by, "superseded", {"old": old, "new": new}, ref=old, **also)


def sides(*claimed: Claim) -> str:
    """`A1 B2 / C3`: who is with whom, by the short names of source patients, those alone among them."""
    found: dict[str, list[str]] = {}
    for subject, placed in assign(claimed, KEY).items():
        if not subject.startswith("PDS"):
            found.setdefault(placed.person, []).append(subject.replace("|", ""))
    return " / ".join(sorted(" ".join(sorted(side)) for side in found.values()))


def person_of(subject: str, *claimed: Claim) -> str:
    return assign(claimed, KEY)[subject].person


NAMED = persons.numbered_person(KEY, N1)
MANY = [f"A|{each}" for each in range(1, MERGED_BY + 2)]
THREE = [number("A|1", N1), number("B|2", N1), number("C|3", N1)]
MUM = {"family": "Archer", "given": "Ann", "born": "1990-05-01", "gender": "female"}
BABY = {"family": "Archer", "given": "Baby", "born": "2026-01-01", "gender": "female"}

DECISIONS = {
    "a human joins what nothing joined": ([link("A|1", "B|2")], "A1 B2"),
    "a human holds apart what a number joins": ([*THREE[:2], unlink("A|1", "B|2")], "A1 / B2"),
    "a human holds apart what a merge joins": ([merged("A|1", "A|2"), unlink("A|1", "A|2")], "A1 / A2"),
    "who could be with either is with neither": ([*THREE, unlink("A|1", "B|2")], "A1 / B2 / C3"),
    "nor with another who could be": ([*THREE, number("D|4", N1), unlink("A|1", "B|2")], "A1 / B2 / C3 / D4"),
    "until a human says whose one is": ([*THREE, number("D|4", N1), unlink("A|1", "B|2"), link("A|1", "C|3")], "A1 C3 / B2 / D4"),
    "one held apart from all the others": ([*THREE, unlink("A|1", "B|2"), unlink("A|1", "C|3")], "A1 / B2 C3"),
    "said of one of a joined pair, it is said of both":
        ([*THREE, link("B|2", "C|3"), unlink("A|1", "B|2")], "A1 / B2 C3"),
    "the newest decision about a pair counts": ([link("A|1", "B|2", position="02"), unlink("A|1", "B|2", position="01")], "A1 B2"),
    "taken back, the pair is undecided": (
        [*THREE[:2], unlink("A|1", "B|2"), unlink("A|1", "B|2", position="02", status=Status.RETRACTED)], "A1 B2"),
    "of three that cannot all stand the oldest is set aside": (
        [link("A|1", "B|2", position="01"), link("B|2", "C|3", position="02"), unlink("A|1", "C|3", position="03")], "A1 / B2 C3"),
    "also where the oldest holds apart": (
        [link("A|1", "B|2", position="02"), link("B|2", "C|3", position="03"), unlink("A|1", "C|3", position="01")], "A1 B2 C3"),
    "held apart from a stranger, nobody is split": ([*THREE, unlink("A|1", "Z|9")], "A1 B2 C3 / Z9"),
}
NUMBERED = {
    "nor does the survivor's word on it": ([replaces("A|2", "A|1"), number("A|1", N1), number("A|2", N2)], "A1 / A2"),
    "a merge that both tell of is one": ([replaces("A|2", "A|1"), merged("A|1", "A|2")], "A1 A2"),
    "nobody replaces another source's patients": ([replaces("A|2", "B|1")], "A2"),
    "a merge does not join two numbers": ([merged("A|1", "A|2"), number("A|1", N1), number("A|2", N2)], "A1 / A2"),
    "nor who is merged into both": (
        [merged("A|3", "A|1"), merged("A|3", "A|2"), number("A|1", N1), number("A|2", N2)], "A1 / A2 / A3"),
    "a wrong merge elsewhere splits no other merge": (
        [merged("A|3", "A|1"), number("A|1", N1), number("B|8", N2), number("B|9", N1), merged("B|9", "B|8")], "A1 A3 B9 / B8"),
    "two numbers joined by a human": ([number("A|1", N1), number("B|2", N2), link("A|1", "B|2")], "A1 B2"),
    "whose other carriers are not drawn in": (
        [*THREE[:2], number("D|4", N2), number("E|5", N2), link("B|2", "D|4")], "A1 / B2 D4 / E5"),
    "until a human says which number was wrong": (
        [*THREE[:2], number("D|4", N2), number("E|5", N2), link("B|2", "D|4"), unlink("D|4", "E|5")], "A1 B2 D4 / E5"),
    "nor do two that humans joined join others by both": (
        [*THREE[:2], number("D|4", N2), number("E|5", N2), link("B|2", "D|4"), number("F|6", N1), number("G|7", N2), link("F|6", "G|7")],
        "A1 / B2 D4 / E5 / F6 G7"),
    "two numbers on one source patient link it to neither": (
        [number("A|1", N1), number("A|1", N2, ref="x"), number("B|2", N1)], "A1 / B2"),
}
CHANGED = {
    "an old number is the new one": ([number("A|1", N1), number("B|2", N2), became(N2, N1)], "A1 B2"),
    "over a chain": ([number("A|1", N1), number("B|2", N2), became(N2, THIRD), became(THIRD, N1, "PDS|2")], "A1 B2"),
    "round a circle": ([number("A|1", N1), number("B|2", N2), became(N2, N1), became(N1, N2, "PDS|2")], "A1 B2"),
    "taken back": (
        [number("A|1", N1), number("B|2", N2), became(N2, N1), became(N2, N1, position="02", status=Status.RETRACTED)], "A1 / B2"),
    "said to have become two, it is nobody's": (
        [number("A|1", N1), number("B|2", N2), number("C|3", THIRD), number("D|4", THIRD), became(THIRD, N1), became(THIRD, N2, "PDS|2")],
        "A1 / B2 / C3 / D4"),
    "void": ([number("A|1", N1), number("B|2", N1), became(N1, None)], "A1 / B2"),
}
CONTRADICTED = {
    "a newborn with its mother's number": ([*THREE[:2], who("A|1", **MUM), who("B|2", **BABY)], "A1 / B2"),
    "known to two, as the mother is": (
        [*THREE, number("D|4", N1), who("A|1", **MUM), who("B|2", **MUM), who("C|3", **BABY), who("D|4", **BABY)], "A1 B2 / C3 D4"),
    "who says nothing could be either": ([*THREE, who("A|1", **MUM), who("B|2", **BABY)], "A1 / B2 / C3"),
    "a newborn that has no given name yet": (
        [*THREE[:2], who("A|1", **MUM), who("B|2", "Archer", "", "2026-01-01", "female")], "A1 / B2"),
    "a newborn of whom only the birth date is known": ([*THREE[:2], who("A|1", **MUM), who("B|2", born="2026-03-04")], "A1 / B2"),
    "a newborn whose name begins as its mother's": (
        [*THREE[:2], who("A|1", **MUM), who("B|2", "Archer", "Annabel", "2026-03-04", "female")], "A1 / B2"),
    "a newborn called baby of its mother": (
        [*THREE[:2], who("A|1", **MUM), who("B|2", "Archer", "Baby Ann", "2026-03-04", "female")], "A1 / B2"),
    "father and son of one name": (
        [*THREE[:2], who("A|1", "Smith", "John", "1950-02-03", "male"), who("B|2", "Smith", "John", "1985-11-20", "male")], "A1 / B2"),
    "nor are two who say nothing each other's": (
        [*THREE, number("D|4", N1), who("A|1", **MUM), who("B|2", **BABY), who("D|4", gender="female")], "A1 / B2 / C3 / D4"),
    "but who are one in their source": (
        [*THREE, number("C|4", N1), merged("C|4", "C|3"), who("A|1", **MUM), who("B|2", **BABY)], "A1 / B2 / C3 C4"),
    "who says enough is the mother's": (
        [*THREE, number("D|4", N1), who("A|1", **MUM), who("B|2", **BABY), who("D|4", born="1990-05-01")], "A1 D4 / B2 / C3"),
    "a merge in the source joins what a number alone does not": (
        [number("A|1", N1), number("A|2", N1), who("A|1", **MUM), who("A|2", **BABY), merged("A|2", "A|1")], "A1 A2"),
    "a human joins them": ([*THREE[:2], who("A|1", **MUM), who("B|2", **BABY), link("A|1", "B|2")], "A1 B2"),
    "a placeholder": ([number(f"A|{each}", N1) for each in range(CROWD + 1)], "A0 / A1 / A2 / A3 / A4 / A5"),
    "which others than that source's patients are joined by": (
        [*(number(f"A|{each}", N1) for each in range(CROWD + 1)), number("B|1", N1), number("C|1", N1)],
        "A0 / A1 / A2 / A3 / A4 / A5 / B1 C1"),
    "of two sources, which joins nobody": (
        [*(number(f"{source}|{each}", N1) for source in "AB" for each in range(CROWD + 1)), number("C|1", N1), number("D|1", N1)],
        "A0 / A1 / A2 / A3 / A4 / A5 / B0 / B1 / B2 / B3 / B4 / B5 / C1 / D1"),
    "counted over a chain of numbers": (
        [*(number(f"A|{each}", N1) for each in range(3)), *(number(f"A|{each}", N2) for each in range(2, CROWD + 1)), became(N2, N1),
         number("B|1", N1), number("C|1", N2)], "A0 / A1 / A2 / A3 / A4 / A5 / B1 C1"),
    "not of those that the source merged": (
        [*(number(f"A|{each}", N1) for each in range(CROWD + 1)), merged("A|5", "A|0"), number("B|1", N1)], "A0 A1 A2 A3 A4 A5 B1"),
    "nor of those that their survivor says it replaced": (
        [*(number(f"A|{each}", N1) for each in range(CROWD + 1)), replaces("A|0", "A|5"), number("B|1", N1)], "A0 A1 A2 A3 A4 A5 B1"),
    "but of those put in a place for what nobody wanted": (
        [*(number(f"A|{each}", N1) for each in range(1, CROWD + 2)), *(merged(each, "A|0") for each in MANY), number("B|1", N1)],
        " / ".join(sorted([*(f"A{each}" for each in range(MERGED_BY + 2)), "B1"]))),
    "a place that many are merged into": ([merged(f"A|{each}", "A|0") for each in range(1, MERGED_BY + 2)],
                                          " / ".join(sorted(f"A{each}" for each in range(MERGED_BY + 2)))),
    "a patient that many are merged into": ([merged(f"A|{each}", "A|0") for each in range(1, MERGED_BY + 1)],
                                            " ".join(sorted(f"A{each}" for each in range(MERGED_BY + 1)))),
    "a place that by its own word replaced many": (
        [replaces("A|0", *MANY)], " / ".join(sorted(["A0", *(each.replace("|", "") for each in MANY)]))),
    "a patient that replaced as many as may be": (
        [replaces("A|0", *MANY[1:])], " ".join(sorted(["A0", *(each.replace("|", "") for each in MANY[1:])]))),
    "a place of which some say it, and it of others": (
        [replaces("A|0", *(f"A|{each}" for each in range(1, MERGED_BY))), merged("A|30", "A|0"), merged("A|31", "A|0")],
        " / ".join(sorted([*(f"A{each}" for each in range(MERGED_BY)), "A30", "A31"]))),
    "one that many say they replaced": (
        [*(replaces(f"A|{each}", "A|0") for each in range(1, MERGED_BY + 2)), merged("A|0", "A|1")],
        " / ".join(sorted(["A0 A1", *(f"A{each}" for each in range(2, MERGED_BY + 2))]))),
    "of whom numbers join some": (
        [*(merged(f"A|{each}", "A|0") for each in range(1, MERGED_BY + 2)), number("A|1", N1), number("A|2", N1)],
        " / ".join(sorted(["A0", "A1 A2", *(f"A{each}" for each in range(3, MERGED_BY + 2))]))),
    "as many as real feeds have": ([number(f"A|{each}", N1) for each in range(CROWD)], "A0 A1 A2 A3 A4"),
}


@pytest.mark.parametrize(("claimed", "expected"), [pytest.param(*case, id=name) for table in (DECISIONS, NUMBERED, CHANGED, CONTRADICTED)
                                                   for name, case in table.items()])
def test_who_is_with_whom(claimed: list[Claim], expected: str) -> None:
    assert sides(*claimed) == sides(*reversed(claimed)) == expected


def test_the_surviving_number_names_the_person() -> None:
    assert person_of("B|2", number("B|2", N2), became(N2, N1)) == NAMED
    assert person_of("A|1", number("A|1", N1), number("B|2", N2), became(N2, N1)) == NAMED


def test_the_larger_side_keeps_the_number_and_of_equal_ones_nobody() -> None:
    larger = [*THREE, who("A|1", **MUM), who("B|2", **MUM), who("C|3", **BABY)]
    assert person_of("A|1", *larger) == NAMED
    assert person_of("C|3", *larger) == persons.own_person(KEY, "C|3")
    equal = [*THREE[:2], who("A|1", **MUM), who("B|2", **BABY)]
    assert {person_of(each, *equal) for each in ("A|1", "B|2")} == {persons.own_person(KEY, each) for each in ("A|1", "B|2")}


@pytest.mark.parametrize(("one", "other", "rule"), [
    (("Archer", "Ann", "1990-05-01", "female"), ("ARCHER", "Anne Marie", "1990-05-01", ""), None),
    (("Archer", "Ann", "1990-05-01", "female"), ("Bell", "Ann", "1990-05-01", "female"), None),
    (("Archer", "Ann", "1990-05-01", "female"), ("Archer", "Ann", "1909-05-01", "female"), None),
    (("Archer", "A", "1990-05-01", ""), ("Archer", "Ann", "1990", ""), None),
    (("O'Neil", "Zoë", "1990-05-01", ""), ("ONEIL", "Zoe", "1990-05-01", ""), None),
    (("Singh", "Amar", "1990-05-01", "male"), ("Amar", "Singh", "1990-05-01", "male"), None),
    (("Archer", "Ann", "1990-05-01", "female"), ("Bell", "Ann", "1991-05-01", "female"), "birth-and-family"),
    (("Archer", "Ann", "1990-05-01", "female"), ("Archer", "Ann", "1991-05-01", "male"), "birth-and-gender"),
    (("Archer", "Ann", "1990-05-01", "female"), ("Archer", "Baby", "2026-01-01", "female"), "birth-and-given"),
    (("Archer", "Ann", "1990-05-01", "female"), ("Archer", "Ben", "1990-05-01", "male"), "twins"),
    (("Archer", "Ann", "1990-05-01", "female"), ("Archher", "Joan", "1990-05-01", "female"), "twins"),
    (("Khan", "Mohammed Ali", "1990-05-01", ""), ("Khan", "Mohammed Hassan", "1990-05-01", ""), "twins"),
    (("Khan", "Mohammed Ali", "1990-05-01", ""), ("Khan", "Mohammed A", "1990-05-01", ""), None),
    (("Khan", "Mohammed Ali", "1990-05-01", ""), ("Khan", "Ali Mohammed", "1990-05-01", ""), None),
    (("Khan", "Twin 1", "1990-05-01", ""), ("Khan", "Twin 2", "1990-05-01", ""), "twins"),
    (("Khan", "Baby Boy One", "1990-05-01", ""), ("Khan", "Baby Boy Two", "1990-05-01", ""), "twins"),
    (("Khan", "Ann", "1970-01-01", ""), ("Khan", "Baby of Ann", "2026-02-03", ""), "birth-and-given"),
    (("Østergård", "Bjørn", "1990-05-01", ""), ("Oestergaard", "Bjoern", "1990-05-01", ""), None),
    (("Yıldız", "Işıl", "1990-05-01", ""), ("YILDIZ", "ISIL", "1990-05-01", ""), None),
    (("Archer", "Ann", "", ""), ("Bell", "Ben", "", ""), "whole-name"),
    (("", "", "", ""), ("Bell", "Ben", "1990-05-01", "male"), None),
])
def test_what_cannot_be_one_person(one: tuple[str, ...], other: tuple[str, ...], rule: str | None) -> None:
    ours, theirs = (Demographics(family, tuple(given.split()), born, gender) for family, given, born, gender in (one, other))
    assert contradiction(ours, theirs) == contradiction(theirs, ours) == (rule and f"identity.contradiction.{rule}")


def test_given_names_in_one_text_are_several() -> None:
    one, other = (Demographics("Archer", given, "1990-05-01") for given in (("Anna Maria",), ("Maria",)))
    assert contradiction(one, other) is None


def test_of_a_claim_without_end_as_much_is_read_as_people_have() -> None:
    """Each name is compared with each: thousands of them would hold up the linker."""
    said = read({"family": "x" * 5000, "given": ["", *(f"Name{each}" for each in range(5000))], "address": ["Line"] * 5000,
                 "former_names": [{"family": "y" * 5000, "given": ["z"] * 5000}]})
    assert said is not None and said.given == tuple(f"Name{each}" for each in range(SEVERAL))
    assert len(said.address) == len(said.former_names[0][1]) == SEVERAL and len(said.family) == len(said.former_names[0][0]) == LETTERS


@pytest.mark.parametrize(("one", "other", "apart"), [
    ("1950-02-03", "1985-11-20", True),
    ("1985-03-12", "1985-07-25", True),
    ("1990-05-01", "2026-01-01", True),
    ("1985-03-02", "1985-03-02", False),
    ("1985-03-02", "1995-03-02", False),
    ("1985-03-02", "1958-03-02", False),
    ("1985-03-02", "1985-03-20", False),
    ("1985-03-02", "1985-02-03", False),
    ("1985-03-31", "1985-04-01", False),
    ("1985-12-31", "1986-01-01", False),
    ("1926-05-02", "2026-05-02", False),
    ("1926-05-02", "2026-02-05", False),
    ("1926-05-02", "2026-05-12", False),
    ("1950-01-01", "1980-01-01", True),
    ("1950-01-01", "1970-01-01", True),
    ("1950-01-01", "1958-01-01", False),
    ("1900-01-01", "1980-01-01", False),
    ("1985-01-01", "1985-06-07", False),
    ("1985-01-01", "1992-06-07", False),
    ("1926-01-01", "2026-06-07", False),
    ("1900-01-01", "1985-06-07", False),
    ("1899-12-30", "1985-06-07", False),
    ("1985", "2026-03-04", False),
    ("1985-00-00", "2026-03-04", False),
    ("1985-03-02T00:00:00Z", "2026-05-04", True),
])
def test_birth_dates_too_far_apart_for_one_fault(one: str, other: str, apart: bool) -> None:
    """Namesakes; mother and child; a slip, swapped parts, midnight, the wrong century, an unknown day, a date made up."""
    ours, theirs = Demographics("Smith", ("John",), one), Demographics("Smith", ("John",), other)
    assert contradiction(ours, theirs) == contradiction(theirs, ours) == ("identity.contradiction.birth-date" if apart else None)


@pytest.mark.parametrize("mess", ["everyday", "unseen", "messy"])
def test_birth_dates_of_one_human_are_not_apart(mess: str) -> None:
    """As synthetic trusts mistype them, whatever numbers they carry."""
    people_of, view = told(500, 1, mess), {}
    claimed = Claimed(people_of.claims)
    for subject, human in people_of.truth.items():
        if (said := claimed.said(subject).demographics) is not None and said.birth_date:
            view.setdefault(human, []).append(said.birth_date)
    pairs = [pair for dates in view.values() for pair in combinations(dates, 2)]
    assert len(pairs) > 500 and not [pair for pair in pairs if born_apart(*pair)]


def test_who_all_carry_one_number_are_placed_as_the_layers_place_them() -> None:
    """`place` takes a short way there; a contradiction, a merge, a decision or a second number closes it."""
    humans = [[number("A|1", N1), number("B|2", N1), number("C|3", N1)]]
    humans += [[*humans[0], more] for more in (who("A|1", "smith", "ann", "1980-01-01"), merged("A|1", "A|9"), link("A|1", "B|2"),
                                               unlink("A|1", "B|2"), number("B|2", N2, ref="2"), became(N2, N1), number("C|3", "", "02"))]
    humans += [[*humans[1], who("B|2", *other)] for other in (("smith", "ann", "1980-01-01"), ("jones", "bob", "1950-05-05"))]
    humans += [told(60, 1, "messy").claims]
    for claimed in humans:
        view = Claimed(claimed)
        numbers = Numbers(view)
        for subject in view.evidence:
            members = {one: view.said(one) for one in neighbourhood(subject, view, numbers, None)}
            assert place(members, numbers, KEY, None) == Layers(members, numbers, KEY, None).placement()


@settings(max_examples=200, deadline=None)
@given(st.lists(claims, max_size=25))
def test_no_machine_undoes_a_human_or_joins_two_numbers(claimed: list[Claim]) -> None:
    placed, view = assign(claimed, KEY), Claimed(claimed)
    members = {subject: view.said(subject) for subject in placed}
    blocks = Blocks(members)
    found = decided(members, blocks)
    assert all(placed[one].person == placed[other].person for one, other in found.together)
    assert all(placed[one].person != placed[other].person for one, other in found.apart)
    numbers = Numbers(view)
    human = {each for pair in found.together for each in pair}
    for one, other in combinations(placed, 2):
        if placed[one].person == placed[other].person and not human & {s for s in placed if placed[s].person == placed[one].person}:
            carried = [numbers.usable(each, members[each]) for each in (one, other)]
            assert not (all(carried) and carried[0] != carried[1])
