"""
What a strategy without a signal does to the run: by the profile's policy nothing is traded, or its sleeve keeps its
last good target.

Its weight is never shared out over the others.
"""

from dataclasses import replace
from datetime import date

from alchemiser.application.holding import Settled, earlier_runs
from alchemiser.application.ports.suite import Archive, FailurePolicy, Ports
from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.events import PartialSignalGenerated
from alchemiser.domain.strategy.strategy import Strategy


def carried(settled: Settled, ports: Ports, *, session: date) -> Settled:
    """
    Return what a strategy does with a session: where it has no signal and the policy says so, its last good target.

    A strategy that never had one under its present meaning has none to keep; it stays without a signal.
    """
    if ports.rules.failure is not FailurePolicy.CARRY or not isinstance(settled.verdict, SignalUndefined):
        return settled
    last = _last_good(settled.sleeve.strategy, ports, account=ports.rules.account, before=session)
    if last is None or last.signal is None:
        return settled
    kept = replace(last.signal, session=date.fromisoformat(settled.verdict.session), decisions=())
    failure = f"{settled.verdict}; its target of {last.signal.session} is carried"
    return replace(settled, verdict=kept, failure=failure)


def _last_good(strategy: Strategy, archive: Archive, *, account: str, before: date) -> PartialSignalGenerated | None:
    for run in earlier_runs(archive, account=account, before=before):
        for told in archive.runs.signals(run.id):
            if told.strategy == strategy.name and told.signal is not None and not told.failure:
                return told if told.fingerprint == strategy.fingerprint else None
    return None
