"""
What the simulated market lets trade how: everything, but a few thin funds in whole shares only, as at a real broker.
"""

from alchemiser.domain.portfolio.account import Asset
from alchemiser.domain.values import Symbol

_WHOLE_SHARES_ONLY = frozenset(map(Symbol, ("BTAL", "FTLS", "KMLM", "LABD", "PDBC", "RETL", "SPXU", "TMV", "VIXM")))


def asset_of(symbol: Symbol) -> Asset | None:
    """
    Return what may be traded how.
    """
    return Asset(symbol=symbol, is_tradable=True, is_fractionable=symbol not in _WHOLE_SHARES_ONLY)
