import pytest

from alchemiser.domain.strategy.requirements import Requirements
from alchemiser.domain.values import Symbol
from support.symphonies import a_symphony

SPY, TLT = '(asset "SPY" nil)', '(asset "TLT" nil)'


@pytest.mark.parametrize(
    ("body", "sessions"),
    [
        (SPY, 1),
        (f'(if (> (rsi "SPY" {{:window 10}}) 79) [{SPY}])', 11),
        (f'(if (> (moving-average-price "SPY" {{:window 200}}) 1) [{SPY}])', 200),
        (f"(weight-inverse-volatility 20 [{SPY} {TLT}])", 21),
        (f"(filter (stdev-return {{:window 5}}) (select-top 1) [{SPY} {TLT}])", 6),
        (f"(filter (rsi {{:window 5}}) (select-top 1) [(weight-inverse-volatility 20 [{SPY} {TLT}]) {TLT}])", 26),
    ],
)
def test_lookback_adds_up_through_sub_trees(body: str, sessions: int) -> None:
    """
    A sub-tree's series starts when it is first decided, so what measures it needs its window on top.
    """
    assert sessions == a_symphony(body).requirements.lookback_sessions


def test_symbols_are_those_held_and_those_measured() -> None:
    """
    A ticker that is only asked about is needed as much as one that is held; a weight of zero needs none.
    """
    body = f'(if (> (rsi "QQQ" {{:window 10}}) 79) [(weight-specified 1 {TLT} 0 (asset "GLD" nil))] [{SPY}])'

    assert ("QQQ", "SPY", "TLT") == a_symphony(body).requirements.symbols


@pytest.mark.parametrize(("symbols", "sessions"), [(("TLT", "SPY"), 1), (("SPY", "SPY"), 1), (("SPY",), 0)])
def test_requirements_refuse_what_cannot_be(symbols: tuple[str, ...], sessions: int) -> None:
    """
    Symbols ascend, each once, and at least the session's own close is needed.
    """
    with pytest.raises(ValueError, match="expected"):
        Requirements(symbols=tuple(Symbol(s) for s in symbols), lookback_sessions=sessions)
