"""The five servers, one a module. A new server is a module here and a line in `SERVICES`."""

from __future__ import annotations

from deploy.stack.service import Service
from deploy.stack.services.connect import Connect
from deploy.stack.services.kafka import Kafka
from deploy.stack.services.postgres import Postgres
from deploy.stack.services.redis import Redis
from deploy.stack.services.registry import Registry

SERVICES: dict[str, Service] = {service.name: service for service in (Kafka(), Registry(), Postgres(), Redis(), Connect())}
