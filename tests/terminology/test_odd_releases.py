"""Releases as they are found in practice: damaged, cut short, mixed, in packages that overlap, with histories."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from mainstem.kinds.base import SNOMED
from mainstem.terminology import Shelf, Terminology, dmd, shipped, snomed, store
from mainstem.terminology.errors import MalformedFileError, SeveralFilesError
from mainstem.terminology.statements import Concept, Level, Statements
from tests.terminology.conftest import CAUSE, EXCLUDED, GB, INGREDIENT, PREFERRED, SAME_AS, SYNONYM, table

AMOX, FORMER, CAPSULES, BRAND = "27658006", "108502004", "323509004", "643911000001108"
FILES = {
    "vtm2_3091025": f"<X><VTM><VTMID>{AMOX}</VTMID><NM>Amoxicillin</NM></VTM></X>",
    "ingredient2_3091025": "<X><ING><ISID>372687004</ISID><NM>Amoxicillin</NM></ING></X>",
    "vmp2_3091025": f"<X><VMPS><VMP><VPID>{CAPSULES}</VPID><VTMID>{AMOX}</VTMID><NM>Amoxicillin 250mg capsules</NM></VMP></VMPS></X>",
    "amp2_3091025": f"<X><AMPS><AMP><APID>{BRAND}</APID><VPID>{CAPSULES}</VPID><DESC>A (B)</DESC></AMP></AMPS></X>",
}


def coded(code: str) -> dict:
    return {"codes": [{"system": SNOMED, "code": code}]}


def made(statements: Statements) -> Terminology:
    return Terminology(store.Store(store.made("test", statements, {})))


def trud(folder: Path, **other: str) -> Path:
    for name, text in (FILES | other).items():
        (folder / f"f_{name}.xml").write_text(text)
    return folder


def test_files_of_two_releases_are_not_mixed(tmp_path):
    """The date in a name begins with the day, so that no order of names tells which is the later."""
    trud(tmp_path, vtm2_3281025=FILES["vtm2_3091025"])
    with pytest.raises(SeveralFilesError, match=r"f_vtm2_3091025\.xml and f_vtm2_3281025\.xml; name a folder"):
        dmd.read(tmp_path)


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_tells_nothing_of_what_it_should_is_no_release(tmp_path, file):
    with pytest.raises(MalformedFileError, match=f"f_{file}.xml: tells of no "):
        dmd.read(trud(tmp_path, **{file: "<html><body>Try again later</body></html>"}))


def test_an_id_that_is_listed_as_invalid_has_become_what_names_it_as_former(tmp_path):
    told = (f"<X><VTM><VTMID>{AMOX}</VTMID><VTMIDPREV>{FORMER}</VTMIDPREV><NM>Amoxicillin</NM></VTM>"
            f"<VTM><VTMID>{FORMER}</VTMID>%s<NM>Amoxycillin</NM></VTM></X>")
    invalid = made(dmd.read(trud(tmp_path, vtm2_3091025=told % "<INVALID>1</INVALID>"))[0])
    assert (invalid.current(coded(FORMER)), invalid.agent(coded(FORMER))) == (AMOX, "372687004")
    valid = made(dmd.read(trud(tmp_path, vtm2_3091025=told % ""))[0])
    assert valid.current(coded(FORMER)) == FORMER, "what it says of itself counts"


def test_an_id_that_changed_twice_is_followed_by_the_file_of_all_former_ids(tmp_path):
    history = (f"<HISTORY><VTMS/><VMPS><VMP><IDCURRENT>{CAPSULES}</IDCURRENT><IDPREVIOUS>347209005</IDPREVIOUS><STARTDT>2004-01-01"
               f"</STARTDT></VMP><VMP><IDCURRENT>{CAPSULES}</IDCURRENT><IDPREVIOUS>{CAPSULES}</IDPREVIOUS></VMP></VMPS></HISTORY>")
    assert made(dmd.read(trud(tmp_path))[0]).moiety(coded("347209005")) is None
    said, files = dmd.read(trud(tmp_path, history1_3091025=history))
    assert "f_history1_3091025.xml" in files
    assert (made(said).current(coded("347209005")), made(said).moiety(coded("347209005"))) == (CAPSULES, AMOX)
    assert made(said).current(coded(CAPSULES)) == CAPSULES


def test_rows_are_read_whatever_stands_between_them(tmp_path):
    told = f"<X><!-- NHSBSA --><VTM><VTMID>{AMOX}</VTMID><!-- a --><NM>Amox<!-- b -->icillin</NM></VTM><VTM/><Y><Z>1</Z></Y></X>"
    assert Concept(int(AMOX), Level.VTM, "Amoxicillin") in dmd.read(trud(tmp_path, vtm2_3091025=told))[0].concepts


def test_what_ships_is_said_of_the_ids_that_its_own_have_become(tmp_path):
    """Paracetamol's VTM, the VMP of its capsules and ibuprofen are known to the shipped table by former ids."""
    trud(tmp_path, vtm2_3091025="<X><VTM><VTMID>777067000</VTMID><VTMIDPREV>90332006</VTMIDPREV><NM>Paracetamol</NM></VTM></X>",
         vmp2_3091025="<X><VMP><VPID>39732311000001104</VPID><VPIDPREV>322280009</VPIDPREV><VTMID>777067000</VTMID><NM>P</NM></VMP></X>",
         ingredient2_3091025="<X><ING><ISID>387517004</ISID><NM>Paracetamol</NM></ING>"
                             "<ING><ISID>41948311000001104</ISID><ISIDPREV>387207008</ISIDPREV><NM>Ibuprofen</NM></ING></X>")
    shelf = Shelf(tmp_path / "terms")
    shelf.load("uk-1", tmp_path, None)
    terms = shelf.open("uk-1")
    for concept in (coded("90332006"), coded("777067000"), coded("322280009"), coded("39732311000001104"), coded("3573011000001105"),
                    {"text": "Paracetamol"}, {"text": "paracetamol caps"}):
        assert terms.agent(concept) == "387517004", concept
        assert terms.moiety(concept) in ("777067000", None), concept
    assert terms.moiety(coded("90332006")) == terms.moiety({"text": "Paracetamol"}) == terms.moiety(coded("322280009")) == "777067000"
    ibuprofen = terms.agent(coded("38268001"))
    assert ibuprofen == terms.agent(coded("387207008")) == "41948311000001104"
    assert terms.parents(ibuprofen) == ("372665008",), "its class"
    assert terms.sensitive(coded(next(iter(map(str, shipped.read(shipped.FOLDER)[0].sensitive))))), "dm+d has no lists"


HEADS = {
    "Concept": "id | effectiveTime | active | moduleId | definitionStatusId",
    "Description": "id | effectiveTime | active | moduleId | conceptId | languageCode | typeId | term | caseSignificanceId",
    "Relationship": "id | effectiveTime | active | moduleId | sourceId | destinationId | relationshipGroup | typeId | "
                    "characteristicTypeId | modifierId",
    "Association": "id | effectiveTime | active | moduleId | refsetId | referencedComponentId | targetComponentId",
    "Simple": "id | effectiveTime | active | moduleId | refsetId | referencedComponentId",
    "Language": "id | effectiveTime | active | moduleId | refsetId | referencedComponentId | acceptabilityId",
}


@pytest.mark.parametrize("beside", ["A_before", "Z_after"])
@pytest.mark.parametrize(("time", "later"), [("20260401", True), ("20251001", False)])
def test_of_what_two_packages_say_of_a_component_the_later_counts(rf2, tmp_path, beside, time, later):
    """The UK Clinical Edition beside the International Edition, whichever is read first."""
    shutil.copytree(rf2, tmp_path / "M_international")
    for name, row in (
        ("sct2_Concept_UKCL", f"195967001 | {time} | 0 | 0 | 0"),
        ("sct2_Description_UKCL", f"9001 | {time} | 0 | 0 | 195967001 | en | {SYNONYM} | Asthma | 0"),
        ("sct2_Relationship_UKCL", f"7 | {time} | 0 | 0 | 294505008 | 372687004 | 0 | {CAUSE} | 0 | 0"),
        ("der2_cRefset_AssociationUKCL", f"a0 | {time} | 0 | 0 | {SAME_AS} | 292967008 | 294505008"),
        ("der2_Refset_SimpleUKCL", f"m0 | {time} | 0 | 0 | {EXCLUDED} | 294505008"),
        ("der2_cRefset_LanguageUKCL", f"l1 | {time} | 0 | 0 | {GB} | 9001 | {PREFERRED}"),
    ):
        kind = next(kind for kind in HEADS if kind in name)
        table(tmp_path / beside / f"{name}Snapshot_GB1000000_{time}.txt", HEADS[kind], [row])
    terms = made(snomed.read(tmp_path)[0])
    asthma = terms.concept("195967001")
    assert (asthma.active, asthma.term) == ((False, 'A "chesty" word') if later else (True, "Asthma"))
    assert (terms.agent(coded("294505008")) is None) is later
    assert (terms.current(coded("292967008")) == "292967008") is later
    assert terms.sensitive(coded("294505008")) is not later


def test_an_ingredient_as_the_uk_drug_extension_tells_it(rf2, tmp_path):
    shutil.copytree(rf2, tmp_path, dirs_exist_ok=True)
    path = next(tmp_path.rglob("sct2_Relationship_*"))
    path.write_bytes(path.read_bytes().replace(INGREDIENT.encode(), b"10362801000001104").replace(b"127489000", b"363698007"))
    assert made(snomed.read(tmp_path)[0]).agent(coded("27658006")) == "372687004"


@pytest.mark.parametrize(("file", "damage"), [
    ("*Relationship_*", lambda data: data.replace(b"\t372687004\t764146007", b"\tabc\t764146007", 1)),
    ("*Relationship_*", lambda data: data[:data.rindex(b"\t")]),
    ("*Relationship_*", lambda data: data[:data.rindex(b"\t0\t") + 2] + b"\r\n"),
    ("*Association*", lambda data: data[:data.index(b"294505008") + 4]),
    ("*Association*", lambda data: data.removesuffix(b"\r\n")),
    ("*Concept*", lambda data: data + "é".encode("latin-1")),
    ("*Concept*", lambda data: data[:data.index(b"\n") + 1]),
    ("*Description*", lambda data: gzip.compress(gzip.decompress(data).replace(b"\t195967001\t", b"\tx\t", 1))),
    ("*Description*", lambda data: data[:30] + b"\xff\xff\xff\x00" * 10 + data[70:]),
    ("*Description*", lambda data: data[:len(data) // 2]),
    ("*Relationship_*", lambda data: data[:data.index(b"\n") + 1]),
])
def test_a_damaged_rf2_file_is_named(rf2, tmp_path, file, damage):
    shutil.copytree(rf2, tmp_path, dirs_exist_ok=True)
    path = next(tmp_path.rglob(file))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(MalformedFileError, match=path.name):
        snomed.read(tmp_path)
