"""What the search store makes of a cluster that answers badly: every fault is the cluster's, and what it quotes is told to nobody."""

from __future__ import annotations

import http.server
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from mainstem.cli import search as of_search
from mainstem.web.errors import StoreUnavailableError as ToldError
from mainstem.web.stores import SearchedPeople
from sinks.contract import Batch, Place
from sinks.errors import NotBuiltError, StoreMovedError, StoreUnavailableError, UnfitError
from sinks.search import SearchReader
from sinks.search.cluster import ClusterStore, index
from sinks.settings import SinkSettings
from tests.sinks.certificates import Certificate
from tests.sinks.made import PERSONS, entry

AT = Place("records.entries.v1", 0)
Answer = tuple[int, Any]
NAMES = {"mainstem-search-v2.1": {"aliases": {"mainstem-search-v2": {}}}}
"""A cluster that has the index."""


@contextmanager
def answering(given: Callable[[str, str], Answer], secret: ssl.SSLContext | None = None, texts: str = "text/html",
              ) -> Iterator[SinkSettings]:
    """A server that answers a method and a path as given: an object as JSON, a text as it is, of type `texts`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, body = given(self.command, self.path.partition("?")[0])
            sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", texts if isinstance(body, str) else "application/json")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A client that does not like the certificate."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if secret is not None:
        server.socket = secret.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        scheme = "http" if secret is None else "https"
        yield SinkSettings(search_url=SecretStr(f"{scheme}://someone:pass%40word@localhost:{server.server_port}"))
    finally:
        server.shutdown()
        server.server_close()


def standing(method: str, path: str, then: Callable[[str, str], Answer]) -> Answer:
    """A store that stands and is at 1; what else is asked is answered by `then`."""
    if path.endswith("/_alias"):
        return 200, NAMES
    if path.endswith("/_mapping"):
        return 200, {"mainstem-search-v2.1": {"mappings": index.MAPPING}}
    if method == "GET" and path.endswith("/_doc/positions"):
        return 200, {"_seq_no": 3, "_primary_term": 1, "_source": {"positions": {"at": {str(AT): 1}, "histories": {}}}}
    return then(method, path)


def error(kind: str) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": "canary", "root_cause": [{"type": kind, "reason": "canary"}]}}


@pytest.mark.parametrize(("status", "body", "why"), [
    (429, error("rejected_execution_exception"), "429 rejected_execution_exception"), (503, error("master_not_discovered"), "503"),
    (401, "canary", "401"), (403, error("security_exception"), "403 security_exception"), (413, "<html>canary</html>", "413"),
    (502, "<html>canary</html>", "502"), (200, "canary, no JSON", "SerializationError"), (400, {"error": "canary said so"}, "400"),
])
def test_a_cluster_that_refuses_is_waited_for(status: int, body: Any, why: str) -> None:
    for refuses in (lambda *_: True, lambda _method, path: path.endswith("/_bulk")):
        def given(method: str, path: str, refuses: Callable[[str, str], bool] = refuses) -> Answer:  # type: ignore[assignment]
            return (status, body) if refuses(method, path) else standing(method, path, lambda *_: (200, {}))

        with answering(given) as settings:
            store = ClusterStore(settings)
            with pytest.raises(StoreUnavailableError) as raised:
                store.open()
                store.apply(Batch((entry(PERSONS[0], "f1", 1),)), {AT: 2})
            assert why in raised.value.why
            assert "canary" not in str(raised.value) and "word" not in str(raised.value)


@pytest.mark.parametrize("texts", ["text/html", "text/plain", "application/json"])
@pytest.mark.parametrize("said", ["healthy", "7", "[]"])
def test_what_a_proxy_says_of_itself_is_no_answer(texts: str, said: str) -> None:
    with answering(lambda *_: (200, said), texts=texts) as settings:
        reader = SearchReader.at(Path("/nowhere"), settings)
        for ask in (lambda: reader.people("smith"), lambda: list(reader.contents()), ClusterStore(settings).open):
            with pytest.raises(StoreUnavailableError, match="SerializationError"):
                ask()  # type: ignore[operator]


def item(status: int, kind: str | None) -> dict[str, Any]:
    return {"index": {"status": status} | ({} if kind is None else {"error": {"type": kind}})}


@pytest.mark.parametrize(("items", "expected", "why"), [
    ([item(201, None), item(429, "rejected_execution_exception")], StoreUnavailableError, "429 rejected_execution_exception"),
    ([item(503, "unavailable_shards_exception"), item(409, "version_conflict_engine_exception")], StoreUnavailableError, "503"),
    ([item(403, "cluster_block_exception"), item(201, None)], StoreUnavailableError, "cluster_block_exception"),
    ([item(201, None), item(400, "illegal_argument_exception")], StoreUnavailableError, "illegal_argument_exception"),
    ([item(201, None), item(400, "strict_dynamic_mapping_exception")], StoreUnavailableError, "strict_dynamic_mapping_exception"),
    ([item(201, None), item(404, "index_not_found_exception")], StoreMovedError, "reading its positions again"),
    ([item(400, "mapper_parsing_exception"), item(429, "rejected_execution_exception")], StoreUnavailableError, "429"),
    ([item(201, None), item(400, "mapper_parsing_exception")], UnfitError, "1 entries"),
    ([item(409, "version_conflict_engine_exception"), item(200, None)], None, ""),
    ([item(201, None)], StoreUnavailableError, "some documents"), ([{"create": {}}, {}], StoreUnavailableError, "none of OpenSearch's"),
])
def test_every_document_of_a_batch_is_looked_at(items: list[Any], expected: type[Exception] | None, why: str) -> None:
    """A version that is held already is none the worse; whatever else was not taken keeps the positions where they are."""
    written: list[str] = []

    def given(method: str, path: str) -> Answer:
        def then(method: str, path: str) -> Answer:
            if path.endswith("/_bulk"):
                return 200, {"errors": True, "items": items}
            if path.endswith("/_doc/positions"):
                written.append(path)
                return 200, {"_seq_no": 4, "_primary_term": 1}
            return 200, {}
        return standing(method, path, then)

    with answering(given) as settings:
        store = ClusterStore(settings)
        assert store.open() == {AT: 1}
        batch = Batch((entry(PERSONS[0], "f1", 1), entry(PERSONS[0], "f2", 1)))
        if expected is None:
            store.apply(batch, {AT: 2})
            assert written
        else:
            with pytest.raises(expected, match=why):
                store.apply(batch, {AT: 2})
            assert not written


@pytest.mark.parametrize("part", [{"timed_out": True}, {"timed_out": False, "_shards": {"failed": 1}},
                                  {"error": {"type": "search_phase_execution_exception"}, "status": 503}])
def test_what_a_part_of_the_index_finds_does_not_look_like_all(part: dict[str, Any]) -> None:
    """Neither to who searches nor to verify."""
    found = {"hits": {"hits": [{"_score": 1.0, "_source": {"shown": [PERSONS[0], "f1", 1, "0" * 64, "allergy", []]}}]}} | part

    def given(_method: str, path: str) -> Answer:
        return (200, {"responses": [found]}) if path.endswith("/_msearch") else (found.get("status", 200), found)

    with answering(given) as settings:
        reader = SearchReader.at(Path("/nowhere"), settings)
        for asked in (lambda: reader.people("smith"), lambda: reader.entries("smith"), lambda: list(reader.contents())):
            with pytest.raises(StoreUnavailableError):
                asked()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(("path", "answer", "expected"), [
    ("/_refresh", (200, {"_shards": {"total": 2, "failed": 1}}), StoreUnavailableError),
    ("/_doc/positions", (404, "<html>canary</html>"), StoreMovedError), ("/_alias", (404, "<html>canary</html>"), StoreMovedError)])
def test_what_is_said_of_a_part_or_by_somebody_else_moves_no_positions(path: str, answer: Answer, expected: type[Exception]) -> None:
    """A proxy that does not know the way is not a store that holds no positions."""
    wrong, written = list[bool](), list[str]()

    def given(method: str, asked: str) -> Answer:
        if wrong and asked.endswith(path):
            return answer
        if method == "PUT":
            written.append(asked)
        return standing(method, asked, lambda *_: (200, {"errors": False, "_seq_no": 4, "_primary_term": 1}))

    with answering(given) as settings:
        store = ClusterStore(settings)
        assert store.open() == {AT: 1}
        wrong.append(True)
        with pytest.raises(expected):
            store.apply(Batch((entry(PERSONS[0], "f1", 1),)), {AT: 2})
            store.open()
        assert not written or path == "/_alias"


def test_a_cluster_that_is_away_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAINSTEM_SEARCH_URL", "http://someone:secret@127.0.0.1:1")
    with pytest.raises(ToldError) as told:
        SearchedPeople(tmp_path).check()
    assert (told.value.store, told.value.why) == ("search store", "ConnectionError")
    nowhere = SimpleNamespace(kafka="127.0.0.1:1", registry="http://127.0.0.1:1", redis="redis://127.0.0.1:1")
    monkeypatch.setattr("deploy.stack.endpoints", lambda _home: nowhere)
    shown = CliRunner().invoke(of_search.app, ["smith", "--home", str(tmp_path)])
    assert (shown.exit_code, "secret" in shown.output + str(told.value)) == (1, False)
    assert "the search store does not answer (ConnectionError)" in shown.output


def test_a_cluster_without_the_store_says_where_it_was_looked_for() -> None:
    with answering(lambda *_: (404, error("index_not_found_exception"))) as settings:
        reader = SearchReader.at(Path("/nowhere"), settings)
        with pytest.raises(NotBuiltError) as raised:
            reader.people("smith")
    assert "localhost" in str(raised.value) and "mainstem-search-v2" in str(raised.value) and "word" not in str(raised.value)


@pytest.mark.parametrize("url", ["localhost:9200", "ftp://localhost", "secret", "https://", "https://u:se#cret@host:9200",
                                 "https://u:se/cret@host:9200", "https://u:p@host:secret"])
def test_an_address_that_is_none_is_told_without_it(url: str) -> None:
    with pytest.raises(StoreUnavailableError, match="MAINSTEM_SEARCH_URL") as raised:
        ClusterStore(SinkSettings(search_url=SecretStr(url)))
    assert not re.search(r"\bse\b|secret|localhost", str(raised.value))
    assert raised.value.__suppress_context__ or raised.value.__context__ is None, "nor in a trace"


def test_a_cluster_whose_certificate_nobody_vouches_for_is_not_spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    def given(method: str, path: str) -> Answer:
        heard.append(path)
        return standing(method, path, lambda *_: (200, {}))

    made = Certificate(tmp_path)
    secret = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secret.load_cert_chain(made.certificate, made.key)
    with answering(given, secret) as settings:
        with pytest.raises(StoreUnavailableError, match="SSLError"):
            ClusterStore(settings).open()
        assert not heard
        with monkeypatch.context() as vouched:
            vouched.setenv("SSL_CERT_FILE", str(made.certificate))
            assert ClusterStore(settings).open() == {AT: 1}
        monkeypatch.setenv("SSL_CERT_DIR", str(made.directory))
        assert ClusterStore(settings).open() == {AT: 1}
