"""The one error that this room lets out."""

from events.errors import TracewardenError


class CodeError(TracewardenError):
    """An identifier, URI, key or job that cannot be taken; ``field`` names its part.

    Types in use: ``uri-invalid``, ``element-invalid``, ``identifier-invalid``, ``keys-invalid``,
    ``job-invalid``, ``label-invalid``.
    """

    type = "code-malformed"
