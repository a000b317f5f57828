"""People outside, for tests: witnesses over real HTTP, and an authority made of OpenSSL."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from starlette.types import ASGIApp

from api.witness import create_witness_app
from evidence.note import VerifierKey
from store.witness_folder import WitnessFolder
from tracewarden.service import listen

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of an application on a port of its own."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def witness(
    folder: Path, name: str, log: VerifierKey, clock: Callable[[], datetime] | None = None
) -> Iterator[tuple[WitnessFolder, str]]:
    """A witness of ours, and its address."""
    seed = name.encode().ljust(32, b"\0")[:32]
    made = WitnessFolder.open(folder, name, seed, [log])
    app = create_witness_app(made, clock or (lambda: datetime.now(UTC)))
    with served(app) as address:
        yield made, address


@dataclass(frozen=True)
class Chain:
    """A root, a signing certificate below it, and their files."""

    folder: Path
    root: x509.Certificate

    @property
    def roots(self) -> Path:
        """The root as PEM."""
        return self.folder / "root.pem"


def make_chain(folder: Path, *, curve: bool = False) -> Chain:
    """A root and a time-stamping certificate that it issued; RSA, or on P-256."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key, key = _new_key(curve), _new_key(curve)
    root = _issue("Test Root", "Test Root", root_key, root_key, is_root=True)
    signer = _issue("Test Time Stamping", "Test Root", key, root_key, is_root=False)
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(root.public_bytes(pem))
    (folder / "signer.pem").write_bytes(signer.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = one\n[one]\n"
        f"serial = {folder}/serial\nsigner_digest = sha256\ndigests = sha256\n"
        "default_policy = 1.3.6.1.4.1.57264.2\naccuracy = secs:1\n"
        "ess_cert_id_alg = sha256\ness_cert_id_chain = no\ntsa_name = no\n"
    )
    return Chain(folder, root)


def _new_key(curve: bool) -> PrivateKey:
    return (
        ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
    )


def _issue(
    subject: str, issuer: str, key: PrivateKey, by: PrivateKey, *, is_root: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    if not is_root:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(by, hashes.SHA256())


@contextmanager
def authority(chain: Chain) -> Iterator[str]:
    """An RFC 3161 authority over HTTP: `openssl ts -reply` behind a small server."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = chain.folder / f"query-{threading.get_ident()}"
            query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            reply = subprocess.run(
                ["openssl", "ts", "-reply", "-config", chain.folder / "tsa.cnf",
                 "-queryfile", query, "-signer", chain.folder / "signer.pem",
                 "-inkey", chain.folder / "key.pem"],
                capture_output=True, check=True,
            ).stdout  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
