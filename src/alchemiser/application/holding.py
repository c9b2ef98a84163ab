"""
Between rebalances a strategy holds on: which of the book's are due, and what the others hold.

1. A strategy's state is read off the records: the target of the latest earlier run that traded it to the end.
2. A run that planned and did not succeed leaves no state: what is held is not what was wanted, so it is due again.
   A run that ended before it had a plan changed nothing and is passed over.
3. A strategy whose meaning changed is due. So is one that is run for the first time, or daily.
4. Whether the others are due is decided on closes; what they hold is valued at the quotes of this instant, so that
   holding on orders nothing.

The same records give the same state however often a run is resumed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import TypeAlias

from alchemiser.application.ports.market import Quotes
from alchemiser.application.ports.records import Run
from alchemiser.application.ports.strategies import Sleeve
from alchemiser.application.ports.suite import Archive, Ports
from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.events import Outcome, PartialSignalGenerated
from alchemiser.domain.market import Closes
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.rebalance import Accepted, Hold, drifted, is_due
from alchemiser.domain.strategy.signal import Signal
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import Symbol

Verdict: TypeAlias = Signal | SignalUndefined
_DAILY = ast.Periodic(frequency=ast.Frequency.DAILY)
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """
    What a strategy asks for on a session; `hold` stands when it is not due, `failure` when it had no signal and an
    earlier one stands in its place.
    """

    sleeve: Sleeve
    verdict: Verdict
    hold: Hold | None = None
    failure: str = ""


def settle(
    decided: tuple[tuple[Sleeve, Verdict], ...], closes: Closes, ports: Ports, *, session: date
) -> tuple[Settled, ...]:
    """
    Replace the signal of every strategy that is not due on a session by what it holds.

    Args:
        decided: what the strategies want.
        closes: through the last one that may decide.
        session: the one that is traded on.
    """
    return tuple(_settled(sleeve, verdict, closes, ports, session=session) for sleeve, verdict in decided)


def rule_of(strategy: Strategy) -> ast.Rebalance:
    """
    Return how often a strategy is brought to its target; one that is written in Python decides daily.
    """
    return strategy.rebalance if isinstance(strategy, Symphony) else _DAILY


def accepted_target(strategy: Strategy, archive: Archive, *, account: str, before: date) -> Accepted | None:
    """
    Return the state of a strategy before a session, None when it is due whatever it wants.
    """
    for run in earlier_runs(archive, account=account, before=before):
        if run.outcome is Outcome.SUCCESS:
            told = next((one for one in archive.runs.signals(run.id) if one.strategy == strategy.name), None)
            if told is not None and told.signal is not None and told.failure:
                # It carried an earlier target for want of a signal; that one is its state.
                continue
            return None if told is None or told.fingerprint != strategy.fingerprint else _accepted(told, run)
        if archive.runs.plan(run.id) is not None:
            return None
    return None


def earlier_runs(archive: Archive, *, account: str, before: date) -> Iterator[Run]:
    """
    Yield an account's runs of the sessions before one, the latest first.
    """
    for page in count():
        runs = archive.runs.runs(limit=_PAGE, offset=page * _PAGE)
        yield from (run for run in runs if run.account == account and run.session < before)
        if len(runs) < _PAGE:
            return


def _settled(sleeve: Sleeve, verdict: Verdict, closes: Closes, ports: Ports, *, session: date) -> Settled:
    rule = rule_of(sleeve.strategy)
    if rule == _DAILY or isinstance(verdict, SignalUndefined):
        return Settled(sleeve=sleeve, verdict=verdict)
    accepted = accepted_target(sleeve.strategy, ports, account=ports.rules.account, before=session)
    if accepted is None:
        return Settled(sleeve=sleeve, verdict=verdict)
    growth = _growth(accepted, closes)
    unknown = tuple(symbol for symbol in accepted.weights if not growth[symbol] > 0.0)
    if unknown:
        return Settled(sleeve=sleeve, verdict=_undefined(verdict, accepted, unknown))
    now = drifted(accepted.weights, growth)
    if is_due(rule, verdict.weights, now, session=session, accepted=accepted):
        return Settled(sleeve=sleeve, verdict=verdict)
    held = drifted(accepted.weights, _at_market(growth, closes, ports.quotes))
    return Settled(
        sleeve=sleeve,
        verdict=replace(verdict, weights=held),
        hold=Hold(accepted=accepted, wanted=verdict.weights),
    )


def _accepted(told: PartialSignalGenerated, run: Run) -> Accepted | None:
    if told.hold is not None:
        return told.hold.accepted
    return None if told.signal is None else Accepted(session=run.session, weights=told.signal.weights)


def _growth(accepted: Accepted, closes: Closes) -> Mapping[Symbol, float]:
    # NaN, as a missing bar is, where the accepted session is not among the closes.
    if accepted.session not in closes.sessions:
        return dict.fromkeys(accepted.weights, float("nan"))
    start = closes.sessions.index(accepted.session)
    rows = {symbol: closes.of(symbol) for symbol in accepted.weights if closes.holds(symbol)}
    known = {symbol: float(row[-1]) / float(row[start]) for symbol, row in rows.items()}
    return dict.fromkeys(accepted.weights, float("nan")) | known


def _at_market(growth: Mapping[Symbol, float], closes: Closes, quotes: Quotes) -> Mapping[Symbol, float]:
    # A quote without two sides is left out here; the plan refuses it.
    found = quotes.latest(tuple(growth))
    mids = {symbol: float(quote.mid.value) for symbol, quote in found.items() if quote.has_two_sides}
    return {
        symbol: grown * mids[symbol] / float(closes.of(symbol)[-1]) if symbol in mids else grown
        for symbol, grown in growth.items()
    }


def _undefined(verdict: Signal, accepted: Accepted, symbols: tuple[Symbol, ...]) -> SignalUndefined:
    return SignalUndefined(
        strategy=verdict.strategy,
        node=f"the target accepted on {accepted.session}",
        session=verdict.session.isoformat(),
        symbols=symbols,
        why=f"there is no bar of {', '.join(symbols)} on {accepted.session} or on {verdict.session} to drift by",
    )
