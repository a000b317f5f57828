"""Many callers, one writer: whoever waits while a group is being committed is the next group."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from evidence.entry import Entry
from evidence.errors import EvidenceError
from store.evidence_log import Appended

Answer = Callable[[Appended | BaseException], None]
Append = Callable[[Sequence[Entry]], list[Appended | EvidenceError]]

GROUP_ENTRIES = 4096


class GroupWriter:
    """A thread that appends what callers submit; a caller's future is done when it is signed for.

    A fault of the storage ends it: all who wait get the fault, and nothing more is taken, since
    after a failed fsync nobody knows what is on the disk. A restart looks.
    """

    def __init__(self, append: Append) -> None:
        self._append = append
        self._waiting: deque[tuple[Entry, Answer]] = deque()
        self._wake = threading.Condition()
        self._ended: BaseException | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="evidence-writer")
        self._thread.start()

    def submit(self, entry: Entry) -> Future[Appended]:
        """Hand an entry over; the future is done when it is signed for.

        Raises:
            EvidenceError: the writer has ended.
        """
        future: Future[Appended] = Future()
        self.hand_over(entry, lambda answer: _settle(future, answer))
        return future

    def hand_over(self, entry: Entry, answered: Answer) -> None:
        """As :meth:`submit`, for callers in their thousands: ``answered`` gets the place or the
        fault, in the writer's thread, and must neither wait nor raise.

        Raises:
            EvidenceError: the writer has ended.
        """
        with self._wake:
            if self._closing or self._ended is not None:
                raise EvidenceError("the writer has ended", type="writer-ended")
            self._waiting.append((entry, answered))
            self._wake.notify()

    def close(self) -> None:
        """Write what is waiting, then end.

        Raises:
            BaseException: the fault by which it had ended before.
        """
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._ended is not None:
            raise self._ended

    def _run(self) -> None:
        while group := self._next_group():
            try:
                answers = self._append([entry for entry, _ in group])
            except BaseException as fault:
                self._end(fault, group)
                return
            for (_, answered), answer in zip(group, answers, strict=True):
                answered(answer)

    def _next_group(self) -> list[tuple[Entry, Answer]]:
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._closing)
            size = min(len(self._waiting), GROUP_ENTRIES)
            return [self._waiting.popleft() for _ in range(size)]

    def _end(self, fault: BaseException, group: list[tuple[Entry, Answer]]) -> None:
        with self._wake:
            self._ended = fault
            group = [*group, *self._waiting]
            self._waiting.clear()
        for _, answered in group:
            answered(fault)


def _settle(future: Future[Appended], answer: Appended | BaseException) -> None:
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
