"""The brand's codes: serials, and URIs with real signatures by keys that the world's seed gives."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from codes.jobs import LEDGER_NAME, IssueOrder
from codes.jobs import IssuingJob as LedgerJob
from codes.jwks import dump_jwks
from codes.keyring import KeyRing, derive, public_key_of
from codes.serials import ALPHABET, LENGTH, Serials
from codes.signing import SeedSigner, sign_item, token
from registry.model import IssuingJob
from simulator import identifiers
from simulator.chance import Chance

DOMAIN = "id.brand.example"
KEY_IDS = ("A1", "A2")
FORGER_KEY_ID = "Q7"
JOB = 1 << 12
"""Codes an issuing job; one job's codes are signed by one key."""


def job_key(index: int) -> str:
    """The key that signs the code with this index of a product."""
    return KEY_IDS[index // JOB % len(KEY_IDS)]


@dataclass(eq=False, slots=True)
class Item:
    """One sellable unit; its code is signed when it is first read."""

    gtin: str
    serial: str
    key_id: str
    uri: str = field(init=False)
    code: str = ""
    """What its label says; filled by ``Codebook.code``."""

    def __post_init__(self) -> None:
        self.uri = identifiers.item_uri(self.gtin, self.serial)


class Codebook:
    """Makes serials and codes, true and false ones."""

    def __init__(self, seed: int, chance: Chance) -> None:
        self._root = hashlib.sha256(f"tracewarden-simulator/{seed}".encode()).digest()
        self._chance = chance
        self._serials = Serials(derive(self._root, "master"))
        self._signers = {
            key_id: SeedSigner(key_id, derive(self._root, f"signing/{key_id}"))
            for key_id in KEY_IDS
        }
        self._forger = SeedSigner(FORGER_KEY_ID, derive(self._root, "forger"))

    def items(self, gtin: str, first_index: int, count: int) -> list[Item]:
        """The items with these indices of their product's issuing jobs."""
        serials = self._serials.of(gtin).serials(first_index, count)
        return [
            Item(gtin, serial, job_key(first_index + number))
            for number, serial in enumerate(serials)
        ]

    def code(self, item: Item) -> str:
        """The signed code on an item's label."""
        if not item.code:
            item.code = sign_item(item.gtin, item.serial, self._signers[item.key_id], domain=DOMAIN)
        return item.code

    def invented_serial(self) -> str:
        """A serial that looks like the brand's and that no job covers."""
        rest = (self._chance.one_of(ALPHABET) for _ in range(LENGTH - 1))
        return self._chance.one_of(ALPHABET[:16]) + "".join(rest)

    def badly_signed(self, gtin: str, serial: str) -> str:
        """A code that names the brand's key over a signature that is none."""
        path = f"/01/{gtin}/21/{serial}"
        return f"HTTPS://{DOMAIN.upper()}{path}?TW={token(KEY_IDS[0], self._chance.octets(64))}"

    def signed_by_forger(self, gtin: str, serial: str) -> str:
        """A code signed well, by a key that is not the brand's."""
        return sign_item(gtin, serial, self._forger, domain=DOMAIN)

    def unsigned(self, gtin: str, serial: str) -> str:
        """A code without a signature."""
        return f"HTTPS://{DOMAIN.upper()}/01/{gtin}/21/{serial}"

    def write_keys(
        self, folder: Path, passphrase: str | None, jobs: Iterable[IssuingJob], since: datetime
    ) -> None:
        """``jwks.json``, and with a passphrase the sealed keys and the ledger of jobs beside it."""
        if passphrase is None:
            folder.mkdir(parents=True, exist_ok=True)
            keys = [
                public_key_of(k, derive(self._root, f"signing/{k}"), valid_from=since)
                for k in KEY_IDS
            ]
            (folder / "jwks.json").write_bytes(dump_jwks(keys))
            return
        ring = KeyRing(folder, {})
        for key_id in KEY_IDS:
            ring, _ = ring.with_new_key(
                passphrase, entropy=self._chance.octets, now=since, key_id=key_id, seed=self._root
            )
        (folder / LEDGER_NAME).write_bytes(b"".join(_ledger_line(job) for job in jobs))


def _ledger_line(job: IssuingJob) -> bytes:
    """A job as the key ring notes it, so that what a service issues next has other serials."""
    order = IssueOrder(
        job=job.job, gtin=job.gtin, count=job.count, key_id=job.key_id, domain=DOMAIN
    )
    noted = LedgerJob(order=order, first_index=job.first_index, issued_at=job.issued_at)
    return msgspec.json.encode(noted) + b"\n"
