"""Whoever is asked may stall, drip, cut off or send elsewhere: the answer is an error, in time."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tracewarden.outside.posting import MOST_BYTES, Answer, OutsideError, post

Talk = Callable[[socket.socket, threading.Event], None]
TIMEOUT_S = 0.4


@contextmanager
def server(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that reads a request and then says what ``talk`` says."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        try:
            sock, _ = listener.accept()
            with sock if context is None else context.wrap_socket(sock, server_side=True) as peer:
                asked = b""
                while not asked.endswith(b"body"):
                    asked += peer.recv(65536)
                talk(peer, over)
        except OSError:
            return  # Whoever asked has gone.

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/add-checkpoint"
    finally:
        over.set()
        listener.close()
        thread.join()


def says(data: bytes) -> Talk:
    return lambda sock, over: sock.sendall(data)


def stalls_after(data: bytes) -> Talk:
    def talk(sock: socket.socket, over: threading.Event) -> None:
        sock.sendall(data)
        over.wait(20)

    return talk


def drips(data: bytes) -> Talk:
    """A byte before each single wait is over."""

    def talk(sock: socket.socket, over: threading.Event) -> None:
        sock.sendall(data)
        while not over.wait(TIMEOUT_S / 4):
            sock.sendall(b"x")

    return talk


def ask(url: str) -> Answer:
    return post(url, b"body", "text/plain", timeout_s=TIMEOUT_S)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n"


@pytest.mark.parametrize(
    "talk",
    [
        stalls_after(b""),
        stalls_after(HEAD),
        stalls_after(HEAD + b"\r\nhalf"),
        # The body of an error is read like any other.
        stalls_after(HEAD.replace(b"200 OK", b"409 Conflict") + b"\r\n1"),
        drips(b""),
        drips(HEAD + b"X: "),
        drips(HEAD + b"\r\n"),
    ],
)
def test_a_server_that_stalls_or_drips_is_an_error_in_time(talk: Talk) -> None:
    with server(talk) as url:
        begun = time.monotonic()
        with pytest.raises(OutsideError):
            ask(url)
        assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense\r\n\r\n",
        HEAD + b"\r\nhalf",
        HEAD.replace(b"200 OK", b"409 Conflict") + b"\r\n1",
        HEAD.replace(b"900", b"999999") + b"\r\n" + bytes(MOST_BYTES + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
    ],
)
def test_an_answer_that_is_cut_off_or_too_long_is_an_error(data: bytes) -> None:
    with server(says(data)) as url, pytest.raises(OutsideError):
        ask(url)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked = b"HTTP/1.1 %d x\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 2\r\n\r\nno"
    for status in (301, 302, 303, 307, 308):
        with server(says(asked % status)) as url:
            assert ask(url) == Answer(status, "text/plain", b"no")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """What a server on 127.0.0.1 talks TLS with, and its certificate."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        capture_output=True, check=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


def test_over_tls_it_is_the_same(
    secure: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = secure
    untrusted = pytest.raises(OutsideError, match="CERTIFICATE_VERIFY_FAILED")
    with server(says(HEAD + b"\r\n"), context) as url, untrusted:
        ask(url)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), context) as url:
        assert ask(url) == Answer(200, "text/plain", b"ok")
    with server(drips(HEAD + b"\r\n"), context) as url, pytest.raises(OutsideError):
        ask(url)
