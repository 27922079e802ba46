"""The pages' connection to a real Valkey: unknown scripts, answers nobody waits for, servers that hang or go, URLs."""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

import pytest
import redis
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError

from demo.embedded import embedded_servers
from demo.valkey import Valkey
from shared.ranked_lists import scripts
from shared.ranked_lists.shared_connection import FLUSH_AFTER, GRACE_SHARE, SharedConnection

TIMEOUT = timedelta(seconds=0.4)
ValueT = TypeVar("ValueT")


@pytest.fixture(scope="module")
def second_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that a test may stop and start."""
    with embedded_servers(tmp_path_factory.mktemp("second-valkey"), durable=False, postgres=False) as servers:
        assert servers.valkey is not None
        yield servers.valkey


def _with_connection(url: str, work: Callable[[SharedConnection], Awaitable[ValueT]]) -> ValueT:
    async def run() -> ValueT:
        connection = SharedConnection(url, timeout=TIMEOUT)
        try:
            return await work(connection)
        finally:
            await connection.close()

    with asyncio.Runner(
        loop_factory=uvloop.new_event_loop
    ) as runner:  # the timeline's loop: timers first, then what came
        return runner.run(run())


def test_each_of_many_concurrent_requests_gets_its_own_answer(fresh_redis: str) -> None:
    async def work(connection: SharedConnection) -> list[list[object]]:
        return await asyncio.gather(*(connection.ask(("ECHO", number), ("ECHO", -number)) for number in range(200)))

    answers = _with_connection(fresh_redis, work)
    assert answers == [[str(number).encode(), str(-number).encode()] for number in range(200)]


def test_commands_are_flushed_while_others_of_the_same_iteration_are_prepared(fresh_redis: str) -> None:
    looked: list[bool] = []

    async def work(connection: SharedConnection) -> None:
        await connection.ask(("PING",))
        asked = [asyncio.ensure_future(connection.ask(("SET", f"made {number}", "1"))) for number in range(FLUSH_AFTER)]
        asyncio.get_running_loop().call_soon(look)
        await asyncio.gather(*asked)

    def look() -> None:
        """Hold the turn up until the first is done."""
        with redis.Redis.from_url(fresh_redis) as other:
            until = time.monotonic() + TIMEOUT.total_seconds() / 2
            while not (is_done := other.exists("made 0")) and time.monotonic() < until:
                time.sleep(0.001)
        looked.append(bool(is_done))

    _with_connection(fresh_redis, work)
    assert looked == [True]


def test_a_cancelled_request_takes_no_other_requests_answer(fresh_redis: str) -> None:
    async def work(connection: SharedConnection) -> list[object]:
        await connection.ask(("PING",))
        gone = [asyncio.ensure_future(connection.ask(("ECHO", f"gone {number}"))) for number in range(5)]
        await asyncio.sleep(0)
        for each in gone:
            each.cancel()
        return await connection.ask(("ECHO", "here"))

    assert _with_connection(fresh_redis, work) == [b"here"]


def test_a_script_that_redis_does_not_know_is_sent_with_its_text(fresh_redis: str) -> None:
    with redis.Redis.from_url(fresh_redis) as client:
        client.script_flush()
    names, seen = ("wl:erased", "wl:seen:ann", "wl:chain:1:ann", "wl:tail:1:ann"), (b"\7\0\0\0", 400, 60_000)
    end = ("ann", b"nonce123", 0, b"\1\0", 60_000, b"chain", b"", *seen, b"", b"")
    command = ("EVALSHA", scripts.digest_of(scripts.END_PAGE), 4, *names, *end)
    assert _with_connection(fresh_redis, lambda connection: connection.ask(("PING",), command, ("ECHO", "x"))) == [
        b"PONG",
        1,
        b"x",
    ]
    with redis.Redis.from_url(fresh_redis) as client:
        assert client.get("wl:seen:ann") == b"\0\0\0\0\7\0\0\0"


def test_a_refused_command_is_an_error_only_for_its_sender(fresh_redis: str) -> None:
    async def work(connection: SharedConnection) -> list[list[object] | BaseException]:
        asked = [connection.ask(command) for command in (("PING",), ("NOSUCH",), ("ECHO", "x"))]
        return await asyncio.gather(*asked, return_exceptions=True)

    before, refused, after = _with_connection(fresh_redis, work)
    assert (before, after) == ([b"PONG"], [b"x"])
    assert isinstance(refused, ResponseError)


def test_without_a_server_the_first_command_fails() -> None:
    with pytest.raises(RedisError):
        _with_connection("redis://127.0.0.1:1/0", lambda connection: connection.ask(("PING",)))


def test_a_restarted_server_is_connected_to_again(second_valkey: Valkey) -> None:
    async def work(connection: SharedConnection) -> list[object]:
        await connection.ask(("PING",))
        second_valkey.stop()
        await asyncio.sleep(0.1)
        with pytest.raises(RedisError):
            await connection.ask(("PING",))
        second_valkey.start()
        return await connection.ask(("PING",))

    assert _with_connection(second_valkey.url, work) == [b"PONG"]


def test_a_connection_without_answers_is_dropped(second_valkey: Valkey) -> None:
    async def work(connection: SharedConnection) -> list[object]:
        await connection.ask(("PING",))
        second_valkey.pause()
        try:
            with pytest.raises(Disconnected):
                await asyncio.wait_for(connection.ask(("PING",)), 10)
        finally:
            second_valkey.resume()
        return await asyncio.wait_for(connection.ask(("PING",)), 10)

    assert _with_connection(second_valkey.url, work) == [b"PONG"]


def test_a_request_that_times_out_leaves_the_other_answers_in_order(second_valkey: Valkey) -> None:
    async def work(connection: SharedConnection) -> list[list[object] | BaseException]:
        await connection.ask(("PING",))
        second_valkey.pause()
        try:
            patient = asyncio.ensure_future(connection.ask(("ECHO", "patient"), within=5))
            hasty = [asyncio.ensure_future(connection.ask(("ECHO", "hasty"), within=0.02)) for _ in range(3)]
            done, _ = await asyncio.wait(hasty, timeout=TIMEOUT.total_seconds() / 2)
            assert done == set(hasty)
        finally:
            second_valkey.resume()
        late = connection.ask(("ECHO", "late"), within=5)
        return await asyncio.gather(*hasty, patient, late, return_exceptions=True)

    *hasty, patient, late = _with_connection(second_valkey.url, work)
    assert [type(each) for each in hasty] == [TimeoutError] * 3
    assert (patient, late) == ([b"patient"], [b"late"])


def test_a_request_with_a_shorter_timeout_than_earlier_ones_ends_in_time(second_valkey: Valkey) -> None:
    async def work(connection: SharedConnection) -> float:
        await connection.ask(("PING",))
        second_valkey.pause()
        try:
            before = asyncio.ensure_future(connection.ask(("ECHO", "before"), within=5))
            await asyncio.sleep(0)
            begun = time.monotonic()
            with pytest.raises(TimeoutError):
                await connection.ask(("ECHO", "hasty"), within=0.02)
            waited = time.monotonic() - begun
        finally:
            second_valkey.resume()
        assert await before == [b"before"]
        return waited

    assert _with_connection(second_valkey.url, work) < TIMEOUT.total_seconds() / 2


def test_an_answer_that_arrived_while_the_process_was_stopped_is_read(second_valkey: Valkey) -> None:
    """Neither this process nor Redis has a processor until a command's deadline and the connection's are due."""
    seconds = TIMEOUT.total_seconds()

    async def work(connection: SharedConnection) -> list[object]:
        await connection.ask(("PING",))
        second_valkey.pause()
        try:
            asked = asyncio.ensure_future(connection.ask(("ECHO", "here"), within=seconds))
            await asyncio.sleep(0)  # it asks...
            await asyncio.sleep(0)  # ...and has sent it
            time.sleep(seconds)  # noqa: ASYNC251
            await asyncio.sleep(seconds * GRACE_SHARE / 4)
        finally:
            second_valkey.resume()
        return await asked

    assert _with_connection(second_valkey.url, work) == [b"here"]


def test_closing_ends_a_connection_that_is_still_being_made() -> None:
    async def work() -> bytes:
        heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"HELLO")
            accepted.set()
            heard.set_result(await reader.read())
            writer.close()

        accepted = asyncio.Event()
        async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
            connection = SharedConnection(f"redis://127.0.0.1:{_port(server)}", timeout=timedelta(seconds=30))
            asking = asyncio.ensure_future(connection.ask(("PING",)))
            await accepted.wait()
            await connection.close()
            await asyncio.wait([asking])
            assert asking.cancelled()
            return await heard  # all until the end of the connection

    assert asyncio.run(asyncio.wait_for(work(), 10)).endswith(b"SELECT\r\n$1\r\n0\r\n")


def test_a_server_that_accepts_and_never_answers_is_given_up() -> None:
    async def work() -> None:
        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
            connection = SharedConnection(f"redis://127.0.0.1:{_port(server)}", timeout=TIMEOUT)
            with pytest.raises(Disconnected):
                await connection.ask(("PING",))

    asyncio.run(asyncio.wait_for(work(), 10))


def test_a_url_names_user_password_database_and_client(fresh_redis: str) -> None:
    url = urlsplit(fresh_redis)
    with redis.Redis.from_url(fresh_redis) as client:
        client.execute_command("ACL", "SETUSER", "page", "on", ">p@ss word", "~*", "+@all")
    netloc = f"page:{quote('p@ss word')}@{url.hostname}:{url.port}"
    named = url._replace(netloc=netloc, path="/7", query="client_name=a-timeline").geturl()
    try:
        (client_info,) = _with_connection(named, lambda connection: connection.ask(("CLIENT", "INFO")))
    finally:
        with redis.Redis.from_url(fresh_redis) as client:
            client.acl_deluser("page")
    told = dict(field.split("=", 1) for field in str(client_info, "utf-8").split())  # type: ignore[call-overload]
    assert (told["user"], told["db"], told["name"], told["resp"]) == ("page", "7", "a-timeline", "2")


@pytest.mark.parametrize("userinfo", ["", ":wrong@", "nobody:wrong@"])
def test_refused_credentials_give_no_connection(fresh_redis: str, userinfo: str) -> None:
    url = urlsplit(fresh_redis)
    refused = f"redis://{userinfo}{url.hostname}:{url.port}/0"
    with pytest.raises(Disconnected, match="refuses"):
        _with_connection(refused, lambda connection: connection.ask(("PING",)))


def test_a_missing_database_gives_no_connection(fresh_redis: str) -> None:
    url = urlsplit(fresh_redis)._replace(path="/100000").geturl()
    with pytest.raises(Disconnected, match="refuses"):
        _with_connection(url, lambda connection: connection.ask(("PING",)))


def test_a_unix_socket_is_connected_to(fresh_redis: str, tmp_path: Path) -> None:
    async def work() -> list[object]:
        path, relay = tmp_path / "redis.sock", Relay(fresh_redis)
        async with await asyncio.start_unix_server(relay, path):
            return await relay.echo(f"unix://:{urlsplit(fresh_redis).password}@{path}")

    assert asyncio.run(asyncio.wait_for(work(), 10)) == [b"here"]


@pytest.mark.parametrize(("options", "is_trusted"), [("?ssl_ca_certs={ca}", True), ("", False)])
def test_tls_checks_the_servers_certificate(fresh_redis: str, tmp_path: Path, options: str, is_trusted: bool) -> None:
    key, certificate = _certificate_of_loopback(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def work() -> list[object]:
        relay = Relay(fresh_redis)
        async with await asyncio.start_server(relay, "127.0.0.1", 0, ssl=tls) as server:
            at = f":{urlsplit(fresh_redis).password}@127.0.0.1:{_port(server)}"
            return await relay.echo(f"rediss://{at}/0{options.format(ca=quote(str(certificate)))}")

    if is_trusted:
        assert asyncio.run(asyncio.wait_for(work(), 10)) == [b"here"]
    else:
        with pytest.raises(Disconnected, match="CERTIFICATE_VERIFY_FAILED"):
            asyncio.run(asyncio.wait_for(work(), 10))


class Relay:
    """Forwards everything from one client to a Redis, and the answers back."""

    def __init__(self, url: str) -> None:
        self._to, self._is_over = urlsplit(url), asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis_reader, redis_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
        await asyncio.gather(_copy(reader, redis_writer), _copy(redis_reader, writer))
        self._is_over.set()

    async def echo(self, url: str) -> list[object]:
        """What a connection to the relay answers."""
        connection = SharedConnection(url, timeout=timedelta(seconds=5))
        try:
            answers = await connection.ask(("ECHO", "here"))
        finally:
            await connection.close()
        await self._is_over.wait()
        return answers


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
    writer.close()


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def _certificate_of_loopback(folder: Path) -> tuple[Path, Path]:
    """The files of a private key and its self-signed certificate."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(hours=1)
        )
        .add_extension(loopback, critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return key_file, certificate_file
