"""Apicurio Registry behind its Confluent-compatible API, kept in a file of its own (docs/decisions: registry storage)."""

from __future__ import annotations

import signal

import httpx

from deploy.stack import java
from deploy.stack.ports import LOOPBACK
from deploy.stack.service import Command, Site


class Registry:
    name = "registry"
    needs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ("registry", "registry-management")
    java = True
    patience = 180.0
    stop_signal = signal.SIGTERM

    def prepare(self, site: Site) -> Command:
        data = site.layout.data(self.name)
        data.mkdir(parents=True, exist_ok=True)
        properties = {
            "quarkus.http.host": LOOPBACK,
            "quarkus.http.port": str(site.ports["registry"]),
            "quarkus.management.host": LOOPBACK,
            "quarkus.management.port": str(site.ports["registry-management"]),
            "quarkus.log.level": "WARN",
            "apicurio.storage.kind": "sql",
            "apicurio.storage.sql.kind": "h2",
            # Without WRITE_DELAY=0 H2 acknowledges before it writes: a kill would lose a schema id that messages already carry.
            "apicurio.datasource.url": f"jdbc:h2:file:{data}/registry;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE",
            "apicurio.datasource.username": "sa",
            "apicurio.datasource.password": "sa",
            "apicurio.rules.global.compatibility": "BACKWARD",
        }
        target = ("-jar", str(site.parts / "registry" / "quarkus-run.jar"))
        return Command(java.command(site.settings.registry_heap_mb, target, properties=properties, flags=("-XX:TieredStopAtLevel=1",)), {})

    def ready(self, site: Site) -> bool:
        try:
            return httpx.get(f"{site.endpoints.registry}/subjects", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
