"""Signing through a real ``ssh-agent``."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codes.agent_signer import AgentSigner, public_key_of_line
from codes.errors import CodeError
from codes.jwks import PublicKey, load_jwks
from codes.signing import sign_item, verify
from deploy.local.packages import SSH_AGENT, require
from tracewarden.commands import codes, keys

RUN = CliRunner()
GTIN = "09506000134352"


class Agent:
    """An agent of this test's own, and the public key file of the key that it holds."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "agent"
        self.public = folder / "key.pub"
        require(SSH_AGENT)
        self._process = subprocess.Popen(
            ["ssh-agent", "-D", "-a", str(self.socket)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")]
        subprocess.run(key, check=True)
        self._call("ssh-add", "-q", str(folder / "key"))
        (folder / "key").unlink()

    def _call(self, *command: str) -> None:
        environment = {**os.environ, "SSH_AUTH_SOCK": str(self.socket)}
        subprocess.run(command, check=True, env=environment, capture_output=True)

    def forget(self) -> None:
        """The agent holds no key any more."""
        self._call("ssh-add", "-q", "-D")

    def end(self) -> None:
        """The agent is gone."""
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    running = Agent(tmp_path_factory.mktemp("agent"))
    yield running
    running.end()


def signer_of(agent: Agent) -> AgentSigner:
    return AgentSigner("K1", public_key_of_line(agent.public.read_text()), agent.socket)


def test_what_an_agent_signs_verifies_by_its_public_key(agent: Agent) -> None:
    signer = signer_of(agent)
    keys_of = {"K1": PublicKey("K1", public_key_of_line(agent.public.read_text()))}
    for serial in ("A", "B"):
        assert verify(sign_item(GTIN, serial, signer, domain="b.example"), keys_of).ok


def test_an_agent_without_the_key_or_gone_is_a_named_error(agent: Agent) -> None:
    signer = signer_of(agent)
    signer.sign(b"x")
    agent.forget()
    with pytest.raises(CodeError, match="does not sign"):
        signer.sign(b"x")
    agent.end()
    with pytest.raises(CodeError, match="does not answer"):
        signer.sign(b"x")


@pytest.mark.parametrize(
    "line",
    ["", "ssh-ed25519", "ssh-ed25519 %%%", "ssh-ed25519 AAAA", "ssh-rsa AAAAB3NzaC1yc2EAAAA="],
)
def test_what_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(CodeError) as caught:
        public_key_of_line(line)
    assert caught.value.field == "agent_key"


def test_a_job_is_issued_with_a_key_that_never_leaves_its_agent(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEWARDEN_KEY_PASSPHRASE", "word")
    ring, out = tmp_path / "ring", tmp_path / "c.csv"
    made = RUN.invoke(
        keys.app, ["new", "--keys", str(ring), "--id", "HSM", "--agent-key", str(agent.public)]
    )
    assert json.loads(made.stdout) == {"key_id": "HSM"}
    assert not list(ring.glob("HSM*"))
    order = ["issue", "--keys", str(ring), "--gtin", GTIN, "--count", "5", "--out", str(out)]
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    refused = RUN.invoke(codes.app, order)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert not (ring / "jobs.jsonl").exists()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent.socket))
    assert RUN.invoke(codes.app, order).exit_code == 0
    trusted = load_jwks((ring / "jwks.json").read_bytes())
    uris = [line.split(",")[1] for line in out.read_text().splitlines()[1:]]
    assert [verify(uri, trusted).signature for uri in uris] == ["valid"] * 5
    again = RUN.invoke(keys.app, ["new", "--keys", str(ring), "--agent-key", str(agent.public)])
    assert (again.exit_code, "already" in again.stderr) == (2, True)
