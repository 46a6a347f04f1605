"""The rules by which an entry is what it is: `BY_ID` explains every id that an entry's `rules`, or a caution about several, can hold.

The rules that decide fields are the kinds' (`Kind.rules`) and the two of `mainstem.kinds.facts`; those here end an entry; those of
`mainstem.admissions` compare the entries of a record.
"""

from __future__ import annotations

from mainstem import admissions, kinds, relations, unchecked
from mainstem.kinds.facts import GREATEST_VERSION, MOST_RECENTLY_RECORDED, RULE_FAULT, Rule

RETRACTED = Rule("record.retracted", "the source says that its record was entered in error; only its own assertion is withdrawn",
                 "design.md, Safety of absence")
REMOVED = Rule("record.removed", "the source deleted its record", "design.md, Words")
ABSENT = Rule("record.absent", "a complete export of the source, later than its last word on the record, no longer holds it",
              "design.md, Words")
MOVED = Rule("identity.moved", "the source patient is another person's now, and its assertions speak there",
             "design.md, How a person comes together")
REGROUPED = Rule("fact.regrouped", "the records that made this fact make another one now, the successor",
                 "design.md, How convergence is had")
SHORTENED = Rule("entry.shortened", "its records together say more than a message can hold: of long texts and lists the beginning is "
                 "shown, the whole is in the raw messages", "design.md, promises 5 and 9")

SENSITIVE_SET = Rule("labels.sensitive-set", "something coded in it is on the lists of what is sensitive (assisted fertilisation, sexually "
                     "transmitted disease, termination of pregnancy, gender), or below what is: labelled so, whatever its sources say",
                     "RCGP sensitive set; SNOMED CT UK edition, general practice summary data sharing exclusion refsets")

BY_ID: dict[str, Rule] = {
    rule.id: rule for rule in (
        GREATEST_VERSION, MOST_RECENTLY_RECORDED, RULE_FAULT, RETRACTED, REMOVED, ABSENT, MOVED, REGROUPED, SHORTENED, SENSITIVE_SET,
        *(rule for kind in kinds.ALL for rule in kind.rules), *admissions.RULES, *relations.RULES, unchecked.NOT_CHECKED,
    )
}


def table() -> str:
    """Every rule as a line of Markdown, in the order of `BY_ID`."""
    rows = [f"| `{rule.id}` | {rule.reason} | {rule.source} |" for rule in BY_ID.values()]
    return "\n".join(["| rule | reason | source |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(table())
