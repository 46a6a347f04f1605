"""Codes are well formed, and those said to be in a corpus are found there."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path

import pytest

from seeds.catalogue import FOLDER

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
CODES = ("code", "vtm", "substance", "finding", "procedure", "product")


def _rows() -> list[tuple[str, dict[str, str]]]:
    return [(path.stem, row) for path in sorted(FOLDER.glob("*.csv")) for row in csv.DictReader(path.open(encoding="utf-8"))]


def _unpacked(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def _verhoeff(code: str) -> bool:
    """SNOMED CT identifiers end in a Verhoeff check digit (SNOMED CT TIG, 'Check-digit')."""
    multiply = ["0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043",
                "8765932104", "9876543210"]
    permute = ["0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"]
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = int(multiply[check][int(permute[place % 8][int(digit)])])
    return check == 0


def test_every_snomed_and_dmd_code_has_a_right_check_digit() -> None:
    wrong = [(name, column, row[column]) for name, row in _rows() for column in CODES if row.get(column) and not _verhoeff(row[column])]
    assert wrong == []


@pytest.mark.corpus
def test_codes_are_in_the_corpus_that_vouches_for_them() -> None:
    if not CORPORA.exists():
        pytest.skip("the corpora are not beside the repository")
    texts = {
        "gp-connect": "".join(_unpacked(path) for path in CORPORA.glob("gp-connect-stu3/*/*.gz")),
        "uk-core": "".join(path.read_text(encoding="utf-8") for path in CORPORA.glob("uk-core-r4/*.xml")),
    }
    column = {"medicines": "code", "allergens": "finding", "problems": "code", "vaccines": "procedure", "concepts": "code", "tests": "code"}
    missing = []
    for name, row in _rows():
        vouching = texts.get(row["source"])
        told = [row[column[name]], *([row["product"]] if row.get("product") else [])]
        if vouching and not any(f'"{code}"' in vouching for code in told):
            missing.append((name, told))
    assert missing == []


@pytest.mark.corpus
def test_moieties_and_ingredients_are_in_dmd() -> None:
    if not CORPORA.exists():
        pytest.skip("the corpora are not beside the repository")
    moieties = set(re.findall(r"<VTMID>(\d+)</VTMID>", _unpacked(CORPORA / "dmd" / "f_vtm2.xml.gz")))
    found = {row["vtm"] for name, row in _rows() if name in ("medicines", "allergens") and row["vtm"]}
    assert found - moieties == set()
