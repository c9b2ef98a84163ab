"""
A strategy written in Python: stocks while they are calm, bills while they are not.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from alchemiser.domain.errors import SignalUndefined
from alchemiser.domain.market import Closes, Series
from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.strategy.signal import Decision, Signal
from alchemiser.domain.strategy.strategy import Evaluation, Strategy
from alchemiser.domain.values import Symbol

_WINDOW = 20
_CALM_PCT = 1.0
_STOCKS, _BILLS = Symbol("SPY"), Symbol("BIL")
_MICRO = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalmOrBills(Strategy):
    """
    SPY while the deviation of its last 20 daily returns is below one percent, else BIL.
    """

    name: str = "Calm or bills"

    @property
    def requirements(self) -> Requirements:
        """
        Return the two funds, and the closes of one window of returns.
        """
        return Requirements(symbols=(_BILLS, _STOCKS), lookback_sessions=_WINDOW + 1)

    @property
    def fingerprint(self) -> str:
        """
        Return the hash of the rule and its numbers.
        """
        return hashlib.sha256(f"calm-or-bills {_WINDOW} {_CALM_PCT}".encode()).hexdigest()

    def evaluate(self, closes: Closes) -> Evaluation:
        """
        Measure every session at once; each sees its own close and those before.
        """
        spy = closes.of(_STOCKS)
        returns = spy[1:] / spy[:-1] - 1
        swings = np.full(len(spy), np.nan)
        if len(returns) >= _WINDOW:
            windows = np.lib.stride_tricks.sliding_window_view(returns, _WINDOW)
            swings[_WINDOW:] = windows.std(axis=1, ddof=1) * 100
        return _Measured(name=self.name, sessions=closes.sessions, swings=swings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured(Evaluation):
    name: str
    sessions: tuple[date, ...]
    swings: Series

    def signal(self, session: date) -> Signal:
        if session not in self.sessions:
            raise ValueError(f"expected a session of the panel, found {session}")
        swing = float(self.swings[self.sessions.index(session)])
        if np.isnan(swing):
            raise SignalUndefined(
                strategy=self.name,
                node="deviation of SPY",
                session=str(session),
                symbols=[_STOCKS],
                why=f"fewer than {_WINDOW + 1} closes of {_STOCKS}",
            )
        is_calm = swing < _CALM_PCT
        left, right = Decimal(swing).quantize(_MICRO), Decimal(_CALM_PCT).quantize(_MICRO)
        decision = Decision(
            node=f'(< (stdev-return "{_STOCKS}" {{:window {_WINDOW}}}) {_CALM_PCT})',
            path=self.name,
            kind="condition",
            outcome="true" if is_calm else "false",
            left=left,
            right=right,
            margin=left - right,
        )
        held = _STOCKS if is_calm else _BILLS
        return Signal(strategy=self.name, session=session, weights={held: Decimal(1)}, decisions=(decision,))
