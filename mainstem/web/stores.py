"""The search store and the live cache as the pages ask them; opened when first asked, so that the page is up before they are built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import msgspec

from mainstem import canonical
from mainstem.web.errors import StoreUnavailableError
from mainstem.web.record import Record
from mainstem.web.sources import Hit
from mainstem.web.withheld import withhold
from sinks.cache import CacheReader, RecordView
from sinks.errors import NotBuiltError
from sinks.errors import StoreUnavailableError as SinkUnavailableError
from sinks.search import PersonHit, SearchReader


class SearchedPeople:
    """People through the search store of a home directory, or through the cluster that the settings name."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._reader: SearchReader | None = None

    def find(self, text: str, limit: int) -> Sequence[Hit]:
        return [Hit(found.person, found.reasons) for found in self._people(text, limit)]

    def check(self) -> None:
        self._people("a", 1)

    def _people(self, text: str, limit: int) -> Sequence[PersonHit]:
        try:
            reader = self._reader = self._reader or SearchReader.at(self._home)
            return reader.people(text, limit)
        except NotBuiltError:
            raise StoreUnavailableError("search store", "nothing has been indexed yet") from None
        except SinkUnavailableError as fault:
            raise StoreUnavailableError("search store", fault.why) from None
        except (ValueError, OSError) as fault:
            self._reader = None  # what is there when asked again may be another index
            raise StoreUnavailableError("search store", f"its index cannot be read: {type(fault).__name__}") from None


class CachedRecords:
    """Records through the live cache, with what a restricted person's record must not tell left out."""

    def __init__(self, redis_url: str) -> None:
        self._reader = CacheReader(redis_url)

    def by_person(self, person: str) -> Record | None:
        try:
            view = self._reader.by_person(person)
        except SinkUnavailableError as fault:
            raise _unavailable(fault) from None
        return shown(view) if view else None

    def by_number(self, number: str) -> Sequence[Record]:
        try:
            first = self._reader.by_number(number)
            others = [one for one in self._reader.persons(number) if first and one != first.person]
        except SinkUnavailableError as fault:
            raise _unavailable(fault) from None
        found = [self.by_person(person) for person in others]
        return [*([shown(first)] if first else []), *(record for record in found if record)]

    def others(self, record: Record) -> int:
        try:
            return len({person for number in record.nhs_numbers for person in self._reader.persons(number)} - {record.person})
        except SinkUnavailableError as fault:
            raise _unavailable(fault) from None

    def check(self) -> None:
        try:
            self._reader.check()
        except SinkUnavailableError as fault:
            raise _unavailable(fault) from None


def shown(view: RecordView) -> Record:
    """The digest is that of the entries as seen, not the head's: what the audit writes down is exactly what was shown."""
    seen = canonical.record_digest(sum(canonical.entry_digest(entry.fact, bytes(entry.content)) for entry in view.entries))
    record = msgspec.json.decode(view.json(), type=Record)
    return withhold(msgspec.structs.replace(record, digest=seen, settled=seen == view.digest))


def registry(url: str) -> Callable[[], None]:
    """Asks the schema registry. Nobody else does while all runs, since schemas are kept; without it nothing that ends comes up again."""
    client = httpx.Client(timeout=2)

    def check() -> None:
        try:
            answer = client.get(f"{url}/subjects")
        except httpx.HTTPError as fault:
            raise StoreUnavailableError("schema registry", type(fault).__name__) from None
        if not answer.is_success:
            raise StoreUnavailableError("schema registry", f"status {answer.status_code}")

    return check


def _unavailable(fault: SinkUnavailableError) -> StoreUnavailableError:
    return StoreUnavailableError("live cache", fault.why)
