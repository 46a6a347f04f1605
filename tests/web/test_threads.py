"""A record is shown at once, however many pages wait for the log."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

import anyio
import httpx
import pytest

from mainstem.history import Past
from mainstem.model import Claim
from mainstem.web.app import build
from mainstem.web.settings import WebSettings
from tests.web.decided import MadeIdentity
from tests.web.made import PERSON, MadeHistory, record, sources

MANY = 60
"""More than the threads that pages share."""


class Waits:
    """A log that answers once it is let."""

    def __init__(self) -> None:
        self._let = threading.Event()

    def let(self) -> None:
        self._let.set()

    def wait(self) -> None:
        assert self._let.wait(60)


@pytest.mark.parametrize("path", [f"/people/{PERSON}/then?at=2026-01-05", f"/people/{PERSON}/changes?from=2026-01-05&to=now",
                                  "/identity", f"/identity/people/{PERSON}"])
def test_a_record_waits_for_no_page_that_reads_the_log_and_few_of_these_wait(path: str) -> None:
    log, answered = Waits(), Counter[int]()

    class Past_(MadeHistory):
        def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
            log.wait()
            return super().by_person(person, besides, *moments)

    class Who(MadeIdentity):
        def waiting(self) -> Sequence[Claim]:
            log.wait()
            return super().waiting()

        def show(self, person: str) -> object:
            log.wait()
            return super().show(person)

    app = build(sources(record(), history=Past_(), identity=Who()), WebSettings())

    async def get(visitor: httpx.AsyncClient) -> None:
        answered[(await visitor.get(path)).status_code] += 1

    async def asked() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as visitor, \
                anyio.create_task_group() as group:
            for _ in range(MANY):
                group.start_soon(get, visitor)
            try:
                with anyio.fail_after(20):
                    assert (await visitor.get(f"/people/{PERSON}")).status_code == 200
                    while answered.total() < MANY - 16:
                        await anyio.sleep(0.01)
                assert answered == {503: MANY - 16}, "told at once that too many are reading"
            finally:
                log.let()

    anyio.run(asked)
    assert answered.total() == MANY and answered[503] == MANY - 16
