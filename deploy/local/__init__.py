"""A real Kafka, PostgreSQL and Redis on this machine, without Docker: for tests and benches.

``python -m deploy.local up`` starts all three; the pytest fixtures of ``tests/services`` start each
where a test asks for it.
"""

from deploy.local.kafka import KafkaService
from deploy.local.postgres import PostgresService
from deploy.local.redis import RedisService
from deploy.local.service import LocalService, ServiceError

__all__ = ["KafkaService", "LocalService", "PostgresService", "RedisService", "ServiceError"]
