from collections.abc import Callable

import pytest

from codes.jwks import PublicKey
from codes.keyring import public_key_of
from codes.signing import SeedSigner

SEED = bytes(range(32))


@pytest.fixture
def signer() -> SeedSigner:
    return SeedSigner("K1", SEED)


@pytest.fixture
def keys() -> dict[str, PublicKey]:
    return {"K1": public_key_of("K1", SEED)}


@pytest.fixture
def counted_entropy() -> Callable[[int], bytes]:
    """Random bytes that are not random: each call's are other ones."""
    calls = iter(range(1, 1 << 30))
    return lambda length: next(calls).to_bytes(length, "big")
