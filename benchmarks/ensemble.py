"""
Time ensembles of 20 strategies and a filter over groups, each beside the same written by hand in numpy.

An ensemble holds ten switches on two indices of relative strength, and ten rankings that keep three of 20 assets by
their mean return while a price is above its average. The rankings come in two forms:

1. "kept": `(weight-inverse-volatility 90 [(filter …)])`. In this language a filter is one child and is measured as a
   whole, so its three assets get equal shares. Elsewhere the same text weighs the three by their own volatilities,
   which no text of this language says;
2. "kept and weighed": the filter with, beside it, all 20 assets weighed by their volatilities. Every volatility such
   a ranking may ask for is computed and used, and 20 assets are held at once instead of three: more than the text
   means anywhere.

The hand-written versions do what a careful person writes for one strategy: whole histories at once, running sums for
windows, one dense matrix of weights a strategy. Before anything is timed, the weights of both are compared.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from benchmarks.synthetic import SEED, made_closes, symbols
from benchmarks.timing import RUNS, timed

from alchemiser.domain.market import Closes, Series
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.evaluator import evaluate_book
from alchemiser.domain.strategy.symphony import Symphony

_COLUMNS = 60
_WARM = 250


def main() -> None:
    """
    Print the times of the ensemble and of the filter over groups.
    """
    random = np.random.default_rng(SEED)
    switches = [tuple(map(int, random.choice(_COLUMNS, 7, replace=False))) for _ in range(10)]
    ranked = [tuple(map(int, random.choice(_COLUMNS, 22, replace=False))) for _ in range(10)]
    names = symbols(_COLUMNS)
    closes = made_closes(names, 5_040)
    switched = " ".join(_switch(names, own) for own in switches)
    for title, held, shares in (("kept", _kept, _kept_shares), ("kept and weighed", _weighed, _weighed_shares)):
        text = " ".join(_ranking(names, own, held) for own in ranked)
        by_hand = partial(_ensemble, switches, ranked, shares)
        _compared(f"ensemble of 20 strategies, {title}", f"(weight-equal [{switched} {text}])", closes, by_hand)
    groups = " ".join(f'(group "{n}" [{_switch(names, own)}])' for n, own in enumerate(switches[:5]))
    scored = f"(filter (moving-average-return {{:window 20}}) (select-top 2) [{groups}])"
    _compared("filter over five groups", scored, made_closes(names, 2_520), partial(_groups, switches[:5]))


def _compared(title: str, body: str, closes: Closes, by_hand: "partial[Series]") -> None:
    symphony = compile_text(f'(defsymphony "S" {{}} {body})')
    apart = np.abs(_weights(symphony, closes) - by_hand(closes.values))[:, _WARM:]
    engine, hand = timed(lambda: evaluate_book([symphony], closes)), timed(lambda: by_hand(closes.values))
    print(
        f"{title}, {len(closes.symbols)} symbols x {len(closes.sessions):,} sessions, warm, best and median of {RUNS}"
    )
    print(f"  engine                  {engine}")
    print(f"  by hand in numpy        {hand}")
    print(
        f"  engine / by hand, CPU   {engine.best_cpu / hand.best_cpu:9.2f}   weights apart by at most {apart.max():.0e}"
    )


def _weights(symphony: Symphony, closes: Closes) -> Series:
    (evaluation,) = evaluate_book([symphony], closes)
    held, rows = evaluation.weights
    whole = np.zeros(closes.values.shape)
    whole[[closes.symbols.index(symbol) for symbol in held]] = rows
    return whole


def _switch(names: Sequence[str], own: Sequence[int]) -> str:
    a, b, c, d, *rest = (names[place] for place in own)
    equal = " ".join(f'(asset "{name}" nil)' for name in rest)
    inner = f'(if (< (rsi "{c}" {{:window 10}}) 30) [(asset "{d}" nil)] [(weight-equal [{equal}])])'
    return f'(if (> (rsi "{a}" {{:window 10}}) 79) [(asset "{b}" nil)] [{inner}])'


def _ranking(names: Sequence[str], own: Sequence[int], held: Callable[[str, str], str]) -> str:
    a, bond, *rest = (names[place] for place in own)
    assets = " ".join(f'(asset "{name}" nil)' for name in rest)
    best = f"(filter (moving-average-return {{:window 90}}) (select-top 3) [{assets}])"
    average = f'(moving-average-price "{a}" {{:window 200}})'
    return f'(if (> (current-price "{a}") {average}) [{held(best, assets)}] [(asset "{bond}" nil)])'


def _kept(best: str, _assets: str) -> str:
    return f"(weight-inverse-volatility 90 [{best}])"


def _weighed(best: str, assets: str) -> str:
    return f"{best} (weight-inverse-volatility 90 [{assets}])"


def _ensemble(
    switches: Sequence[Sequence[int]],
    ranked: Sequence[Sequence[int]],
    shares: Callable[[Series], Series],
    closes: Series,
) -> Series:
    prices = np.ascontiguousarray(closes.T)
    returns = _returns(prices)
    weights = np.zeros(prices.shape)
    for own in switches:
        weights += _switch_weights(own, prices)
    for own in ranked:
        weights += _ranking_weights(own, prices, returns, shares)
    return (weights / (len(switches) + len(ranked))).T


def _groups(switches: Sequence[Sequence[int]], closes: Series) -> Series:
    prices = np.ascontiguousarray(closes.T)
    returns = _returns(prices)
    groups = [_switch_weights(own, prices) for own in switches]
    earned = np.zeros((len(prices), len(groups)))
    for place, weights in enumerate(groups):
        earned[1:, place] = (weights[:-1] * returns[1:]).sum(axis=1)
    # A switch is first decided at its eleventh close, so that is where its own series begins.
    earned[:11] = 0.0
    best = np.argsort(-np.round(_means(earned, 20), 12), axis=1, kind="stable")[:, :2]
    weights = np.zeros(prices.shape)
    for place, own in enumerate(groups):
        weights += own * ((best == place).any(axis=1) / 2.0)[:, None]
    return weights.T


def _switch_weights(own: Sequence[int], prices: Series) -> Series:
    a, b, c, d, *rest = own
    first, second = _rsi(prices[:, a], 10) > 79.0, _rsi(prices[:, c], 10) < 30.0
    weights = np.zeros(prices.shape)
    weights[:, b] = first
    weights[:, d] += ~first & second
    for place in rest:
        weights[:, place] += (~first & ~second) / len(rest)
    return weights


def _ranking_weights(own: Sequence[int], prices: Series, returns: Series, shares: Callable[[Series], Series]) -> Series:
    a, bond, *rest = own
    above = prices[:, a] > _means(prices[:, [a]], 200)[:, 0]
    weights = np.zeros(prices.shape)
    weights[:, rest] = shares(returns[:, rest]) * above[:, None]
    weights[:, bond] += ~above
    return weights


def _kept_shares(returns: Series) -> Series:
    return _best_three(_means(returns, 90))


def _weighed_shares(returns: Series) -> Series:
    means, squares = _means(returns, 90), _means(returns**2, 90)
    inverse = 1.0 / np.sqrt(np.maximum(squares - means**2, 1e-18))
    shares: Series = (_best_three(means) + inverse / inverse.sum(axis=1, keepdims=True)) / 2.0
    return shares


def _best_three(means: Series) -> Series:
    best = np.argsort(-np.round(means * 100.0, 12), axis=1, kind="stable")[:, :3]
    kept = np.zeros(means.shape)
    np.put_along_axis(kept, best, 1.0 / 3.0, axis=1)
    return kept


def _returns(prices: Series) -> Series:
    returns = np.zeros(prices.shape)
    returns[1:] = prices[1:] / prices[:-1] - 1.0
    return returns


def _means(values: Series, window: int) -> Series:
    sums = np.cumsum(values, axis=0)
    sums[window:] -= sums[:-window].copy()
    means: Series = sums / window
    return means


def _rsi(prices: Series, window: int) -> Series:
    changes = np.diff(prices)
    index = np.full(len(prices), 50.0)
    up = float(np.maximum(changes[:window], 0.0).mean())
    down = float(np.maximum(-changes[:window], 0.0).mean())
    index[window] = 100.0 * up / (up + down)
    for day, change in enumerate(changes[window:].tolist(), start=window + 1):
        up = (up * (window - 1) + max(change, 0.0)) / window
        down = (down * (window - 1) + max(-change, 0.0)) / window
        index[day] = 100.0 * up / (up + down)
    return index


if __name__ == "__main__":
    main()
