"""The native stack: Kafka, Connect with Debezium, schema registry, PostgreSQL and Redis as plain processes on loopback.

`up`, `down`, `status` act on one home directory; several homes are several independent stacks. All else in the project learns
where servers are from `endpoints` alone.
"""

from deploy.stack.addresses import Endpoints, endpoints
from deploy.stack.errors import StackError
from deploy.stack.services import SERVICES
from deploy.stack.supervisor import Status, down, status, up

__all__ = ["SERVICES", "Endpoints", "StackError", "Status", "down", "endpoints", "status", "up"]
