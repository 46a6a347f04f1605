"""A hand-made RF2 snapshot: few rows, every shape that the reader must understand."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

FSN, SYNONYM, PREFERRED = "900000000000003001", "900000000000013009", "900000000000548007"
IS_A, CAUSE, BASE, INGREDIENT = "116680003", "246075003", "738774007", "762949000"
SAME_AS, POSSIBLY = "900000000000527005", "900000000000523009"
GB = "900000000000508004"
CONCEPTS = {
    "105590001": ("Substance (substance)", "1"),
    "764146007": ("Penicillin (substance)", "1"),
    "372687004": ("Amoxicillin (substance)", "1"),
    "96068000": ("Amoxicillin trihydrate (substance)", "1"),
    "27658006": ("Product containing amoxicillin (medicinal product)", "1"),
    "91936005": ("Allergy to penicillin (finding)", "1"),
    "294505008": ("Allergy to amoxicillin (finding)", "1"),
    "292967008": ("Amoxycillin adverse reaction (disorder)", "0"),
    "62014003": ("Adverse reaction to drug (disorder)", "1"),
    "716186003": ("No known allergy (situation)", "1"),
    "409137002": ("No known drug allergy (situation)", "1"),
    "260147004": ("House dust mite (organism)", "1"),
    "232350006": ("Allergy to house dust mite (finding)", "1"),
    "195967001": ("Asthma (disorder)", "1"),
    "50043002": ("Disorder of respiratory system (disorder)", "1"),
    "38341003": ("Hypertensive disorder (disorder)", "0"),
}
RELATIONSHIPS = [
    ("372687004", "764146007", IS_A, "1"), ("764146007", "105590001", IS_A, "1"), ("96068000", "372687004", BASE, "1"),
    ("27658006", "96068000", INGREDIENT, "1"), ("27658006", "372687004", "127489000", "1"), ("232350006", "260147004", CAUSE, "1"),
    ("91936005", "764146007", CAUSE, "1"), ("294505008", "372687004", CAUSE, "1"),
    ("294505008", "764146007", CAUSE, "0"), ("62014003", "105590001", CAUSE, "1"), ("409137002", "716186003", IS_A, "1"),
    ("195967001", "50043002", IS_A, "1"), ("195967001", "372687004", "363698007", "1"),
]
ASSOCIATIONS = [(SAME_AS, "292967008", "294505008", "1"), (POSSIBLY, "38341003", "195967001", "1"), (SAME_AS, "38341003", "50043002", "0")]

EXCLUDED, OTHER_SET = "999004381000000103", "999002611000000107"
MEMBERS = [(EXCLUDED, "294505008", "1"), (EXCLUDED, "50043002", "1"), (EXCLUDED, "62014003", "0"), (OTHER_SET, "91936005", "1"),
           (EXCLUDED, "419511003", "1")]
"""Of a list of what is sensitive, and of another; the last is no concept of the release."""


def table(path: Path, head: str, rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "\r\n".join(row.replace(" | ", "\t") for row in (head, *rows, "")).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.fixture(scope="session")
def rf2(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rf2") / "Snapshot"
    terms, refset = folder / "Terminology", folder / "Refset"
    table(terms / "sct2_Concept_Snapshot_GB_20260101.txt", "id | effectiveTime | active | moduleId | definitionStatusId",
           [f"{code} | 20260101 | {active} | 0 | 0" for code, (_, active) in CONCEPTS.items()] + ["195967002 | 20260101 | 1 | 0 | 0"])
    descriptions = [f"{n}01 | 20260101 | 1 | 0 | {code} | en | {FSN} | {term} | 0"
                    for n, (code, (term, _)) in enumerate(CONCEPTS.items(), 1)]
    descriptions += [f"9001 | 20260101 | 1 | 0 | 195967001 | en | {SYNONYM} | Asthma | 0",
                     f"9002 | 20260101 | 1 | 0 | 195967001 | en | {SYNONYM} | A \"chesty\" word | 0",
                     f"9003 | 20260101 | 0 | 0 | 195967001 | en | {SYNONYM} | AAA withdrawn | 0"]
    table(terms / "sct2_Description_Snapshot-en_GB_20260101.txt.gz",
           "id | effectiveTime | active | moduleId | conceptId | languageCode | typeId | term | caseSignificanceId", descriptions)
    table(terms / "sct2_Relationship_Snapshot_GB_20260101.txt",
           "id | effectiveTime | active | moduleId | sourceId | destinationId | relationshipGroup | typeId | characteristicTypeId | "
           "modifierId",
           [f"{n} | 20260101 | {active} | 0 | {a} | {b} | 0 | {type_} | 0 | 0" for n, (a, b, type_, active) in enumerate(RELATIONSHIPS)])
    table(refset / "der2_cRefset_LanguageSnapshot-en_GB_20260101.txt",
           "id | effectiveTime | active | moduleId | refsetId | referencedComponentId | acceptabilityId",
           [f"l1 | 20260101 | 1 | 0 | {GB} | 9001 | {PREFERRED}"])
    table(refset / "der2_cRefset_AssociationSnapshot_GB_20260101.txt",
           "id | effectiveTime | active | moduleId | refsetId | referencedComponentId | targetComponentId",
           [f"a{n} | 20260101 | {active} | 0 | {type_} | {a} | {b}" for n, (type_, a, b, active) in enumerate(ASSOCIATIONS)])
    table(refset / "der2_Refset_SimpleUKCLSnapshot_GB1000000_20260101.txt",
          "id | effectiveTime | active | moduleId | refsetId | referencedComponentId",
          [f"m{n} | 20260101 | {active} | 0 | {refset_} | {code}" for n, (refset_, code, active) in enumerate(MEMBERS)])
    return folder.parent
