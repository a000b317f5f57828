"""The registry as workers hold it: read again when its revision in the database has changed."""

import gc
import threading
from pathlib import Path

from sqlalchemy import Connection

from registry import Registry
from store.registry import read_rows, revision_of


class RegistrySource:
    """One snapshot, shared; asking costs one small query."""

    def __init__(self, index: Path | None = None) -> None:
        """``index``: a folder in which workers share territories: their geometry, their index, and
        the areas made of them."""
        self._index = index
        self._lock = threading.Lock()
        self._revision = -1
        self._registry: Registry | None = None

    @property
    def revision(self) -> int:
        """The revision of the snapshot that was given last."""
        return self._revision

    def current(self, connection: Connection) -> Registry:
        """The newest snapshot."""
        with self._lock:
            if self._registry is None or revision_of(connection) != self._revision:
                self._registry = None
                self._revision, rows = read_rows(connection, self._index)
                self._registry = Registry(rows, self._index)
                _set_apart()
            return self._registry


def _set_apart() -> None:
    """Spare the collector of cyclic garbage the registry: it is large, stays, and has no cycles,
    and being walked again and again took a tenth of a worker's time."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
