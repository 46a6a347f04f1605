"""A medicine as listed, ordered, given, dispensed or found in the home: views of one course, which may disagree.

Key: moiety (VTM, else VMP) and route. What several views say is kept side by side in `views`, and where they say otherwise to each
other in `discrepancies` (`mainstem.kinds.discrepancies`).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from msgspec import UNSET, UnsetType

from mainstem.kinds import courses, routes, taking
from mainstem.kinds.base import DMD, Amount, Concept, Content, Kind, Text
from mainstem.kinds.concepts import is_national
from mainstem.kinds.facts import Derived, Member, Rule, Terms, latest_first
from mainstem.kinds.same import DATE, PERSON, PROSE
from mainstem.kinds.titles import named

CANNOT_TELL = Rule(
    "medicine.cannot-tell", "the terminology in force does not know the product by its code or its words: it is shown as it stands, and "
    "may be what another entry is", "design.md, Reconciliation, per kind")
UNTOLD = "?"
"""Route of a key, where nothing tells it, nor a form that goes some ways only (`mainstem.kinds.routes.untold`)."""


class MedicineContent(Content, frozen=True):
    view: Text = UNSET
    """`list` (GP), `order` (hospital chart), `administration`, `dispense`, `home`."""
    product: Concept = UNSET
    route: Concept = UNSET
    form: Text = UNSET
    dose: Text = UNSET
    """Dosage instruction as text."""
    dose_quantity: Amount = UNSET
    frequency: Text = UNSET
    as_needed: bool | UnsetType = UNSET
    course: Text = UNSET
    """`repeat`, `acute`, `repeat-dispensing`."""
    status: Text = UNSET
    """`active`, `stopped`, `completed`, `on-hold`, `draft`, `cancelled`."""
    start: Text = UNSET
    end: Text = UNSET
    last_issued: Text = UNSET
    quantity: Amount = UNSET
    supply: Amount = UNSET
    """How long one issue lasts: 28 days."""
    repeats_allowed: Text = UNSET
    repeats_issued: Text = UNSET
    authorised_until: Text = UNSET
    reason: Concept = UNSET
    stop_reason: Text = UNSET
    prescriber: Text = UNSET
    note: Text = UNSET


class Medicine(Kind):
    """A fact of several records has `views` (what each source says in each of its views) and `discrepancies` besides, and no `view`; and
    `regimens` in place of a dose, where who speaks first holds several of the medicine."""

    name = "medicine"
    heading = "Medications and medical devices"
    Content = MedicineContent
    rules = (*courses.RULES, CANNOT_TELL)
    cannot_tell = CANNOT_TELL
    gap = 28
    """Days: one issue. Taken up again later than that, it is another course."""
    compared = MappingProxyType({
        "start": DATE,
        "end": DATE,
        "last_issued": DATE,
        "authorised_until": DATE,
        "stop_reason": PROSE,
        "prescriber": PERSON,
        "note": PROSE,
    })

    def title(self, content: dict) -> str:
        several = content.get("regimens") or [{"product": named(content.get("product"), "Medicine"), "taken": taking.taken(content)}]
        return " and ".join(" ".join(x for x in (one["product"] or "Medicine", one["taken"]) if x) for one in several)

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        """Moiety and route. A product that the terminology cannot tell stays a fact of its own, but for one dm+d code that several use."""
        product = content.get("product")
        if not isinstance(product, dict):
            return None
        moiety = terms.moiety(product) or _unlisted(product, terms)
        return None if moiety is None else f"{moiety}/{_route(content, product, moiety, terms)}"

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return taking.span(content)

    def derive(self, members: Sequence[Member], terms: Terms) -> Derived:
        return latest_first(members) if len(members) == 1 else courses.united(members)

    def matters(self, members: Sequence[Member], terms: Terms) -> set[int]:
        return courses.matters(members)


def _route(content: dict[str, Any], product: dict[str, Any], moiety: str, terms: Terms) -> str:
    """As stated; else that of the product's code; else by the words of its name or form; else the one that products of its name or all of
    the moiety have, where its form may go it: an injection is not swallowed. Else its form parts it: a gel is not the tablets."""
    stated = routes.stated(content.get("route"))
    if stated is not None:
        return stated
    own = routes.of_code(terms.route(product))
    if own is not None and not terms.by_name(product):
        return own
    names = [words for words in (named(product, ""), content.get("form")) if isinstance(words, str)]
    if told := next((told for words in names if (told := routes.of_words(words))), None):
        return told
    usual = own or routes.of_code(terms.usual_route(moiety))
    if usual is not None and all(routes.may_go(words, usual) for words in names):
        return usual
    return next((form for words in names if (form := routes.untold(words))), UNTOLD)


def _unlisted(product: dict[str, Any], terms: Terms) -> str | None:
    """Its only dm+d code, where the release does not list it: what two sources code alike is one product."""
    codes = {code["code"] for code in product.get("codes") or () if code.get("system") == DMD and is_national(code.get("code"))}
    return codes.pop() if len(codes) == 1 and terms.current(product) is None else None
