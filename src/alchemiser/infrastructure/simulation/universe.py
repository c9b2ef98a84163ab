"""
What trades in the simulated market: every listing as a sum of factors, or as a multiple of another listing.

A listing that is not named here is a stock whose character follows from its name.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from alchemiser.domain.values import Symbol, as_symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """
    A listing that moves with factors and by itself.

    Args:
        factors: factor → loading; the market's loading is its beta.
        own_vol: daily deviation of its own noise, a fraction.
        drift: daily return on top, a fraction.
        price: dollars at the anchor session.
        spread_bps: usual width of its quote.
        listed: first session, or None for the whole history.
    """

    factors: Mapping[str, float] = field(default_factory=dict)
    own_vol: float
    drift: float = 0.0
    price: float
    spread_bps: float
    listed: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiple:
    """
    A fund that returns a fixed multiple of another listing's daily return, less a fee.
    """

    of: Symbol
    times: float
    fee: float
    price: float
    spread_bps: float
    listed: date | None = None


Listing: TypeAlias = Loaded | Multiple

_FEE = 0.0095 / 252
_NOTE_FEE = 0.0085 / 252


def listing(symbol: Symbol) -> Listing:
    """
    Return how a symbol moves; one that is not in the tables is a stock made from its name.
    """
    return _TABLE.get(symbol) or _stock_of_that_name(symbol)


def _stock_of_that_name(symbol: Symbol) -> Loaded:
    digest = hashlib.sha256(symbol.encode()).digest()
    tech = digest[1] / 255
    return Loaded(
        factors={"market": 0.6 + 0.9 * digest[0] / 255, "tech": 0.8 * tech, "value": 0.6 * (1 - tech)},
        own_vol=0.008 + 0.014 * digest[2] / 255,
        drift=0.0001,
        price=15.0 + digest[3] + digest[4] / 256,
        spread_bps=3.0 + 12.0 * digest[5] / 255,
    )


def _funds(rows: str) -> dict[Symbol, Listing]:
    table: dict[Symbol, Listing] = {}
    for row in rows.strip().splitlines():
        name, price, spread_bps, own_pct, drift_bps, *loadings = row.split()
        table[as_symbol(name)] = Loaded(
            factors={factor: float(load) for factor, load in (part.split("=") for part in loadings)},
            own_vol=float(own_pct) / 100,
            drift=float(drift_bps) / 10_000,
            price=float(price),
            spread_bps=float(spread_bps),
        )
    return table


def _multiples(rows: str) -> dict[Symbol, Listing]:
    table: dict[Symbol, Listing] = {}
    for row in rows.strip().splitlines():
        name, price, spread_bps, times, of = row.split()
        table[as_symbol(name)] = Multiple(
            of=as_symbol(of),
            times=float(times),
            fee=_NOTE_FEE if abs(float(times)) <= 1 else _FEE,
            price=float(price),
            spread_bps=float(spread_bps),
        )
    return table


# Listed late, so that short histories happen in the simulation as they do outside it.
_LATE: dict[Symbol, Listing] = {
    Symbol("ARM"): Loaded(
        factors={"market": 1.4, "tech": 0.9, "semis": 0.8},
        own_vol=0.02,
        price=140.0,
        spread_bps=4.0,
        listed=date(2023, 9, 14),
    ),
    Symbol("RDDT"): Loaded(
        factors={"market": 1.5, "comms": 0.9},
        own_vol=0.028,
        price=190.0,
        spread_bps=6.0,
        listed=date(2024, 3, 21),
    ),
    Symbol("IBIT"): Loaded(
        factors={"market": 0.9, "tech": 0.7},
        own_vol=0.026,
        price=55.0,
        spread_bps=2.0,
        listed=date(2024, 1, 11),
    ),
}

# symbol, price, spread in bps, own noise in % a day, drift in bps a day, factor=loading …
_EQUITY = """
SPY   680   1    0.00  0.0  market=1
IOO   120   6    0.08  0.1  market=1.02 tech=0.15
VTV   190   3    0.08  0.0  market=0.85 value=0.9 tech=-0.25
VOOV  205   5    0.08  0.0  market=0.90 value=0.8 tech=-0.20
VOOG  450   5    0.07  0.1  market=1.08 tech=0.40 value=-0.4
SPLV   72   3    0.12  0.0  market=0.60 staples=0.5 value=0.4
QQQ   620   1    0.06  0.2  market=1.12 tech=0.65
QQQE  103   9    0.10  0.1  market=1.06 tech=0.45 comms=0.15
XLK   145   2    0.08  0.2  market=1.15 tech=0.95
SMH   360   2    0.20  0.3  market=1.30 tech=1.00 semis=1.0
XLF    54   2    0.10  0.0  market=1.00 financials=1.0
XLE    45   2    0.20 -0.1  market=0.80 energy=1.0
XLP    78   2    0.10  0.0  market=0.50 staples=1.0
XLY   120   3    0.12  0.1  market=1.10 discretionary=1.0
XRT    86   4    0.25 -0.1  market=1.15 discretionary=0.6 retail=1.0
XBI   122   3    0.35 -0.1  market=1.00 biotech=1.0
VOX   190   7    0.12  0.0  market=0.95 comms=1.0 tech=0.2
IWM   245   1    0.20 -0.1  market=1.15 small=1.0
NLR   125  20    0.40  0.0  market=0.80 nuclear=0.8
BWXT  175   8    1.10  0.2  market=0.85 nuclear=0.5
LEU   250  25    2.40  0.2  market=1.20 nuclear=1.3
EXC    44   3    0.85 -0.1  market=0.50 nuclear=0.2 staples=0.4
SMR    18  10    2.60  0.0  market=1.50 nuclear=1.5
OKLO   80   9    2.80  0.3  market=1.60 nuclear=1.6
TSLA  430   2    1.90  0.3  market=1.50 tech=0.6 discretionary=0.7
MSFT  480   2    0.70  0.2  market=1.05 tech=0.8
AAPL  270   1    0.80  0.2  market=1.10 tech=0.7
NVDA  185   1    1.40  0.5  market=1.45 tech=1.1 semis=0.7
GOOGL 315   2    0.85  0.2  market=1.05 tech=0.6 comms=0.4
AMZN  230   2    0.95  0.2  market=1.15 tech=0.6 discretionary=0.4
META  650   2    1.10  0.2  market=1.20 tech=0.6 comms=0.6
FNGS   67  12    0.25  0.2  market=1.22 tech=0.85 semis=0.2 discretionary=0.15 comms=0.2
FTLS   70  15    0.15  0.0  market=0.50 value=0.2
BTAL   17  18    0.35  0.3  market=-0.55 value=0.5 small=-0.3
"""

_OTHERS = """
TLT    88   1    0.05  0.2  rates=1.0
IEF    96   1    0.04  0.4  rates=0.45
AGG   100   1    0.03  0.6  rates=0.36
BND    74   1    0.03  0.6  rates=0.37
BSV    78   2    0.02  0.9  rates=0.14
SHY    82   1    0.01  1.0  rates=0.10
BIL    91   1   0.001  1.4
GLD   395   1    0.10  1.0  gold=1.0 dollar=-0.5
SLV    65   2    0.60  0.4  gold=1.3 dollar=-0.6 market=0.2
PDBC   13   8    0.25  0.4  commodities=1.0 dollar=-0.3 market=0.2
DBC    22   6    0.25  0.4  commodities=1.05 dollar=-0.3 market=0.2
UUP    27   4    0.05  0.3  dollar=1.0
KMLM   27  22    0.20  0.6  trend=1.0 market=-0.1
DBMF   27  10    0.20  0.6  trend=0.9
VNQ    89   2    0.30  0.0  market=0.95 rates=0.3 value=0.4
EFA    96   1    0.25 -0.1  market=0.90 dollar=-0.6 value=0.3
EEM    54   2    0.35 -0.2  market=0.95 dollar=-0.7
VIXY   30   6    0.02  0.0  volatility=1.0
VIXM   15  12    0.45  0.2  volatility=0.42
"""

# symbol, price, spread in bps, multiple, underlying
_LEVERAGED = """
VXX    29   4   1    VIXY
UVXY   26   4   1.5  VIXY
UVIX   24  10   2    VIXY
SVXY   47   5  -0.5  VIXY
SVIX   20  10  -1    VIXY
TQQQ   54   2   3    QQQ
QLD    71   3   2    QQQ
SQQQ   68   2  -3    QQQ
PSQ    31   4  -1    QQQ
QID    22   5  -2    QQQ
SSO    57   3   2    SPY
UPRO  114   3   3    SPY
SPXL  219   3   3    SPY
SPXU   48   3  -3    SPY
SPXS   36   5  -3    SPY
SH     36   3  -1    SPY
SDS    69   4  -2    SPY
TECL  115   7   3    XLK
TECS   27  12  -3    XLK
SOXL   46   4   3    SMH
SOXS   33   5  -3    SMH
FAS   165   9   3    XLF
FAZ    40  10  -3    XLF
ERX    60  12   2    XLE
RETL    9  40   3    XRT
LABU  155  14   3    XBI
LABD   21  14  -3    XBI
TNA    52   5   3    IWM
TZA    38   5  -3    IWM
TMF    39   8   3    TLT
TMV    38  11  -3    TLT
UBT    17  30   2    TLT
FNGU   26  16   3    FNGS
FNGO  115  20   2    FNGS
"""

_TABLE: dict[Symbol, Listing] = _funds(_EQUITY) | _funds(_OTHERS) | _multiples(_LEVERAGED) | _LATE
