"""The TCP front: what passes through it is whole, however it comes, and changed just as the wire says."""

from __future__ import annotations

import gc
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from conformance.emulator.http_head import Head, NotHttp
from conformance.emulator.tcp_proxy import TRANSPARENT_PROXY, ProxyConfig, run_tcp_proxy

ANSWER = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}'
ASK = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


@dataclass
class Upstream:
    """A server that hears whole requests and says for each the next of its answers, in the pieces given."""

    answers: list[list[bytes]]
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0
    sent: int = 0

    def serve(self, connection: socket.socket) -> None:
        """One connection, until it ends."""
        self.connections += 1
        with connection, suppress(OSError):
            connection.settimeout(10)
            while request := _whole(connection):
                self.heard.append(request)
                for piece in self.answers.pop(0):
                    connection.sendall(piece)
                    self.sent += len(piece)
                if not self.answers:
                    return


def _whole(connection: socket.socket) -> bytes:
    """A request with its body, of a length or in chunks."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(1 << 16)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    parsed = Head.parse(head + b"\r\n\r\n")
    while len(body) < (parsed.length or 0) or (parsed.chunked and not body.endswith(b"0\r\n\r\n")):
        body += connection.recv(1 << 16)
    return head + b"\r\n\r\n" + body


@contextmanager
def standing(upstream: Upstream, wire: ProxyConfig = TRANSPARENT_PROXY) -> Iterator[str]:
    """The upstream behind a front; gives the front's URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=upstream.serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        with run_tcp_proxy(f"http://127.0.0.1:{listener.getsockname()[1]}", wire) as url:
            yield url
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    port = int(url.rpartition(":")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        yield client


def received(client: socket.socket, size: int | None = None) -> bytes:
    """What comes: so many bytes, or until the end."""
    data = b""
    while size is None or len(data) < size:
        more = client.recv(1 << 16 if size is None else size - len(data))
        if not more:
            break
        data += more
    return data


def exchanged(wire: ProxyConfig, answer: bytes = ANSWER, ask: bytes = ASK) -> tuple[bytes, bytes]:
    """One request through a front: what the server heard, and what came back until the client hung up."""
    upstream = Upstream([[answer]])
    with standing(upstream, wire) as url, connected(url) as client:
        client.sendall(ask)
        client.shutdown(socket.SHUT_WR)
        return upstream.heard[0] if (back := received(client)) and upstream.heard else b"", back


def test_the_plain_wire_passes_on_what_it_gets() -> None:
    heard, back = exchanged(TRANSPARENT_PROXY)
    assert heard == b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    assert back == ANSWER


def test_several_exchanges_share_a_connection() -> None:
    upstream = Upstream([[ANSWER], [ANSWER], [ANSWER]])
    with standing(upstream) as url, connected(url) as client:
        for _ in range(3):
            client.sendall(ASK)
            assert received(client, len(ANSWER)) == ANSWER
    assert (len(upstream.heard), upstream.connections) == (3, 1)


def test_a_request_that_comes_byte_by_byte_is_heard_whole() -> None:
    upstream = Upstream([[ANSWER]])
    ask = b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
    with standing(upstream) as url, connected(url) as client:
        for byte in ask:
            client.sendall(bytes([byte]))
        assert received(client, len(ANSWER)) == ANSWER
    assert upstream.heard == [ask]


def test_a_request_in_chunks_stays_in_chunks() -> None:
    ask = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: t\r\n\r\n"
    heard, _ = exchanged(TRANSPARENT_PROXY, ask=ask)
    assert heard.endswith(b"\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")


CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;e\r\n{"a\r\n4\r\n":1}\r\n0\r\nT: x\r\n\r\n'


@pytest.mark.parametrize("cut", range(1, len(CHUNKED), 9))
def test_chunks_are_understood_however_they_are_cut(cut: int) -> None:
    upstream = Upstream([[CHUNKED[:cut], CHUNKED[cut:]], [ANSWER]])
    with standing(upstream) as url, connected(url) as client:
        client.sendall(ASK)
        expected = b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n'
        assert received(client, len(expected)) == expected
        client.sendall(ASK)
        assert received(client, len(ANSWER)) == ANSWER


def test_a_body_without_an_announced_end_is_passed_on_in_chunks() -> None:
    _, back = exchanged(TRANSPARENT_PROXY, b"HTTP/1.1 200 OK\r\n\r\nhello")
    assert back == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (b"HEAD /a HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n"),
        (ASK, b"HTTP/1.1 204 No Content\r\n\r\n"),
        (ASK, b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("wire", [TRANSPARENT_PROXY, ProxyConfig(framing="chunks")])
def test_an_answer_without_a_body_ends_with_its_head(ask: bytes, answer: bytes, wire: ProxyConfig) -> None:
    upstream = Upstream([[answer], [answer]])
    with standing(upstream, wire) as url, connected(url) as client:
        for _ in range(2):
            client.sendall(ask)
            assert received(client, len(answer)) == answer


def test_interim_answers_of_the_server_are_left_out_and_the_wires_own_comes_first() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    _, back = exchanged(ProxyConfig(interim=early), b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER)
    assert back == early + ANSWER


def test_chunks_instead_of_a_length() -> None:
    _, back = exchanged(ProxyConfig(framing="chunks"))
    head, _, body = back.partition(b"\r\n\r\n")
    assert (b"content-length" in head, b"transfer-encoding: chunked" in head) == (False, True)
    assert body == b'7\r\n{"a":1}\r\n0\r\n\r\n'


@pytest.mark.parametrize("answer", [ANSWER, CHUNKED])
def test_a_body_until_the_close(answer: bytes) -> None:
    head, _, body = exchanged(ProxyConfig(framing="to the end"), answer)[1].partition(b"\r\n\r\n")
    assert b"length" not in head
    assert b"transfer-encoding" not in head
    assert head.endswith(b"connection: close")
    assert body == b'{"a":1}'


@pytest.mark.parametrize("answer", [ANSWER, CHUNKED])
def test_http_1_0_knows_no_chunks(answer: bytes) -> None:
    head, _, body = exchanged(ProxyConfig(http_1_0=True), answer)[1].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert head.endswith(b"connection: close")
    assert body == b'{"a":1}'


def test_a_connection_that_is_closed_is_announced_to_be() -> None:
    upstream = Upstream([[ANSWER], [ANSWER]])
    with standing(upstream, ProxyConfig(closes=True)) as url, connected(url) as client:
        client.sendall(ASK)
        assert b"connection: close\r\n\r\n" in received(client)


def test_an_idle_connection_is_closed_without_a_word() -> None:
    upstream = Upstream([[ANSWER], [ANSWER]])
    with standing(upstream, ProxyConfig(idle_seconds=0.05)) as url, connected(url) as client:
        client.sendall(ASK)
        assert received(client) == ANSWER


def test_heads_are_edited_both_ways() -> None:
    wire = ProxyConfig(
        request=lambda head: head.without(b"host").plus((b"X-Seen", b"1")),
        answer=lambda head: replace(head, fields=tuple((name.upper(), value) for name, value in head.fields)),
    )
    heard, back = exchanged(wire)
    assert heard == b"GET /a HTTP/1.1\r\nX-Seen: 1\r\n\r\n"
    assert back == ANSWER.replace(b"content-type", b"CONTENT-TYPE").replace(b"content-length", b"CONTENT-LENGTH")


def test_a_base_path_is_taken_off() -> None:
    wire = ProxyConfig(base_path="/gateway/team-a")
    with standing(Upstream([]), wire) as url:
        assert url.endswith("/gateway/team-a")
    for path, seen in ((b"/gateway/team-a/x?y=1", b"/x?y=1"), (b"/x", b"/nowhere"), (b"/gateway/team-ab", b"/nowhere")):
        heard, _ = exchanged(wire, ask=b"GET %b HTTP/1.1\r\n\r\n" % path)
        assert heard == b"GET %b HTTP/1.1\r\n\r\n" % seen


def test_pieces_are_segments_of_their_own() -> None:
    """The client reads one as soon as it is there, so that it sees more than one."""
    body = bytes(itertools.islice(itertools.cycle(b"0123456789"), 4000))
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n" + body
    with standing(Upstream([[answer]]), ProxyConfig(piece=1)) as url, connected(url) as client:
        client.sendall(ASK)
        seen: list[bytes] = []
        while sum(map(len, seen)) < len(answer):
            seen.append(client.recv(1 << 16))
    assert b"".join(seen) == answer
    assert len(seen) > 1


def test_one_in_so_many_is_reset_before_it_is_heard_and_then_after() -> None:
    upstream = Upstream([[ANSWER] for _ in range(9)])
    outcomes = []
    with standing(upstream, ProxyConfig(reset_every=2)) as url:
        for _ in range(4):
            with connected(url) as client:
                client.sendall(ASK)
                try:
                    outcomes.append((received(client, len(ANSWER)) == ANSWER, len(upstream.heard)))
                except ConnectionResetError:
                    outcomes.append((False, len(upstream.heard)))
    assert outcomes == [(True, 1), (False, 1), (True, 2), (False, 3)]


@pytest.mark.parametrize(
    "ask",
    [
        b"\x16\x03\x01 no http\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 17) + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"GET / HTTP/1.1\r\n : folded\r\n\r\n",
    ],
)
def test_what_is_no_request_ends_its_connection_only(ask: bytes) -> None:
    upstream = Upstream([[ANSWER], [ANSWER]])
    with standing(upstream) as url:
        with connected(url) as client, suppress(OSError):
            client.sendall(ask)
            client.shutdown(socket.SHUT_WR)
            assert not received(client).startswith(b"HTTP/1.1 200") or ask.startswith(b"\x16")
        with connected(url) as client:
            client.sendall(ASK)
            assert received(client, len(ANSWER)) == ANSWER


@pytest.mark.parametrize("answer", [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort", b""])
def test_what_is_no_answer_ends_the_connection(answer: bytes) -> None:
    _, back = exchanged(TRANSPARENT_PROXY, answer)
    assert not back.endswith(b'{"a":1}')


def test_no_more_is_held_than_a_client_takes() -> None:
    """A client that does not read stops the server, and not only after all of its body."""
    megabyte = b"x" * (1 << 20)
    upstream = Upstream([[b"HTTP/1.1 200 OK\r\ncontent-length: 209715200\r\n\r\n", *(megabyte for _ in range(200))]])
    with standing(upstream) as url, connected(url) as client:
        client.sendall(ASK)
        received(client, 100)
        before = -1
        while before != upstream.sent:  # until nothing more is taken
            before = upstream.sent
            time.sleep(0.3)
        assert 0 < upstream.sent < 60 << 20


def test_a_front_that_ends_leaks_nothing() -> None:
    """A leaked socket is a ResourceWarning, which is an error here."""
    for _ in range(10):
        with standing(Upstream([[ANSWER]] * 5)) as url:
            port = int(url.rpartition(":")[2])
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
            clients[0].sendall(ASK)
            clients[1].sendall(ASK[:9])
        for client in clients:
            client.close()
    gc.collect()


def test_a_taken_port_is_an_oserror_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):  # noqa: SIM117
        with run_tcp_proxy("http://127.0.0.1:1", TRANSPARENT_PROXY, port=taken.getsockname()[1]):
            pytest.fail("it was bound")


def test_a_head_keeps_the_case_of_names_and_their_order() -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-b: 1\r\nx-A:2\r\n\r\n"
    head = Head.parse(raw)
    assert head.fields == ((b"X-b", b"1"), (b"x-A", b"2"))
    assert head.render() == b"HTTP/1.1 200 OK\r\nX-b: 1\r\nx-A: 2\r\n\r\n"
    assert (head.status, head.get(b"x-a"), head.get(b"none"), head.length) == (200, b"2", b"", None)


@pytest.mark.parametrize("start", [b"garbage", b"HTTP/1.1", b"HTTP/1.1 abc", b"SIP/2 200"])
def test_a_start_line_without_a_status_is_no_answer(start: bytes) -> None:
    with pytest.raises(NotHttp):
        _ = Head(start).status
