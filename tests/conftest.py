"""What every test has at hand: the real parts, started where a test asks for them."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.services.plugin"]

# Time is no part of a law: a slow machine fails no property.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("default"), max_examples=5000)
settings.load_profile("default")
