"""Hot state in Redis. A Redis that is away costs speed and nothing else."""

import logging
from collections.abc import Mapping, Sequence

import redis

logger = logging.getLogger(__name__)

KEEP_S = 14 * 86_400
"""What nobody asked for in two weeks is dropped; it can be folded again."""


class RedisState:
    """``HotState`` in Redis."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """See ``HotState.get``."""
        if not keys:
            return []
        try:
            values: list[bytes | None] = self._redis.mget(keys)  # type: ignore[assignment]
            return values
        except redis.RedisError as error:
            logger.warning("hot state is away, folding from stored events: %s", error)
            return [None] * len(keys)

    def put(self, values: Mapping[str, bytes]) -> None:
        """See ``HotState.put``."""
        if not values:
            return
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for key, value in values.items():
                    pipeline.set(key, value, ex=KEEP_S)
                pipeline.execute()
        except redis.RedisError as error:
            logger.warning("hot state is away, not kept: %s", error)

    def problem(self) -> str | None:
        """Why Redis does not answer; None where it does."""
        try:
            self._redis.ping()
        except redis.RedisError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Disconnect."""
        self._redis.close()
