"""What holds of one event once all news is in, and how a stream takes back what does not."""

from collections.abc import Sequence

from msgspec.structs import replace

from events.identity import Identity
from rules.model import Reason
from rules.signal import Signal, signal_id


def settle(
    stages: Sequence[tuple[Identity | None, Sequence[Signal]]],
) -> list[Signal]:
    """What holds of one event: the signals within its window, and what later news adds.

    What came too late withdraws nothing: new signals name those that they correct; where nothing
    takes their place, a correction of strength 0 says so.
    """
    (_, first), *later = stages
    if not later and len(first) < 2:
        return list(first)
    held = {signal.signal_id: signal for signal in first}
    current = dict(held)
    for cause, signals in later:
        now = {signal.signal_id: signal for signal in signals}
        gone = [current[key] for key in sorted(current.keys() - now.keys())]
        fresh = [now[key] for key in sorted(now.keys() - held.keys())]
        if fresh:
            corrects = tuple(signal.signal_id for signal in gone)
            fresh = [replace(signal, corrects=corrects) for signal in fresh]
        elif cause is not None:
            fresh = [_cleared(signal, cause) for signal in gone]
        held.update({signal.signal_id: signal for signal in fresh})
        current = now
    return sorted(held.values(), key=lambda signal: signal.order)


def _cleared(signal: Signal, cause: Identity) -> Signal:
    return _without_force(
        signal,
        cause,
        Reason("News that came late clears this signal.", "迟到的信息排除了此信号。"),
        corrects=(signal.signal_id,),
    )


def withdrawal(signal: Signal, cause: Identity) -> Signal:
    """The signal by which a stream takes back one that no longer holds, since ``cause`` came."""
    return _without_force(
        signal,
        cause,
        Reason(
            "An event that came in time shows that this signal does not hold.",
            "在期限内到达的事件表明此信号不成立。",
        ),
        withdraws=(signal.signal_id,),
    )


def _without_force(
    signal: Signal,
    cause: Identity,
    why: Reason,
    *,
    withdraws: tuple[str, ...] = (),
    corrects: tuple[str, ...] = (),
) -> Signal:
    inputs = tuple(sorted({*signal.inputs, cause}))
    named = [*inputs, *(f"withdraws:{k}" for k in withdraws), *(f"corrects:{k}" for k in corrects)]
    return Signal(
        signal_id=signal_id(
            signal.rule, signal.rule_version, signal.policy_hash, signal.subject, named
        ),
        rule=signal.rule,
        rule_version=signal.rule_version,
        subject=signal.subject,
        occurred_us=signal.occurred_us,
        strength=0.0,
        inputs=inputs,
        reason=why,
        facts=signal.facts,
        withdraws=withdraws,
        corrects=corrects,
        policy_hash=signal.policy_hash,
    )
