"""The project's one error base: every named error says what kind it is, where, and why."""


class TracewardenError(Exception):
    """Base of all errors that bad input can cause.

    ``type`` is a stable kebab-case slug that scripts may compare, ``field`` names the part that is
    wrong (empty where the whole is), ``detail`` is a sentence for people.
    """

    type: str = "error"

    def __init__(self, detail: str, *, field: str = "", type: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        if type is not None:
            self.type = type

    def as_dict(self) -> dict[str, str]:
        """The error as the command line and the API print it."""
        return {"type": self.type, "field": self.field, "detail": self.detail}


class EventError(TracewardenError):
    """An event that cannot be taken: malformed, out of range, or from the future."""

    type = "event-invalid"
