"""
Alpaca's own clients, answering raw: their models refuse values they do not know yet.
"""

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient


def data_client(key: str, secret: str, *, url: str) -> "RESTClient":
    """
    Return the client of market data at an address.
    """
    with warnings.catch_warnings():
        # It still imports what its websocket library deprecates; not ours to mend.
        warnings.simplefilter("ignore", DeprecationWarning)
        from alpaca.data.historical.stock import StockHistoricalDataClient

    return StockHistoricalDataClient(key, secret, raw_data=True, url_override=url)


def trading_client(key: str, secret: str, *, url: str) -> "RESTClient":
    """
    Return the client of the account, the calendar and the clock at an address.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from alpaca.trading.client import TradingClient

    return TradingClient(key, secret, raw_data=True, url_override=url)
