"""The event bus: one port, two adapters (Kafka and a durable SQLite queue)."""
