"""The masters of a Redis Cluster, written to all at once: whatever goes to one of them is one round trip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException

from sinks.cache import servers

Command = tuple[Any, ...]
_CONFIRMED = ("WAIT", 1, 500)
"""Until a replica has what this connection wrote, or for half a second: then the marks alone tell whether it is lost."""
_ROLE = ("ROLE",)
_PIECE = 1000
"""Keys asked for at a time."""


class Sent(NamedTuple):
    """A command for one slot."""

    slot: int
    command: Command


class Nodes:
    """Where slots lie is asked for by `look` alone: a slot that has moved since is a fault (MOVED, ASK), and nothing follows it.
    Every method raises one of `servers.FAULTS`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._cluster: RedisCluster | None = None
        self._owners: list[ClusterNode] = []
        self._followed: dict[str, bool] = {}
        """Master -> whether a replica was connected to it when it was last asked."""

    def look(self) -> None:
        """Learn where each slot lies now: from the nodes that were known last, and where none of these is there any more from those that
        the URL names, which may have other addresses by now."""
        if self._cluster is None or not self._known(self._cluster):
            anew = servers.cluster(self._url)
            self.close()
            self._cluster = anew
        found = self._cluster.nodes_manager.slots_cache
        self._owners = [found[slot][0] for slot in range(len(found))]
        self._heard(self.every(*_ROLE))

    def owner(self, slot: int) -> str:
        """Name of the master in which a slot lies."""
        return str(self._owners[slot].name)

    def masters(self) -> dict[str, Redis]:
        """Name -> a client of it."""
        return {str(node.name): node.redis_connection for node in self._owners if node.redis_connection is not None}

    def send(self, sent: Sequence[Sent], *, writes: bool = True) -> list[Any]:
        """The replies, in order. What goes to one master reaches it in that order. `writes`: wait for a replica, where there is one."""
        by_node: dict[str, list[int]] = {}
        for n, each in enumerate(sent):
            by_node.setdefault(self.owner(each.slot), []).append(n)
        ends = {name: ([_CONFIRMED] if self._followed.get(name) else []) + [_ROLE] if writes else [] for name in by_node}
        said = self._exchange({name: [*(sent[n].command for n in places), *ends[name]] for name, places in by_node.items()})
        if writes:
            self._heard({name: each[-1] for name, each in said.items()})
        replies: list[Any] = [None] * len(sent)
        for name, places in by_node.items():
            for n, reply in zip(places, said[name], strict=False):
                replies[n] = reply
        return replies

    def every(self, *command: Any) -> dict[str, Any]:
        """One command to each master -> what it said."""
        return {name: said[0] for name, said in self._exchange({name: [command] for name in self._names()}).items()}

    def keys(self, pattern: str) -> Iterator[list[bytes]]:
        """All keys, some at a time."""
        cursors: dict[str, Any] = dict.fromkeys(self._names(), 0)
        while cursors:
            said = self._exchange({name: [("SCAN", cursor, "MATCH", pattern, "COUNT", _PIECE)] for name, cursor in cursors.items()})
            for [(_, keys)] in said.values():
                yield keys
            cursors = {name: cursor for name, [(cursor, _)] in said.items() if int(cursor)}

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.close()

    def _known(self, cluster: RedisCluster) -> bool:
        """Whether its nodes tell where slots lie."""
        try:
            cluster.nodes_manager.initialize()
        except RedisClusterException:
            return False
        return True

    def _heard(self, roles: dict[str, Any]) -> None:
        """`ROLE` of masters: its third part are the replicas that are connected."""
        self._followed |= {name: len(role) > 2 and bool(role[2]) and role[0] == b"master" for name, role in roles.items()}

    def _names(self) -> list[str]:
        return list(dict.fromkeys(str(node.name) for node in self._owners))

    def _exchange(self, commands: dict[str, list[Command]]) -> dict[str, list[Any]]:
        """Write to all, then read from all. Connections of an exchange that failed hold replies nobody reads: they are closed."""
        assert self._cluster is not None
        open_: dict[str, tuple[Any, Any]] = {}
        whole = False
        try:
            for name, lines in commands.items():
                node = self._cluster.get_node(node_name=name)
                assert node is not None
                pool = node.redis_connection.connection_pool
                connection = pool.get_connection()
                open_[name] = (pool, connection)
                connection.send_packed_command([b"".join(map(_packed, lines))], check_health=False)
            said = {name: [open_[name][1].read_response() for _ in lines] for name, lines in commands.items()}
            whole = True
        finally:
            for pool, connection in open_.values():
                if not whole:
                    connection.disconnect()
                pool.release(connection)
        return said


def _packed(command: Command) -> bytes:
    """As servers read it (Redis serialization protocol). The client's own packing takes a third of the time of a large batch."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in command]
    return b"*%d\r\n%b" % (len(words), b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words]))
