"""An OpenSearch for tests, of one node or of two: on loopback, in directories of their own, with a small heap; killed and started again
as wanted."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.stack import java
from deploy.stack.account import unprivileged
from deploy.stack.layout import StackSettings
from deploy.stack.ports import LOOPBACK, free_port

_HEAP_MB = 512
_PATIENCE = 240
_LOGGING = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1.}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class OpenSearch:
    """One node. `home`: where it keeps everything, reachable for anybody, since what the server asks about its directories knows no
    capability; `parts`: what `artefacts.fetch` brought; `beside`: the node whose cluster it joins, to hold data there."""

    def __init__(self, home: Path, parts: Path, beside: OpenSearch | None = None) -> None:
        port = free_port()
        transport = free_port(frozenset({port}))
        self.url = f"http://{LOOPBACK}:{port}"
        self.name = "two" if beside else "one"
        self.transport = f"{LOOPBACK}:{transport}"
        self._parts, self._home = parts, home
        self._process: subprocess.Popen[bytes] | None = None
        self._account = unprivileged(StackSettings().postgres_account, parts)
        home.chmod(0o755)
        for name in ("config", "data", "logs", "tmp"):
            (home / name).mkdir(parents=True)
            self._account.own(home / name)
        (home / "config" / "log4j2.properties").write_text(_LOGGING)
        (home / "config" / "opensearch.yml").write_text("\n".join((
            "cluster.name: mainstem-test", f"node.name: {self.name}", f"network.host: {LOOPBACK}",
            *((f"discovery.seed_hosts: {beside.transport}", "node.roles: [data]") if beside else
              ("cluster.initial_cluster_manager_nodes: one", f"discovery.seed_hosts: {self.transport}")),
            f"http.port: {port}", f"transport.port: {transport}", f"path.data: {home / 'data'}",
            f"path.logs: {home / 'logs'}", "cluster.routing.allocation.disk.threshold_enabled: false")) + "\n")

    def start(self) -> None:
        """Returns when it answers. It ends with this process, however that ends."""
        command = java.command(
            _HEAP_MB, ("-cp", f"{self._parts}/lib/*", "org.opensearch.bootstrap.OpenSearch"),
            properties={"java.io.tmpdir": str(self._home / "tmp"), "opensearch.path.home": str(self._parts),
                        "opensearch.path.conf": str(self._home / "config"), "opensearch.distribution.type": "zip",
                        "opensearch.bundled_jdk": "false", "log4j2.disable.jmx": "true", "log4j.shutdownHookEnabled": "false"},
            flags=(f"-javaagent:{self._parts}/agent/opensearch-agent.jar", "-XX:TieredStopAtLevel=1"))
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen((*self._account.prefix, "setpriv", "--pdeathsig", "KILL", "--", *command), stdout=log,
                                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self._home / "tmp")
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < deadline, \
                f"OpenSearch did not come up: {(self._home / 'log').read_text()[-3000:]}"
            time.sleep(0.1)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def lose(self) -> None:
        """kill -9, and its disk is gone."""
        self.kill()
        shutil.rmtree(self._home / "data")
        (self._home / "data").mkdir()
        self._account.own(self._home / "data")

    def pause(self, seconds: float) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(30)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=2s", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def pair(parts: Path) -> Iterator[tuple[OpenSearch, OpenSearch]]:
    """Two nodes of one cluster, each with a directory of its own. The first leads it; both hold data."""
    with tempfile.TemporaryDirectory(prefix="mainstem-opensearch-") as first, \
            tempfile.TemporaryDirectory(prefix="mainstem-opensearch-") as second:
        leading = OpenSearch(Path(first), parts)
        other = OpenSearch(Path(second), parts, beside=leading)
        try:
            leading.start()
            other.start()
            yield leading, other
        finally:
            other.stop()
            leading.stop()
