"""How often somebody may try: a sliding window in this process's memory, of bounded size."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta


class RateLimit:
    """At most ``most`` tries of one key within ``window``."""

    def __init__(self, most: int, window: timedelta, *, keys: int = 10_000) -> None:
        self._most = most
        self._window = window
        self._keys = keys
        self._tries: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allows(self, key: str, now: datetime) -> bool:
        """Count a try, and say whether it may go on."""
        tries = self._tries.setdefault(key, deque())
        self._tries.move_to_end(key)
        while len(self._tries) > self._keys:
            self._tries.popitem(last=False)
        while tries and tries[0] <= now - self._window:
            tries.popleft()
        if len(tries) >= self._most:
            return False
        tries.append(now)
        return True

    def forget(self, key: str) -> None:
        """Somebody succeeded: earlier tries no longer count."""
        self._tries.pop(key, None)
