"""Which Redis a URL leads to: one server, or a cluster of masters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import unquote

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from sinks.errors import StoreUnavailableError

NAME = "cache"
FAULTS = (RedisError, RedisClusterException)
"""What a client raises; the second is not one of the first."""
_PLAIN, _TLS = "redis+cluster://", "rediss+cluster://"
_PORT = 6379
_CONNECT, _ANSWER = 5, 10
"""Seconds until a server that does not connect, or does not answer, is away."""


def clustered(url: str) -> bool:
    return url.startswith((_PLAIN, _TLS))


def single(url: str) -> Redis:
    """`redis://127.0.0.1:6379/0`, `rediss://...`, `unix://...`. Connects when first used. Raises StoreUnavailableError for what is no such
    URL."""
    with _address():
        client: Redis = Redis.from_url(url, socket_timeout=_ANSWER, socket_connect_timeout=_CONNECT)
    return client


def cluster(url: str) -> RedisCluster:
    """`redis+cluster://[user:password@]host:port,host:port`: some of its nodes, which name the others; `rediss+cluster://` with TLS.

    Connects at once. Raises one of FAULTS, StoreUnavailableError for what is no such URL.
    """
    scheme = _TLS if url.startswith(_TLS) else _PLAIN
    account, _, nodes = url.removeprefix(scheme).rstrip("/").rpartition("@")
    user, _, password = account.partition(":")
    with _address():
        startup = [_node(each) for each in nodes.split(",")]
    return RedisCluster(startup_nodes=startup, username=unquote(user) or None,
                        password=unquote(password) or None, ssl=scheme == _TLS, protocol=2,
                        socket_timeout=_ANSWER, socket_connect_timeout=_CONNECT)


def connected(url: str) -> Redis | RedisCluster:
    """Of either. For those who read: a record's keys are the same in both."""
    return cluster(url) if clustered(url) else single(url)


def why(fault: BaseException) -> str:
    """The kind of what lies at its root: a name that is not known, a certificate that nobody vouches for, a password that is not right. Its
    kind alone, since a text may quote."""
    while inner := fault.__cause__ or fault.__context__:
        fault = inner
    return type(fault).__name__


def refuse_eviction(masters: Mapping[str, Redis]) -> None:
    """A Redis that drops keys when full would lose parts of records without a word. Raises StoreUnavailableError, or one of FAULTS."""
    for name, master in masters.items():
        if master.info("memory").get("maxmemory_policy", "noeviction") != "noeviction":
            raise StoreUnavailableError(NAME, f"the maxmemory-policy of {name} drops keys; set it to noeviction")


@contextmanager
def _address() -> Iterator[None]:
    """A sign in a password that ends the name of the host makes its beginning the port: the library's fault would tell it."""
    try:
        yield
    except ValueError:
        raise StoreUnavailableError(NAME, "its address is neither redis://HOST:PORT/0 nor redis+cluster://HOST:PORT,HOST:PORT; write "
                                          "whatever is no letter or digit in a password as %XX") from None


def _node(text: str) -> ClusterNode:
    host, _, port = text.rpartition(":") if ":" in text.rpartition("]")[2] else (text, "", "")
    return ClusterNode(host.strip("[]"), int(port or _PORT))
