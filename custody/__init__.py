"""Who holds an item: a pure fold over the EPCIS events that touch it, through its containers."""

from custody.fold import Custody, apply, custody_of
from custody.step import Role, Step, read_step
from custody.trail import Trail

__all__ = ["Custody", "Role", "Step", "Trail", "apply", "custody_of", "read_step"]
