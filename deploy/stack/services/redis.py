"""Redis: loopback, with an append-only file."""

from __future__ import annotations

import shutil
import signal

import redis

from deploy.stack.errors import MissingProgramError
from deploy.stack.ports import LOOPBACK
from deploy.stack.service import Command, Site


class Redis:
    name = "redis"
    needs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ("redis",)
    java = False
    patience = 60.0
    stop_signal = signal.SIGTERM

    def prepare(self, site: Site) -> Command:
        program = shutil.which("redis-server")
        if program is None:
            raise MissingProgramError("redis-server", "redis-server")
        data = site.layout.data(self.name)
        data.mkdir(parents=True, exist_ok=True)
        options = {"bind": LOOPBACK, "port": str(site.ports["redis"]), "dir": str(data), "appendonly": "yes", "appendfsync": "everysec",
                   "save": "", "daemonize": "no"}
        return Command((program, *(word for name, value in options.items() for word in (f"--{name}", value))), {})

    def ready(self, site: Site) -> bool:
        try:
            with redis.Redis.from_url(site.endpoints.redis, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
