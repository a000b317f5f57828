"""Hot state: one port, two adapters (Redis and SQLite)."""
