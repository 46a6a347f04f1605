"""Releases as the publishers give them: RF2 by hand, dm+d from the corpora."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.names import plain, without_salt
from mainstem.model import Release
from mainstem.shelf import MisnamedReleaseError, NoSuchReleaseError, ReleaseError
from mainstem.terminology import Shelf, Terminology, dmd, snomed, store
from mainstem.terminology.errors import MalformedFileError, MissingFileError, StoreError
from mainstem.terminology.lookup import NO_ANSWER, NONE_KNOWN
from mainstem.terminology.statements import Concept, Level, Link, Relation, Statements

CORPUS = Path(__file__).parents[3] / "shared" / "corpora" / "dmd"


def coded(*codes: str, system: str = SNOMED) -> dict:
    return {"codes": [{"system": system, "code": code} for code in codes]}


def made(statements) -> Terminology:
    return Terminology(store.Store(store.made("test", statements, {})))


@pytest.fixture(scope="module")
def sct(rf2) -> Terminology:
    return made(snomed.read(rf2)[0])


@pytest.fixture(scope="module")
def corpus() -> Terminology:
    if not CORPUS.is_dir():
        pytest.skip(f"no {CORPUS}")
    return made(dmd.read(CORPUS)[0])


def test_a_product_of_several_ingredients_has_the_agents_of_each(corpus):
    """Coal tar 10% / Salicylic acid 5%, and the actual product of it: the moiety's name, and what they hold."""
    for code in ("28946311000001106", "28942511000001101"):
        assert corpus.agents(coded(code, system=DMD)) == ("15219611000001105", "387253001", "53034005")
    moiety = coded("15219611000001105", system=DMD)
    assert corpus.agents(moiety) == ("15219611000001105", "3588411000001101", "387253001", "53034005"), "another product has solution"
    assert corpus.agent(moiety) == "15219611000001105", "the key stays what it was"
    assert corpus.agents({"text": "nothing of the kind"}) == ()


CLAV, AMOX, TRIHYDRATE, SODIUM, CLAVULANIC, POTASSIUM = (
    "89519005", "27658006", "96068000", "427483001", "395939008", "395938000")
TABLETS, INJECTION, CAPSULES, FORMER = "323540006", "324507009", "323509004", "323539009"


def _dmd(folder: Path, ingredients: dict[str, tuple[str, ...]], moieties: dict[str, str], *, invalid: tuple[str, ...] = ()) -> Terminology:
    """A dm+d release of two VTMs: ingredients and moiety of each VMP."""
    names = {AMOX: "Amoxicillin", CLAV: "Co-amoxiclav", "372687004": "Amoxicillin", TRIHYDRATE: "Amoxicillin trihydrate",
             SODIUM: "Amoxicillin sodium", CLAVULANIC: "Clavulanic acid", POTASSIUM: "Potassium clavulanate"}
    vtms = "".join(f"<VTM><VTMID>{code}</VTMID><NM>{names[code]}</NM></VTM>" for code in (AMOX, CLAV))
    substances = "".join(f"<ING><ISID>{code}</ISID><NM>{name}</NM></ING>" for code, name in names.items() if code not in (AMOX, CLAV))
    vmps = "".join(f"<VMP><VPID>{code}</VPID><VTMID>{vtm}</VTMID><NM>{code}</NM>{'<INVALID>1</INVALID>' * (code in invalid)}</VMP>"
                   for code, vtm in moieties.items())
    held = "".join(f"<VPI><VPID>{code}</VPID><ISID>{one}</ISID></VPI>" for code, all_ in ingredients.items() for one in all_)
    for name, text in (("vtm", vtms), ("ingredient", substances), ("vmp", f"<VMPS>{vmps}</VMPS><INGS>{held}</INGS>"),
                       ("amp", f"<AMP><APID>643911000001108</APID><VPID>{CAPSULES}</VPID><DESC>{CAPSULES} (Supplier)</DESC></AMP>")):
        (folder / f"f_{name}2_1.xml").write_text(f"<X>{text}</X>")
    return made(dmd.read(folder)[0])


@pytest.mark.parametrize(("ingredients", "expected"), [
    # all products agree
    ({TABLETS: (TRIHYDRATE, POTASSIUM), INJECTION: (TRIHYDRATE, POTASSIUM)}, {"372687004", POTASSIUM}),
    # another salt of one agent, and one whose agent is told by nothing
    ({TABLETS: (TRIHYDRATE, POTASSIUM), INJECTION: (SODIUM, POTASSIUM)}, {"372687004", SODIUM, POTASSIUM}),
    # they differ: it may be any of them
    ({TABLETS: (TRIHYDRATE, POTASSIUM), INJECTION: (TRIHYDRATE, CLAVULANIC)}, {"372687004", POTASSIUM, CLAVULANIC}),
    # one no longer made, and one that lists nothing
    ({FORMER: (TRIHYDRATE, CLAVULANIC)}, {"372687004", CLAVULANIC}),
    ({}, set()),
])
def test_a_moiety_holds_what_any_of_its_products_holds(tmp_path, ingredients, expected):
    moieties = {TABLETS: CLAV, INJECTION: CLAV, FORMER: CLAV, CAPSULES: AMOX}
    terms = _dmd(tmp_path, {**ingredients, CAPSULES: (TRIHYDRATE,)}, moieties, invalid=(FORMER,))
    moiety = coded(CLAV, system=DMD)
    assert set(terms.agents(moiety)) == {CLAV, *expected}
    assert set(terms.agents({"text": "Co-amoxiclav 500mg/125mg tablets"})) == {CLAV, *expected}
    assert terms.agents(coded(AMOX)) == ("372687004",), "a moiety of one ingredient is its own agent"
    for product, own in ingredients.items():
        assert terms.agents(coded(product)) == tuple(sorted({CLAV, *(terms.agent(coded(one)) for one in own)})), "its own list counts"
    for product in {TABLETS, INJECTION} - ingredients.keys():
        assert terms.agents(coded(product)) == terms.agents(moiety), "one that lists nothing is held to be as its moiety"
    nothing = _dmd(tmp_path, {CAPSULES: (TRIHYDRATE,)}, moieties, invalid=(FORMER,))
    for code in (CLAV, AMOX, TABLETS, INJECTION, CAPSULES, FORMER, TRIHYDRATE, SODIUM, POTASSIUM, CLAVULANIC):
        assert (terms.agent(coded(code)), terms.moiety(coded(code)), terms.current(coded(code))) == (
            nothing.agent(coded(code)), nothing.moiety(coded(code)), nothing.current(coded(code))), "keys do not hang on it"


def test_codings_that_say_different_things_are_all_told_and_names_are_told_apart(sct):
    assert sct.agents(coded("91936005", "260147004")) == ("260147004", "764146007")
    assert sct.agent(coded("91936005", "260147004")) is None
    for concept, named in ((coded("91936005"), False), ({**coded("91936005", system="local"), "text": "Allergy to penicillin"}, True),
                           ({**coded("1", "91936005"), "text": "x"}, False), ({**coded("1"), "text": "x"}, True), ({}, True)):
        assert sct.by_name(concept) is named


AMPP, AMP, VMP, VTM = range(1001, 1005)
LINE = tuple(map(str, (AMPP, AMP, VMP, VTM)))


@pytest.mark.parametrize(("codings", "expected"), [
    (coded(LINE[0], system=DMD), LINE), (coded(LINE[1]), LINE[1:]), (coded(LINE[3], system=DMD), LINE[3:]),
    (coded(LINE[2], LINE[1], LINE[3]), LINE[1:]),
    (coded("1005"), LINE[2:]),
    (coded("1006"), ("1006",)), (coded("1006", LINE[3]), ()),
    (coded("1007"), ("1007", LINE[2], LINE[3])),
    (coded("9"), ()), (coded(LINE[2], system="local"), ()), ({"text": "Line 1003"}, ()), ({"codes": None}, ()), ({}, ()),
])
def test_a_line_of_products_is_told_by_codes_alone(codings, expected):
    """1005 has become the VMP; 1006 is of two moieties; 1007 says its VTM beside its VMP."""
    levels = {AMPP: Level.AMPP, AMP: Level.AMP, VMP: Level.VMP, VTM: Level.VTM, 1005: Level.VMP, 1006: Level.VMP, 1007: Level.AMP,
              1008: Level.VTM}
    terms = made(Statements(
        [Concept(code, level, f"Line {code}", code != 1005) for code, level in levels.items()],
        [Relation(AMPP, Link.ACTUAL_OF, AMP), Relation(AMP, Link.ACTUAL_OF, VMP), Relation(VMP, Link.MOIETY, VTM),
         Relation(1005, Link.REPLACED_BY, VMP), Relation(1006, Link.MOIETY, VTM), Relation(1006, Link.MOIETY, 1008),
         Relation(1007, Link.ACTUAL_OF, VMP), Relation(1007, Link.MOIETY, VTM)]))
    assert terms.lineage(codings) == expected


@pytest.mark.parametrize("code", ["294505008", "372687004", "96068000", "27658006", "292967008"])
def test_finding_substance_salt_product_and_former_finding_have_one_agent(sct, code):
    assert sct.agent(coded(code)) == "372687004"


def test_an_organism_that_a_finding_names_is_an_agent_however_it_is_coded(sct):
    assert sct.agent(coded("232350006")) == sct.agent(coded("260147004")) == "260147004"
    assert sct.agent(coded("50043002")) is None


def test_snomed_relations_and_history(sct):
    assert sct.is_a("372687004", sct.agent(coded("91936005")))
    assert not sct.is_a("764146007", "372687004")
    assert sct.parents("195967001") == ("50043002",)
    assert sct.current(coded("292967008")) == "294505008"
    assert sct.current(coded("38341003")) == "38341003", "possibly equivalent is not the same; a withdrawn association says nothing"


def test_a_cause_as_broad_as_substance_is_no_agent(sct):
    assert sct.agent_of(coded("62014003")).reason == NO_ANSWER
    broad = made(Statements([Concept(255620007, Level.SUBSTANCE, "Food"), Concept(441900009, Level.SUBSTANCE, "Chemical")], []))
    assert broad.agent({"text": "Food allergy"}) is broad.agent({"text": "Chemical"}) is None


def test_none_known_is_no_agent(sct):
    assert sct.agent_of(coded("409137002")).reason == NONE_KNOWN
    assert sct.none_known(coded("409137002")) == "409137002"
    assert sct.none_known(coded("195967001")) is None


def test_the_preferred_term_is_shown_and_bad_ids_are_counted(sct):
    assert sct.concept("195967001").term == "Asthma"
    assert sct.store.head.refused == 1


def test_a_salt_named_as_a_medicine_is_its_moiety(tmp_path):
    terms = _dmd(tmp_path, {CAPSULES: (TRIHYDRATE,)}, {CAPSULES: AMOX})
    assert terms.moiety({"text": "Amoxicillin trihydrate 500mg capsules"}) == AMOX
    assert terms.moiety({"text": "Amoxicillin sodium 500mg injection"}) is None, "no product tells whose it is"


@pytest.mark.corpus
def test_no_two_moieties_of_dmd_are_told_apart_by_a_salt_that_goes():
    if not CORPUS.is_dir():
        pytest.skip(f"no {CORPUS}")
    names = {plain(concept.term) for concept in dmd.read(CORPUS)[0].concepts if concept.level is Level.VTM}
    assert len(names) > 2800
    assert [name for name in sorted(names) if without_salt(name) in names] == []


@pytest.mark.corpus
def test_the_corpus_release(corpus):
    assert corpus.store.head.refused == 0
    assert len(corpus.store) > 2859 + 3482, "VTMs and ingredients"
    assert corpus.agent(coded("27658006", system=DMD)) == corpus.agent(coded("372687004")) == "372687004"
    drops = coded("347209005", system=DMD)
    assert corpus.current(drops) == "36016311000001102", "VPIDPREV"
    assert (corpus.moiety(drops), corpus.form(drops), corpus.route(drops)) == ("90356005", "385124005", "54485002")
    adenocor = coded("4744411000001104", system=DMD)
    assert (corpus.moiety(adenocor), corpus.agent(adenocor), corpus.route(adenocor)) == ("108502004", "35431001", "47625008")
    assert corpus.moiety({"text": "Diclofenac"}) == "33734711000001108", "a gel of one of its salts is named after it"
    nutrison = coded("442611000001109", system=DMD)
    assert corpus.moiety(nutrison) == "3549611000001100", "its VMP has no VTM"


@pytest.mark.corpus
def test_packs_lead_to_their_product(corpus, tmp_path):
    for path in CORPUS.glob("*.gz"):
        (tmp_path / path.name).symlink_to(path.resolve())
    (tmp_path / "f_vmpp2_1.xml").write_text("<V><VMPPS><VMPP><VPPID>1067711000001100</VPPID><NM>p</NM><VPID>347208002</VPID></VMPP>"
                                            "</VMPPS></V>")
    (tmp_path / "f_ampp2_1.xml").write_text("<A><AMPPS><AMPP><APPID>1067712000001103</APPID><NM>p</NM><APID>4744411000001104</APID>"
                                            "</AMPP></AMPPS></A>")
    terms = made(dmd.read(tmp_path)[0])
    found = [terms.moiety(coded(code, system=DMD)) for code in ("1067711000001100", "1067712000001103")]
    assert found == ["90356005", "108502004"]


def test_what_is_no_release_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(MissingFileError, match="unpacked"):
        dmd.read(tmp_path)
    with pytest.raises(MissingFileError, match="unpacked"):
        snomed.read(tmp_path)
    for name in ("vtm", "ingredient", "vmp", "amp"):
        (tmp_path / f"f_{name}2_1.xml").write_text("<VTMS><VTM><VTMID>68088000</VTMID>")
    with pytest.raises(MalformedFileError, match=r"f_vtm2_1\.xml"):
        dmd.read(tmp_path)
    for name in ("Concept", "Description", "Relationship"):
        (tmp_path / f"sct2_{name}_Snapshot_1.txt").write_text("id\tactive\n1\n")
    with pytest.raises(MalformedFileError, match="RF2"):
        snomed.read(tmp_path)


def test_the_shelf_keeps_versions(rf2, tmp_path):
    shelf = Shelf(tmp_path / "terms")
    head = shelf.load("uk-1", None, rf2)
    assert shelf.load("uk-1", None, rf2) == head, "the same input, the same release"
    terms = shelf.open("uk-1")
    assert terms.release == f"uk-1@{head.digest[:12]}"
    terms.store.check()
    assert terms.agent(coded("91935009")) == "762952008", "of the shipped table"
    assert terms.moiety(coded("27658006")) == "27658006", "SNOMED CT calls it a product, the shipped table a VTM"
    assert terms.moiety(coded("323510009")) == "27658006"
    assert terms.concept("372687004").term == "Amoxicillin (substance)", "the publisher's word counts"
    other = shelf.load("uk-1", None, rf2, with_builtin=False)
    assert other.digest != head.digest
    assert len(shelf.names()) == 3
    with pytest.raises(NoSuchReleaseError, match="uk-1@"):
        shelf.open("uk-1")
    assert shelf.open(f"uk-1@{other.digest[:12]}").agent(coded("91935009")) is None
    for name in ("builtin", "Uk", "../x", ""):
        with pytest.raises(ReleaseError, match="no name"):
            shelf.load(name, None, rf2)


def test_damage_is_found(rf2, tmp_path):
    shelf = Shelf(tmp_path)
    head = shelf.load("uk-1", None, rf2)
    path = tmp_path / f"uk-1@{head.digest[:12]}.terms"
    data = path.read_bytes()
    for broken in (b"", data[:10], data[:-9], b"x" + data[1:], data[:12] + b"[" + data[13:]):
        path.write_bytes(broken)
        with pytest.raises(StoreError, match="terms load"):
            shelf.open("uk-1")
    path.write_bytes(data.replace(b'"codes"', b'"sedoc"'))
    with pytest.raises(StoreError, match="another version"):
        shelf.open("uk-1")
    path.write_bytes(data)
    path.rename(path.with_name("uk-2@000000000000.terms"))
    with pytest.raises(MisnamedReleaseError, match="holds uk-1@"):
        shelf.open("uk-2")
    path.with_name("uk-2@000000000000.terms").unlink()
    path.write_bytes(data)
    shelf.open("uk-1")
    path.write_bytes(data[:-1] + b"!")
    with pytest.raises(StoreError, match="damaged"):
        shelf.open("uk-1")
    with pytest.raises(StoreError, match="damaged"):
        shelf.activated(Release(activation="1", what="terminology", name="uk-1", digest=head.digest, actor="", reason=""))
    path.write_bytes(data)
    assert shelf.open("uk-1") is shelf.open("uk-1"), "one and the same file is read through once"


def test_progress_is_told(rf2, tmp_path):
    said: list[str] = []
    Shelf(tmp_path).load("uk-1", None, rf2, say=said.append)
    assert [line.split(" f")[0] for line in said] == ["reading snomed", "working out the answers"]


def test_what_is_on_the_lists_of_a_release_is_sensitive_with_what_is_below_it_and_what_it_replaced(sct):
    assert sct.tells_sensitive
    for code, why in (("294505008", "on a list"), ("292967008", "replaced by it"), ("195967001", "below what is")):
        assert sct.sensitive(coded(code)), why
    assert sct.sensitive({"text": "asthma"}), "by its name"
    assert not sct.sensitive({"codes": [{"system": SNOMED, "code": "91936005", "display": "Asthma"}]}), "a code that is known counts first"
    for code, why in (("91936005", "on another list"), ("62014003", "no more on it"), ("372687004", "on none"), ("419511003", "unknown")):
        assert not sct.sensitive(coded(code)), why


def test_a_release_without_lists_tells_nothing_sensitive(rf2, tmp_path):
    for path in rf2.rglob("*.txt*"):
        if "Simple" not in path.name:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    found = made(snomed.read(tmp_path)[0])
    assert found.tells_sensitive
    assert not found.sensitive(coded("294505008"))


def test_a_file_that_an_earlier_version_made_says_that_it_does_not_tell(rf2):
    data = store.made("test", snomed.read(rf2)[0], {})
    before = Terminology(store.Store(data.replace(b'"sensitive"', b'"evitisnes"', 1)))
    assert not before.tells_sensitive
    assert not before.sensitive(coded("294505008"))
