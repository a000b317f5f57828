"""How people work it off: signals grouped into alerts, and later alerts into cases."""

from cases.alerts import Alert, alert_of

__all__ = ["Alert", "alert_of"]
