"""Which Redis a URL leads to: one server, or a cluster of masters."""

from __future__ import annotations

from urllib.parse import unquote

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

FAULTS = (RedisError, RedisClusterException)
"""What a client raises; the second is not one of the first."""
_PLAIN, _TLS = "redis+cluster://", "rediss+cluster://"
_PORT = 6379
_CONNECT, _ANSWER = 5, 10
"""Seconds until a server that does not connect, or does not answer, is away."""


def clustered(url: str) -> bool:
    return url.startswith((_PLAIN, _TLS))


def single(url: str) -> Redis:
    """`redis://127.0.0.1:6379/0`, `rediss://...`, `unix://...`. Connects when first used."""
    client: Redis = Redis.from_url(url, socket_timeout=_ANSWER, socket_connect_timeout=_CONNECT)
    return client


def cluster(url: str) -> RedisCluster:
    """`redis+cluster://[user:password@]host:port,host:port`: some of its nodes, which name the others; `rediss+cluster://` with TLS.

    Connects at once. Raises one of FAULTS, ValueError for what is no such URL.
    """
    scheme = _TLS if url.startswith(_TLS) else _PLAIN
    account, _, nodes = url.removeprefix(scheme).rstrip("/").rpartition("@")
    user, _, password = account.partition(":")
    return RedisCluster(startup_nodes=[_node(each) for each in nodes.split(",")], username=unquote(user) or None,
                        password=unquote(password) or None, ssl=scheme == _TLS, protocol=2,
                        socket_timeout=_ANSWER, socket_connect_timeout=_CONNECT)


def connected(url: str) -> Redis | RedisCluster:
    """Of either. For those who read: a record's keys are the same in both."""
    return cluster(url) if clustered(url) else single(url)


def _node(text: str) -> ClusterNode:
    host, _, port = text.rpartition(":") if ":" in text.rpartition("]")[2] else (text, "", "")
    return ClusterNode(host.strip("[]"), int(port or _PORT))
