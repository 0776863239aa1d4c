"""TLS on the way: the target's, an https proxy's, and certificates that the client shows."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conformance.client.tls import tls_context
from conformance.client.transport import HttpTransport, NotSent, RawResponse
from conformance.settings import from_values
from conformance.target import ConfigurationError, Connection, Limits, Secret
from tests.hostile.test_tls import ANOTHERS, OURS, with_certificate

from .servers import PAT, Answer, Received, Scripted, answer, serving

LIMITS = Limits(timeout=5.0)
PASSWORD = "open-sesame-0123"


@dataclass(frozen=True)
class Shown:
    """A client's certificate with its key in the same file, plain and encrypted."""

    plain: Path
    encrypted: Path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("client")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a client")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    found = Shown(folder / "plain.pem", folder / "encrypted.pem")
    for path, encryption in (
        (found.plain, serialization.NoEncryption()),
        (found.encrypted, serialization.BestAvailableEncryption(PASSWORD.encode())),
    ):
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        path.write_bytes(certificate + pem)
    return found


def asking(client: Path) -> ssl.SSLContext:
    """A server that asks for a certificate, and trusts this one."""
    context = with_certificate(OURS)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client)
    return context


def fetched(connection: Connection, tls: ssl.SSLContext) -> RawResponse:
    """A get of an https target behind that TLS."""

    async def run() -> RawResponse:
        server = Scripted(respond=lambda _: answer())
        async with serving(server, tls=tls) as base_url, HttpTransport(base_url, connection, LIMITS) as transport:
            return await transport.send("GET", base_url, [], None, _at_once)

    return asyncio.run(run())


def through(connection: Connection, tls: ssl.SSLContext) -> list[Received]:
    """What an https proxy gets for a get of an http target."""
    proxy = Scripted(respond=_as_a_proxy)

    async def run() -> None:
        async with serving(proxy, tls=tls) as url:
            there = Connection(
                proxy=url,
                ca_bundle=connection.ca_bundle,
                client_cert=connection.client_cert,
                client_key_password=connection.client_key_password,
                insecure=connection.insecure,
            )
            async with HttpTransport("http://api.example.com", there, LIMITS) as transport:
                await transport.send("GET", "http://api.example.com/x", [], None, _at_once)

    asyncio.run(run())
    return proxy.requests


async def _at_once() -> None:
    """Nothing to wait for."""


def _as_a_proxy(request: Received) -> Answer:
    return answer() if request.path.startswith("http://") else answer(400)


def test_an_https_proxy_is_trusted_by_the_same_authorities() -> None:
    assert [request.path for request in through(Connection(ca_bundle=str(OURS)), with_certificate(OURS))] == [
        "http://api.example.com/x"
    ]


def test_an_https_proxy_is_not_verified_where_nothing_is() -> None:
    assert len(through(Connection(insecure=True), with_certificate(OURS))) == 1


@pytest.mark.parametrize("connection", [Connection(), Connection(ca_bundle=str(ANOTHERS))], ids=["none", "another"])
def test_an_https_proxy_that_is_not_trusted_is_refused(connection: Connection) -> None:
    with pytest.raises(NotSent, match="the certificate is not accepted") as refused:
        through(connection, with_certificate(OURS))
    assert refused.value.reason.lasting


def test_an_https_proxy_is_shown_the_clients_certificate(shown: Shown) -> None:
    connection = Connection(ca_bundle=str(OURS), client_cert=str(shown.plain))
    assert len(through(connection, asking(shown.plain))) == 1


def test_the_targets_tls_goes_through_an_https_proxy() -> None:
    """Two handshakes, one within the other, each with what it needs."""

    async def run() -> int:
        async with serving(Scripted(respond=lambda _: answer()), tls=with_certificate(OURS)) as base_url:

            async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                head = await reader.readuntil(b"\r\n\r\n")
                host, port = head.split()[1].decode().rsplit(":", 1)
                there = await asyncio.open_connection(host, int(port))
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                await asyncio.gather(_copied(reader, there[1]), _copied(there[0], writer))

            async with serving(tunnel, tls=with_certificate(OURS)) as proxy:
                connection = Connection(ca_bundle=str(OURS), proxy=proxy)
                async with HttpTransport(base_url, connection, LIMITS) as transport:
                    return (await transport.send("GET", base_url, [], None, _at_once)).status

    assert asyncio.run(run()) == 200


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    finally:
        writer.close()


def test_an_encrypted_key_is_opened_with_the_password_of_a_variable(shown: Shown) -> None:
    secret = Secret(PASSWORD, "${KEY}")
    connection = Connection(ca_bundle=str(OURS), client_cert=str(shown.encrypted), client_key_password=secret)
    assert fetched(connection, asking(shown.plain)).status == 200


@pytest.mark.parametrize(
    ("password", "said"),
    [
        (None, "--client-key-password-env"),
        (Secret("wrong-password", "${KEY}"), "does not decrypt"),
        (Secret("", "${KEY}"), "does not decrypt"),
    ],
    ids=["none", "wrong", "empty"],
)
def test_a_key_that_stays_closed_is_said_so_and_nobody_is_asked(
    password: Secret | None, said: str, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL would ask at the terminal, where there is one, and wait."""
    monkeypatch.setattr("getpass.getpass", lambda *_: pytest.fail("asked"))
    with pytest.raises(ConfigurationError, match=said):
        tls_context(Connection(client_cert=str(shown.encrypted), client_key_password=password))


def test_a_password_that_is_not_needed_does_no_harm(shown: Shown) -> None:
    tls_context(Connection(client_cert=str(shown.plain), client_key_password=Secret(PASSWORD, "${KEY}")))


@pytest.mark.parametrize("content", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_certificate_is_said_so(content: str, tmp_path: Path) -> None:
    path = tmp_path / "client.pem"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="certificate file cannot be used"):
        tls_context(Connection(client_cert=str(path)))


def test_the_password_is_found_in_the_environment(shown: Shown) -> None:
    values = {"base_url": "https://127.0.0.1:1", "client_cert": str(shown.encrypted), "client_key_password_env": "KEY"}
    connection = from_values(values, {"QODER_PAT": PAT, "KEY": PASSWORD}).connection
    assert connection.client_key_password == Secret(PASSWORD, "${KEY}")
    assert PASSWORD not in repr(connection)
    with pytest.raises(ConfigurationError, match="KEY is not set"):
        from_values(values, {"QODER_PAT": PAT})


def test_proxies_of_the_environment_count_where_they_are_asked_for() -> None:
    environ = {"QODER_PAT": PAT, "HTTP_PROXY": "http://proxy.test:3128", "NO_PROXY": "127.0.0.0/8"}
    for base_url, trusted, proxy in (
        ("http://api.example.com", True, "http://proxy.test:3128"),
        ("http://api.example.com", False, None),
        ("http://127.0.0.1:1", True, None),
    ):
        assert from_values({"base_url": base_url, "trust_env": trusted}, environ).connection.proxy == proxy
    given = {"base_url": "http://api.example.com", "trust_env": True, "proxy": "other.test:1"}
    assert from_values(given, environ).connection.proxy == "http://other.test:1"
