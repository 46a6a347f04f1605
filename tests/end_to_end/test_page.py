"""A change committed in the GP's database is found in the record page, and in both stores."""

from __future__ import annotations

import httpx
import orjson
import pytest

from tests.end_to_end.conftest import World
from tests.eventually import eventually

pytestmark = pytest.mark.stack
DOSE = "two tablets at sunrise, as the end-to-end test says"


def _numbered_medicine(world: World) -> tuple[str, str]:
    """A GP medicine of someone whose verified number nobody else at the practice carries: its id, the NHS number."""
    with world.trust("A82038/gp") as gp:
        row = gp.execute(
            "SELECT m.medication_guid::text, r.nhs_no FROM gp.medication m JOIN gp.registration r USING (patient_no) "
            "WHERE r.nhs_no_traced = 'verified' AND r.deleted = 0 AND m.deleted = 0 AND r.nhs_no IN "
            "(SELECT nhs_no FROM gp.registration GROUP BY nhs_no HAVING count(*) = 1) ORDER BY 1 LIMIT 1").fetchone()
    assert row is not None
    return row


@pytest.mark.timeout(300)
def test_a_dose_changed_by_the_gp_is_seen_on_the_record_page_and_in_both_stores(world: World) -> None:
    medicine, number = _numbered_medicine(world)
    with world.trust("A82038/gp") as gp:
        gp.execute("UPDATE gp.medication SET dosage = %s WHERE medication_guid = %s", (DOSE, medicine))

    def record() -> dict | None:
        done = world.mainstem("record", number, "--output", "json")
        return orjson.loads(done.stdout) if done.returncode == 0 and DOSE in done.stdout else None

    found = eventually(record, "the new dose in the record", 120)
    page = httpx.get(f"http://127.0.0.1:{world.web_port}/people/{found['person']}")
    assert page.status_code == 200
    assert DOSE in page.text
    assert "A82038" in page.text

    def searched() -> bool:
        return found["person"] in world.mainstem("search", "sunrise", "--output", "json").stdout

    eventually(searched, "the new dose in the search store")
    entry = next(one for one in found["entries"] if DOSE in str(one["content"]))

    def counted() -> bool:
        sql = f"SELECT count() FROM entries WHERE kind = 'medicine' AND toUnixTimestamp64Milli(committed) = {entry['committed']}"
        done = world.mainstem("query", sql, "--output", "csv")
        return done.returncode == 0 and done.stdout.split()[-1] != "0"

    eventually(counted, "the new version in the analytics store")


@pytest.mark.timeout(120)
def test_the_stream_page_shows_every_stage(world: World) -> None:
    def shown() -> bool:
        text = httpx.get(f"http://127.0.0.1:{world.web_port}/stream").text
        return all(stage in text for stage in ("capture", "linker", "identity", "reconcile"))

    eventually(shown, "every stage on the stream page")
