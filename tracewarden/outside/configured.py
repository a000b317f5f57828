"""Whom an installation asks to sign for its log."""

from pathlib import Path

from evidence.errors import EvidenceError
from evidence.witness_policy import WitnessPolicy, read_policy
from tracewarden.outside.anchoring import TIMEOUT_S, Outside
from tracewarden.outside.timestamping import Authority, read_roots
from tracewarden.settings import Settings


def outside_of(
    settings: Settings,
    policy: Path | None = None,
    authorities: list[str] | None = None,
    roots: Path | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Outside:
    """Whom to ask: as the options say, else as the settings do.

    Raises:
        EvidenceError: an authority without root certificates, or a file that says something else.
    """
    policy = policy or settings.witness_policy
    roots = roots or settings.timestamp_roots
    urls = authorities or ([settings.timestamp_url] if settings.timestamp_url else [])
    if urls and roots is None:
        raise EvidenceError("an authority needs its root certificates", field="--timestamp-roots")
    trusted = () if roots is None else read_roots(roots)
    return Outside(
        WitnessPolicy() if policy is None else read_policy(policy.read_text(encoding="utf-8")),
        tuple(Authority(url, trusted) for url in urls),
        timeout_s,
    )
