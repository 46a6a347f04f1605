"""A proxy between our processes and a server, on loopback, that can be cut and slowed. Runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from deploy.stack.ports import LOOPBACK

_CHUNK = 1 << 18


class Proxy:
    """Forwards `listen` to `target` from `start` to `stop`. `delay` may be set at any time: seconds that every chunk is held back."""

    def __init__(self, listen: int, target: int) -> None:
        self.listen, self.target = listen, target
        self.delay = 0.0
        self.broken = 0
        """Connections broken by `cut` so far."""
        self.forwarded = 0
        """Chunks let through so far."""
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        """Raises OSError where the port is taken."""
        self._thread.start()
        self._call(asyncio.start_server(self._accept, LOOPBACK, self.listen)).result(10)

    def stop(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def cut(self) -> None:
        """Break every connection, and let none through until `mend`."""
        self._refusing = True
        self._call(self._break()).result(10)

    def mend(self) -> None:
        self._refusing = False

    def _call(self, what: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(what, self._loop)

    async def _break(self) -> None:
        self.broken += len(self._writers) // 2
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            for each in (writer, back):
                self._writers.discard(each)
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                self.forwarded += 1
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
