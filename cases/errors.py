"""The error of the cases room."""

from events.errors import TracewardenError


class CaseError(TracewardenError):
    """A step that cannot be taken; the case is as it was.

    Types: ``case-step-refused`` (not from where the case stands, or not by this role),
    ``case-step-invalid`` (the step itself is incomplete), ``case-moved`` (somebody was faster).
    """

    type = "case-step-refused"


def step_invalid(detail: str, field: str) -> CaseError:
    """The step itself is incomplete, or says too much."""
    return CaseError(detail, field=field, type="case-step-invalid")


def case_unknown() -> CaseError:
    """Nobody knows a case of that id."""
    return CaseError("there is no such case", field="case_id", type="case-unknown")
