"""Hot state in Redis. A Redis that is away costs speed and nothing else."""

import logging
from collections.abc import Mapping, Sequence
from itertools import islice

import redis

logger = logging.getLogger(__name__)

KEEP_S = 14 * 86_400
"""What nobody asked for in two weeks is dropped; it can be folded again."""


AT_ONCE = 1000
_PUT = "for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1]) end"
"""One command for many keys: a command a key costs a client more than all else about hot state."""


class RedisState:
    """``HotState`` in Redis."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)
        self._put = self._redis.register_script(_PUT)

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
        waiting = iter(values.items())
        try:
            while part := list(islice(waiting, AT_ONCE)):
                self._put([key for key, _ in part], [KEEP_S, *(value for _, value in part)])
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
