"""From the evidence about source patients that may belong together to persons, and to what a human has to look at."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from processors.identity import persons
from processors.identity.alike import Alike
from processors.identity.demographics import Demographics, contradiction
from processors.identity.evidence import Evidence
from processors.identity.layers import Layers, Placement, on_its_own, why_alone
from processors.identity.numbers import Numbers, View
from processors.identity.persons import Placed


def neighbourhood(subject: str, view: View, numbers: Numbers, alike: Alike | None) -> list[str]:
    """Everyone whose person may depend on what this source patient's claims say, sorted."""
    seen, todo, followed = {subject}, [subject], set[str]()
    while todo:
        one = todo.pop()
        said = view.said(one)
        near = {*view.deciding(one), *numbers.merged_with(one, said)}
        if said.decisions:
            near |= said.decided_about
        for number in numbers.usable(one, said):
            if number not in followed:
                followed.add(number)
                near.update(numbers.linked(numbers.of(number)))
        if alike is not None:
            near |= alike.near(one)
        near -= seen
        todo += near
        seen |= near
    return sorted(seen)


def place(members: Mapping[str, Evidence], numbers: Numbers, key: bytes, alike: Alike | None) -> Placement:
    """The persons of the source patients of one neighbourhood."""
    if len(members) == 1:
        ((subject, said),) = members.items()
        return _alone(subject, said, numbers, key)
    number = _one_number(members, numbers)
    if number is not None:
        placed = Placed(persons.numbered_person(key, number), persons.VERIFIED_NUMBER)
        return Placement(dict.fromkeys(members, placed), [])
    return Layers(members, numbers, key, alike).placement()


def answered(persons: Mapping[str, Placed], view: View, numbers: Numbers) -> dict[str, Placed]:
    """The source patients of whole persons, with what was answered of their numbers. What stands for one holds for the person: one who has
    told of nothing but who they are has no entry to bear it, and may be known by the number that it was answered of, while another tells
    the rest. That no opt-out stands is told of each by itself: of the others nobody may have asked."""
    found = {subject: numbers.answered(view.said(subject)) for subject in persons}
    opted_out = {persons[subject].person for subject, each in found.items() if each.opted_out}
    restricted = {persons[subject].person for subject, each in found.items() if each.restricted}
    return {subject: placed._replace(opted_out=placed.person in opted_out or found[subject].opted_out,
                                     restricted=placed.person in restricted)
            for subject, placed in persons.items()}


def _one_number(members: Mapping[str, Evidence], numbers: Numbers) -> str | None:
    """The number that all carry, each that one alone, where nothing speaks against it: what the layers come to then needs none of them."""
    usable: tuple[str, ...] | None = None
    values: set[Demographics] = set()
    for subject, said in members.items():
        here = numbers.usable(subject, said)
        if len(here) != 1 or usable not in (None, here):
            return None
        if said.merged_into or said.replaces or said.decisions or numbers.overrun(subject):
            return None
        usable = here
        if said.demographics is not None:
            values.add(said.demographics)
    if usable is None or (len(values) > 1 and any(contradiction(one, other) for one, other in combinations(values, 2))):
        return None
    return usable[0]


def _alone(subject: str, said: Evidence, numbers: Numbers, key: bytes) -> Placement:
    usable = numbers.usable(subject, said)
    findings = list(on_its_own(subject, usable, numbers))
    if len(usable) == 1:
        return Placement({subject: Placed(persons.numbered_person(key, usable[0]), persons.VERIFIED_NUMBER)}, findings)
    return Placement({subject: Placed(persons.own_person(key, subject), why_alone(said, numbers, usable))}, findings)
