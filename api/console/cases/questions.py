"""A dealer's room: the questions put to it, what it may know of each, and its answers."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.console.cases.lines import CaseLine, line_of
from api.console.cases.step_forms import form_of, message_of
from api.console.cases.uploads import FORM_BYTES, attachments_of, files_of
from api.console.cases.wording import cases_wording
from api.console.session import Anyone
from api.dependencies import Ports
from api.pages import console_page
from api.problems import Problem
from api.services import Services
from api.wording import Wording
from cases.errors import CaseError
from cases.steps import Answer, Ask
from store.case_steps import Author, LoggedStep, StoredFile, steps_of, take_step
from store.case_views import QuestionRow, find_case, find_question, questions_to
from store.instants import from_us, to_us

router = APIRouter(prefix="/console", include_in_schema=False)


class ShownQuestion(NamedTuple):
    """A question with all that the dealer may see; ``facts`` are those that the officer chose."""

    case_id: str
    number: int
    text: str
    asked_at: datetime
    due_at: datetime
    is_late: bool
    facts: list[tuple[str, str]]
    answer: LoggedStep | None


@router.get("/questions")
async def show_questions(request: Request, services: Ports, user: Anyone) -> Response:
    """The questions to the user's dealer: those that wait first."""
    w = cases_wording(request)
    if user.dealer_id is None:
        return RedirectResponse("/console/cases", 303)
    shown = await asyncio.to_thread(_questions, services, user.dealer_id, w)
    message = request.query_params.get("message", "")
    return console_page("console/questions.html", w=w, user=user, shown=shown, message=message)


def _questions(services: Services, dealer_id: str, w: Wording) -> list[ShownQuestion]:
    rows = questions_to(services.engine, dealer_id)
    return [shown for row in rows if (shown := _question(services, row, w)) is not None]


def _question(services: Services, row: QuestionRow, w: Wording) -> ShownQuestion | None:
    case, steps = find_case(services.engine, row.case_id), steps_of(services.engine, row.case_id)
    asked = steps[row.number].taken
    if case is None or not isinstance(asked.step, Ask):
        return None
    now_us = to_us(services.clock())
    line = line_of(case, services.registry(), now_us)
    return ShownQuestion(
        case_id=row.case_id,
        number=row.number,
        text=asked.step.text,
        asked_at=from_us(asked.at_us),
        due_at=from_us(row.due_us),
        is_late=row.answered_us is None and row.due_us < now_us,
        facts=[(w(f"told_{name}"), _fact(name, line, w)) for name in asked.step.told],
        answer=next((step for step in steps if _answers(step, row.number)), None),
    )


def _answers(logged: LoggedStep, number: int) -> bool:
    step = logged.taken.step
    return isinstance(step, Answer) and step.question == number


def _fact(name: str, line: CaseLine, w: Wording) -> str:
    """One of ``cases.steps.DEALER_MAY_SEE`` in words."""
    match name:
        case "kind":
            return w(f"kind_{line.kind}")
        case "gtins":
            return w("list_joint").join(line.products)
        case "territory":
            return line.territory or w("territory_unknown")
        case "opened_at" | "period":
            return line.opened_at.astimezone(UTC).strftime("%Y-%m-%d")
        case _:
            return str(line.alerts)


@router.post("/questions/{case_id}/{number}")
async def answer_question(
    case_id: str, number: int, request: Request, services: Ports, user: Anyone
) -> Response:
    """Answer a question, with files."""
    form = await form_of(request, services, largest=FORM_BYTES)
    question = await asyncio.to_thread(find_question, services.engine, case_id, number)
    if question is None or question.dealer_id != user.dealer_id:
        raise Problem(404, "not-found", "there is no such question")
    text = form.get("text", "")
    try:
        files = await files_of(form)
        answer = Answer(number, text if isinstance(text, str) else "", attachments_of(files))
        await asyncio.to_thread(_take, services, case_id, answer, user.user_name, files)
    except CaseError as error:
        return RedirectResponse(f"/console/questions?message={message_of(error)}", 303)
    return RedirectResponse("/console/questions", 303)


def _take(
    services: Services, case_id: str, answer: Answer, name: str, files: list[StoredFile]
) -> None:
    author = Author(name, "dealer", services.random_bytes)
    take_step(services.engine, case_id, answer, author, at_us=to_us(services.clock()), files=files)
