"""Linkage sets with other faults than FEBRL's: how people are really written down twice. Seeded, in memory, no NHS numbers.

FEBRL replaces fields and mistypes letters. Here names are shortened, heard wrongly, exchanged or married away, days and months change
places, digits are read wrongly, people move, and fields are left out. Each further record of a human has up to three faults, in as many
fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from mainstem.matching.people import Row, row

SHORT = {
    "Alexander": ("Alex", "Sandy"), "Andrew": ("Andy", "Drew"), "Anthony": ("Tony",), "Benjamin": ("Ben",), "Charles": ("Charlie", "Chas"),
    "Christopher": ("Chris", "Kit"), "Daniel": ("Dan", "Danny"), "David": ("Dave",), "Edward": ("Ted", "Eddie"), "Francis": ("Frank",),
    "Frederick": ("Fred",), "Gerald": ("Gerry",), "Harold": ("Harry",), "Henry": ("Hal",), "James": ("Jim", "Jamie"), "John": ("Jack",),
    "Joseph": ("Joe",), "Kenneth": ("Ken",), "Lawrence": ("Larry",), "Leonard": ("Len",), "Matthew": ("Matt",), "Michael": ("Mike", "Mick"),
    "Nicholas": ("Nick",), "Patrick": ("Paddy", "Pat"), "Peter": ("Pete",), "Philip": ("Phil",), "Raymond": ("Ray",),
    "Richard": ("Dick", "Rick"), "Robert": ("Bob", "Rob"), "Ronald": ("Ron",), "Samuel": ("Sam",), "Stephen": ("Steve",),
    "Terence": ("Terry",), "Thomas": ("Tom",), "Timothy": ("Tim",), "Walter": ("Wally",), "William": ("Bill", "Will")}
SHORT_F = {
    "Abigail": ("Abby",), "Alexandra": ("Alex", "Sasha"), "Amanda": ("Mandy",), "Barbara": ("Babs",), "Catherine": ("Kate", "Cathy"),
    "Christine": ("Chris", "Tina"), "Deborah": ("Debbie",), "Dorothy": ("Dot",), "Eleanor": ("Nell", "Ellie"), "Elizabeth": ("Liz", "Beth"),
    "Frances": ("Fran",), "Gillian": ("Jill",), "Gwendolen": ("Gwen",), "Helen": ("Nell",), "Isabella": ("Bella",),
    "Jacqueline": ("Jackie",),
    "Jennifer": ("Jenny",), "Jessica": ("Jess",), "Josephine": ("Jo",), "Judith": ("Judy",), "Katherine": ("Kathy", "Kate"),
    "Lillian": ("Lily",), "Margaret": ("Peggy", "Maggie"), "Mary": ("Molly",), "Matilda": ("Tilly",), "Nicola": ("Nicky",),
    "Pamela": ("Pam",), "Patricia": ("Pat", "Tricia"), "Penelope": ("Penny",), "Rebecca": ("Becky",), "Rosemary": ("Rose",),
    "Samantha": ("Sam",), "Sarah": ("Sally",), "Stephanie": ("Steph",), "Susan": ("Sue",), "Theresa": ("Tess",), "Victoria": ("Vicky",)}


def _words(text: str) -> list[str]:
    return text.split()


MORE = {"male": _words("Adeola Brian Callum Dylan Farhan Graham Hassan Imran Kofi Liam Marek Nathan Owen Rajesh Sanjay Tariq Vikram Yusuf"),
        "female": _words("Aisha Bronwen Chloe Diya Esther Fatima Grace Ines Karen Leila Morag Nadia Olga Priya Ruth Siobhan Wendy Zainab")}
GIVEN = {"male": [*SHORT, *MORE["male"]], "female": [*SHORT_F, *MORE["female"]]}
COMMON = _words("""
    Ahmed Bailey Begum Brown Campbell Clark Davies Edwards Evans Green Hall Harris Hughes Jackson Johnson Jones Kaur Khan Kelly Lewis
    MacDonald Martin Mitchell Moore Morris Murphy O'Brien Patel Phillips Price Roberts Robinson Scott Singh Smith Stewart Taylor Thomas
    Thompson Turner Walker Watson White Williams Wilson Wood Wright Young""")
STEMS = _words("""
    Ald Ash Bar Blake Brad Burn Cald Chal Crow Den East Fair Gil Hal Hart Kirk Lang Mar Mel Nor Pen Pick Rad Ris Sel Stan Thorn Whit""")
FAMILY = [*COMMON, *COMMON, *(stem + end for stem in STEMS
                              for end in ("bury", "by", "croft", "field", "ford", "gate", "ley", "ton", "wick"))]
STREETS = [f"{name} {kind}" for name in _words("""
    Abbey Albert Beech Bridge Canal Castle Cedar Chapel Church Elm George Granville Hawthorn High Holly Kings Lime Manor Mill Moor Nelson
    North Oak Orchard Park Queens Regent School South Station Victoria Willow""")
    for kind in ("Avenue", "Close", "Drive", "Grove", "Lane", "Road", "Street", "Terrace")]
TOWNS = [start + end for start in _words("Ather Bex Clith Dar Elm Hex Hun Kess Led Mal Nant Ock Pock Rush Sax Thet Wis Yar")
         for end in ("bridge", "combe", "ham", "hurst", "stow")]
HEARD = (("ph", "f"), ("ck", "k"), ("ie", "y"), ("ee", "ea"), ("th", "t"), ("mac", "mc"), ("ou", "u"), ("y", "ey"), ("c", "k"), ("s", "z"),
         ("ll", "l"), ("tt", "t"), ("nn", "n"), ("ss", "s"), ("er", "ar"), ("on", "en"), ("i", "y"), ("a", "e"))
READ = {"0": "8O", "1": "7I", "2": "7Z", "3": "8", "4": "9", "5": "6S", "6": "5", "7": "1", "8": "3B", "9": "4"}


@dataclass(frozen=True, slots=True)
class Someone:
    family: str
    given: str
    second: str
    born: str
    gender: str
    postcode: str
    street: str
    town: str

    def row(self, human: str) -> Row:
        return row({"family": self.family, "given": f"{self.given};{self.second}", "birth_date": self.born, "gender": self.gender,
                    "postcode": self.postcode, "address": f"{self.street};{self.town}", "human": human})


def linkage_set(humans: int, seed: int, homes: float = 0.0) -> list[Row]:
    """One in three is written down once, others up to four times. `homes`: how many of the humans live with others of their family: twins,
    brothers and sisters, parents, and one who has his father's names."""
    rng, found, number = Random(seed), list[Row](), 0
    while number < humans:
        one = someone(rng)
        for other in (one, *(_family(one, rng) if rng.random() < homes else ())):
            found.append(other.row(str(number)))
            found += (_with_faults(other, rng).row(str(number)) for _ in range(rng.choice((0, 0, 1, 1, 2, 3))))
            number += 1
    rng.shuffle(found)
    return found


def someone(rng: Random) -> Someone:
    gender = rng.choice(("male", "female"))
    street, town, postcode = _home(rng)
    second = rng.choice(GIVEN[gender]) if rng.random() < 0.3 else ""
    return Someone(rng.choice(FAMILY), rng.choice(GIVEN[gender]), second, _born(rng, 1925, 2020), gender, postcode, street, town)


def _born(rng: Random, first: int, last: int) -> str:
    return f"{rng.randint(first, last)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def _home(rng: Random) -> tuple[str, str, str]:
    town, street = rng.randrange(len(TOWNS)), rng.randrange(len(STREETS))
    inward = f"{street % 9 + 1}{'ABDEFGHJLN'[street // 9 % 10]}{'PQRSTUWXYZ'[(street // 90 + town) % 10]}"
    return f"{rng.randint(1, 120)} {STREETS[street]}", TOWNS[town], f"{TOWNS[town][:2].upper()}{town % 30 + 1} {inward}"


def _family(one: Someone, rng: Random) -> Iterator[Someone]:
    """One or two others at the same address."""
    for _ in range(rng.choice((1, 1, 2))):
        (kind,), gender = rng.choices(("partner", "sibling", "child", "twin", "namesake"), (8, 6, 6, 2, 1)), rng.choice(("male", "female"))
        year = int(one.born[:4])
        born = one.born if kind == "twin" else _born(rng, year - 6, year + 6) if kind in ("partner", "sibling") else \
            _born(rng, year + 20, year + 40)
        given = rng.choice([name for name in GIVEN[gender] if name != one.given])
        if kind == "namesake":
            given, gender = one.given, one.gender
        yield replace(one, given=given, second="", gender=gender, born=born)


def _with_faults(one: Someone, rng: Random) -> Someone:
    for kind in rng.sample(KINDS, rng.choice((1, 1, 2, 2, 3))):
        one = rng.choice(FAULTS[kind])(one, rng)
    return one


def _shortened(one: Someone, rng: Random) -> Someone:
    short = (SHORT | SHORT_F).get(one.given)
    return replace(one, given=rng.choice(short)) if short else replace(one, given=one.given[0])


def _heard(text: str, rng: Random) -> str:
    possible = [(heard, written) for heard, written in HEARD if heard in text.lower()]
    if not possible:
        return text + "e"
    return text.lower().replace(*rng.choice(possible), 1).capitalize()


def _mistyped(text: str, rng: Random) -> str:
    if len(text) < 3:
        return text
    at = rng.randrange(len(text) - 1)
    return rng.choice((text[:at] + text[at + 1] + text[at] + text[at + 2:], text[:at] + text[at + 1:], text[:at] + text[at] + text[at:]))


def _misread(text: str, rng: Random) -> str:
    places = [at for at, letter in enumerate(text) if letter in READ]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + rng.choice(READ[text[at]]) + text[at + 1:]


def _misread_date(one: Someone, rng: Random) -> Someone:
    digits = _misread(one.born, rng)
    return replace(one, born=digits if digits.replace("-", "").isdigit() else one.born)


def _day_for_month(one: Someone, rng: Random) -> Someone:
    year, month, day = one.born.split("-")
    return replace(one, born=f"{year}-{day}-{month}" if int(day) <= 12 else f"{year}-{month}-01")


def _another_year(one: Someone, rng: Random) -> Someone:
    return replace(one, born=f"{int(one.born[:4]) + rng.choice((-10, -2, -1, 1, 2, 10))}{one.born[4:]}")


def _married(one: Someone, rng: Random) -> Someone:
    name = rng.choice(FAMILY)
    return replace(one, family=rng.choice((name, f"{one.family}-{name}"))) if one.gender == "female" else one


def _moved(one: Someone, rng: Random) -> Someone:
    street, town, postcode = _home(rng)
    return replace(one, street=street, town=town, postcode=postcode)


def _in_the_same_town(one: Someone, rng: Random) -> Someone:
    street, _, postcode = _home(rng)
    return replace(one, street=street, postcode=one.postcode.split(" ")[0] + " " + postcode.split(" ")[1])


def _lines_changed(one: Someone, rng: Random) -> Someone:
    number, _, name = one.street.partition(" ")
    short = name.replace("Road", "Rd").replace("Street", "St").replace("Avenue", "Ave").replace("Lane", "La").replace("Close", "Cl")
    return replace(one, street=rng.choice((name, f"{number} {short}", f"{number}A {name}", f"Flat {rng.randint(1, 9)} {one.street}")))


FAULTS: dict[str, tuple[Callable[[Someone, Random], Someone], ...]] = {
    "given": (
        _shortened, _shortened, lambda one, rng: replace(one, given=_heard(one.given, rng)),
        lambda one, rng: replace(one, given=_mistyped(one.given, rng)), lambda one, rng: replace(one, given=""),
        lambda one, rng: replace(one, given=one.second or one.given, second=one.given if one.second else ""),
        lambda one, rng: replace(one, given=one.given[0])),
    "family": (
        lambda one, rng: replace(one, family=_heard(one.family, rng)), lambda one, rng: replace(one, family=_mistyped(one.family, rng)),
        lambda one, rng: replace(one, family=one.given, given=one.family), _married),
    "born": (_day_for_month, _misread_date, _misread_date, _another_year, lambda one, rng: replace(one, born="")),
    "postcode": (lambda one, rng: replace(one, postcode=_misread(one.postcode, rng)),
                 lambda one, rng: replace(one, postcode=_mistyped(one.postcode, rng)), lambda one, rng: replace(one, postcode="")),
    "address": (_moved, _in_the_same_town, _lines_changed, _lines_changed, lambda one, rng: replace(one, street=_misread(one.street, rng)),
                lambda one, rng: replace(one, street=_mistyped(one.street, rng)), lambda one, rng: replace(one, street="", town="")),
    "gender": (lambda one, rng: replace(one, gender=""),),
}
KINDS = list(FAULTS)
