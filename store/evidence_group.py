"""Many callers, one writer: whoever waits while a group is being committed is the next group.

Two threads: while one commits a group, the other reads the one before again, signs, and answers.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import NamedTuple

from evidence.entry import Draft, Entry, draft_or_error
from evidence.errors import EvidenceError
from store.evidence_log import Appended

Answer = Callable[[Appended | BaseException], None]
Commit = Callable[[Sequence[Draft | EvidenceError]], list[Appended | EvidenceError]]

GROUP_ENTRIES = 1024
"""Of thousands of callers some wait for their commit while others get their answers."""


class _Caller(NamedTuple):
    """What somebody handed over, and how to answer."""

    draft: Draft | EvidenceError
    answered: Answer


class _Committed(NamedTuple):
    """A group that is durable and not signed for yet."""

    group: list[_Caller]
    answers: Sequence[Appended | BaseException]


class GroupWriter:
    """Appends what callers submit; a caller's future is done when it is signed for.

    A fault of the storage ends it: all who wait get the fault, and nothing more is taken, since
    after a failed fsync nobody knows what is on the disk. A restart looks.

    Args:
        commit: appends a group durably and gives an answer for each, as ``LogWriter.commit``.
        seal: signs for all that is committed, as ``LogWriter.seal``.
    """

    def __init__(self, commit: Commit, seal: Callable[[], object]) -> None:
        self._commit = commit
        self._seal = seal
        self._waiting: deque[_Caller] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._committed: SimpleQueue[_Committed | None] = SimpleQueue()
        self._ended: BaseException | None = None
        self._closing = False
        self._threads = [
            threading.Thread(target=self._commit_groups, name="evidence-commit"),
            threading.Thread(target=self._seal_groups, name="evidence-seal"),
        ]
        for thread in self._threads:
            thread.start()

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
        fault, in a thread of the writer, and must neither wait nor raise.

        Raises:
            EvidenceError: the writer has ended.
        """
        caller = _Caller(draft_or_error(entry), answered)
        with self._lock:
            if self._closing or self._ended is not None:
                raise EvidenceError("the writer has ended", type="writer-ended")
            if not self._waiting:
                self._wake.notify()
            self._waiting.append(caller)

    def close(self) -> None:
        """Write what is waiting, then end.

        Raises:
            BaseException: the fault by which it had ended before.
        """
        with self._lock:
            self._closing = True
            self._wake.notify()
        for thread in self._threads:
            thread.join()
        if self._ended is not None:
            raise self._ended

    def _commit_groups(self) -> None:
        while group := self._next_group():
            try:
                answers = self._commit([caller.draft for caller in group])
            except BaseException as fault:
                self._end(fault)
                self._committed.put(_Committed(group, [fault] * len(group)))
            else:
                self._committed.put(_Committed(group, answers))
        self._committed.put(None)

    def _next_group(self) -> list[_Caller]:
        """Those who wait now; none where there is nothing more to do."""
        with self._lock:
            self._wake.wait_for(lambda: self._waiting or self._closing or self._ended)
            size = 0 if self._ended else min(len(self._waiting), GROUP_ENTRIES)
            return [self._waiting.popleft() for _ in range(size)]

    def _seal_groups(self) -> None:
        while groups := self._groups_committed():
            fault = self._seal_unless_ended()
            for group, answers in groups:
                for caller, answer in zip(group, answers, strict=True):
                    caller.answered(fault or answer)

    def _seal_unless_ended(self) -> BaseException | None:
        """Sign for what is committed; give the fault that prevents it."""
        if self._ended is None:
            try:
                self._seal()
            except BaseException as fault:
                self._end(fault)
            else:
                return None
        return self._ended

    def _groups_committed(self) -> list[_Committed]:
        """All groups that wait to be signed for, at least one; none at the end."""
        groups, more = list[_Committed](), self._committed.get()
        while more is not None:
            groups.append(more)
            try:
                more = self._committed.get_nowait()
            except Empty:
                return groups
        if groups:
            self._committed.put(None)
        return groups

    def _end(self, fault: BaseException) -> None:
        """Take nothing more; who waits gets the fault."""
        with self._lock:
            self._ended = self._ended or fault
            waiting = _Committed(list(self._waiting), [fault] * len(self._waiting))
            self._waiting.clear()
            # Before the other thread can wake and say that there is no more.
            self._committed.put(waiting)
            self._wake.notify()


def _settle(future: Future[Appended], answer: Appended | BaseException) -> None:
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
