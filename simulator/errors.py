"""What can be wrong with a request for a simulated world."""

from events.errors import TracewardenError


class SimulationError(TracewardenError):
    """A world that cannot be made: no borders, nowhere to write, or impossible wishes."""

    type = "simulation-impossible"
