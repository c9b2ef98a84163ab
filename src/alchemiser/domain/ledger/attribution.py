"""
Whose shares are whose: each strategy's part of a position that the account holds as one.

1. Trades are netted at account level: what one strategy sells and another buys never goes to the market.
2. After a change, a position belongs to the strategies that want the symbol, in the proportion in which they want it;
   when none does, to those that held it, in the proportion in which they held it.
3. Parts are cut to a billionth of a share, and what the cut leaves goes, one billionth each, to the largest
   remainders; ties go to the first name. So parts add up to the position exactly, and none is negative: no strategy
   sells what is another's.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext

from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.values import Quantity, Symbol

NO_STRATEGY = "(no strategy)"

_FINEST = Decimal("1e-9")
_DIGITS = 60
_NOTHING = Quantity(Decimal(0))


def shared_out(total: Quantity, claims: Mapping[str, Decimal]) -> Mapping[str, Quantity]:
    """
    Share out shares in proportion to claims, exactly, by largest remainder.

    Raises:
        ValueError: shares or a claim below zero, or shares that nobody claims.
    """
    if total.value < 0 or any(claim < 0 for claim in claims.values()):
        raise ValueError(f"expected nothing below zero to share out, found {total} for {dict(claims)}")
    whole = sum(claims.values(), Decimal(0))
    if not whole:
        if total:
            raise ValueError(f"expected a claim on {total} shares, found none")
        return dict.fromkeys(claims, _NOTHING)
    with localcontext(prec=_DIGITS, rounding=ROUND_FLOOR):
        exact = {name: total.value * claim / whole for name, claim in claims.items()}
        parts = {name: share.quantize(_FINEST) for name, share in exact.items()}
        left = total.value - sum(parts.values(), Decimal(0))
        for name in sorted(parts, key=lambda name: (parts[name] - exact[name], name)):
            # The last of it may be finer than a billionth, where the position itself is.
            more = min(left, _FINEST)
            parts[name] += more
            left -= more
    return {name: Quantity(part) for name, part in sorted(parts.items())}


def books_after(
    change: Quantity, books: Mapping[str, Quantity], wanted: Mapping[str, Decimal]
) -> Mapping[str, Quantity]:
    """
    Return each strategy's part of a symbol after the account's position in it changed.

    Args:
        books: each strategy's part before; they add up to the position.
        wanted: the weight that each strategy gives the symbol; an exit has none above zero.

    Raises:
        ValueError: more was sold than all of them held.
    """
    held = sum(books.values(), _NOTHING)
    claims = wanted if any(wanted.values()) else {name: part.value for name, part in books.items()}
    parts = shared_out(held + change, claims)
    return {name: parts.get(name, _NOTHING) for name in sorted({*books, *parts})}


def books_through(
    history: Iterable[tuple[Target | None, Sequence[LedgerEntry]]],
) -> Mapping[Symbol, Mapping[str, Quantity]]:
    """
    Return each strategy's shares by symbol after a history of runs; they add up to the ledger's positions exactly.

    Shares that nobody wants or holds when they come stand under `NO_STRATEGY`, below zero where more was sold than our
    fills ever brought.

    Args:
        history: for each run, the oldest first, what it wanted, None where that was not carried out, and its fills.
    """
    books: dict[Symbol, Mapping[str, Quantity]] = {}
    for target, entries in history:
        changes: dict[Symbol, Quantity] = {}
        for entry in entries:
            changes[entry.symbol] = changes.get(entry.symbol, _NOTHING) + entry.change
        after = {
            symbol: _books_of(books.get(symbol, {}), changes.get(symbol, _NOTHING), _wanted(symbol, target))
            for symbol in sorted({*books, *changes})
        }
        books = {symbol: parts for symbol, parts in after.items() if parts}
    return books


def _books_of(books: Mapping[str, Quantity], change: Quantity, wanted: Mapping[str, Decimal]) -> Mapping[str, Quantity]:
    total = sum(books.values(), _NOTHING) + change
    is_anyones = any(wanted.values()) or any(part.value > 0 for part in books.values())
    parts = books_after(change, books, wanted) if total.value > 0 and is_anyones else {NO_STRATEGY: total}
    return {name: part for name, part in parts.items() if part}


def _wanted(symbol: Symbol, target: Target | None) -> Mapping[str, Decimal]:
    return {one.strategy: one.weight for one in target.contributions if one.symbol == symbol} if target else {}
