"""Asking a running analytics sink: for the command line and verify."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec

from sinks.analytics.errors import NotServedError, QueryFailedError
from sinks.analytics.pseudonyms import Pseudonyms
from sinks.analytics.server import CONTENTS, Address, address_file
from sinks.contract import Held

_SECONDS = 60
"""Longest that an answer may take."""
_decode_held = msgspec.json.Decoder(tuple[str, str, int, str]).decode


class QueryClient:
    """Of the sink that serves this home."""

    def __init__(self, home: Path) -> None:
        """Raises NotServedError, PermissionError where the file that tells the address is another account's."""
        self._where = str(home)
        try:
            self._address = msgspec.json.decode(address_file(home).read_bytes(), type=Address)
        except FileNotFoundError:
            raise NotServedError(self._where, "no run/query.json") from None

    def query(self, sql: str, form: str = "json") -> bytes:
        """`form`: `json` (ClickHouse's JSON format) or `csv`. Raises QueryFailedError, whose text says what to change, NotServedError."""
        try:
            answer = httpx.post(f"{self._address.url}/query", json={"sql": sql, "format": form}, headers=self._shown(self._address.token),
                                timeout=_SECONDS, trust_env=False)
        except httpx.TransportError as fault:
            raise NotServedError(self._where, type(fault).__name__) from None
        if answer.status_code != httpx.codes.OK:
            raise QueryFailedError(answer.status_code, _error(answer))
        return answer.content

    def contents(self, person_key: bytes) -> Iterator[Held]:
        """Every current entry. Raises NotServedError, also where the key is not that of the store."""
        headers = self._shown(Pseudonyms(person_key).token(CONTENTS))
        try:
            with httpx.stream("GET", f"{self._address.url}/contents", headers=headers, timeout=_SECONDS, trust_env=False) as answer:
                if answer.status_code != httpx.codes.OK:
                    refused = answer.status_code == httpx.codes.UNAUTHORIZED
                    raise NotServedError(self._where, "it runs with another MAINSTEM_PERSON_KEY" if refused else str(answer.status_code))
                for line in answer.iter_lines():
                    yield Held(*_decode_held(line))
        except httpx.TransportError as fault:
            raise NotServedError(self._where, type(fault).__name__) from None

    def _shown(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


def _error(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"the query server answered {answer.status_code}"
