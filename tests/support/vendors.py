"""
Vendors of market data on loopback: what Alpaca and Twelve Data answer, page by page, and what goes wrong with them.

Answers follow the vendors' documents: pages of a limited number of bars over all symbols, symbols without bars absent,
limits in headers, errors with their bodies. A script of faults comes before the true answers.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np

from alchemiser.domain.bars.history import Action, ActionKind, Bars, day_of, number_of
from alchemiser.domain.market import Session
from alchemiser.infrastructure.calendar import new_york

KEY, SECRET = "AKTEST", "secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One answer in place of the true one.

    Args:
        hangs: answer nothing at all.
        drops: close the connection in the middle.
    """

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    drops: bool = False


class Vendors:
    """
    What the vendors know, the faults to come, and what they were asked.

    Args:
        page: the most bars that Alpaca puts on one page, whatever is asked.
    """

    def __init__(self, *bars: Bars, page: int = 10_000) -> None:
        self.held: dict[str, Bars] = {one.symbol: one for one in bars}
        self.page = page
        self.faults: deque[Fault] = deque()
        self.asked: list[str] = []
        self.now = datetime.fromisoformat("2024-03-28T17:00:00-04:00")
        self.sessions: Sequence[Session] | None = None
        self.released = threading.Event()
        self.url = ""

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Fault:
        """
        Return the true answer to a question.
        """
        if path == "/time_series":
            return self._time_series(query, headers)
        if (headers.get("APCA-API-KEY-ID"), headers.get("APCA-API-SECRET-KEY")) != (KEY, SECRET):
            return Fault(status=403, body='{"message":"forbidden."}')
        match path:
            case "/v2/stocks/bars":
                return self._bars(query)
            case "/v1/corporate-actions":
                return self._actions(query)
            case "/v2/calendar":
                return self._calendar(query)
            case "/v2/clock":
                return Fault(body=json.dumps({"timestamp": self.now.isoformat(), "is_open": False}))
            case _:
                return Fault(status=404, body='{"code":40410000,"message":"not found"}')

    def _bars(self, query: Mapping[str, str]) -> Fault:
        limit = min(int(query["limit"]), self.page)
        first, last = (number_of(date.fromisoformat(query[name])) for name in ("start", "end"))
        rows = [
            (symbol, place)
            for symbol in sorted(query["symbols"].split(","))
            if symbol in self.held
            for place in np.flatnonzero((self.held[symbol].days >= first) & (self.held[symbol].days <= last)).tolist()
        ]
        start = int(query.get("page_token", "0"))
        found: dict[str, list[dict[str, object]]] = {}
        for symbol, place in rows[start : start + limit]:
            found.setdefault(symbol, []).append(_bar(self.held[symbol], place, query["adjustment"]))
        token = str(start + limit) if start + limit < len(rows) else None
        return Fault(body=json.dumps({"bars": found or None, "next_page_token": token}))

    def _actions(self, query: Mapping[str, str]) -> Fault:
        kinds: dict[str, list[dict[str, object]]] = {"forward_splits": [], "reverse_splits": [], "cash_dividends": []}
        for symbol in query["symbols"].split(","):
            for action in self.held[symbol].actions if symbol in self.held else ():
                kind, row = _row_of(action)
                kinds[kind].append({"symbol": symbol, "ex_date": action.day.isoformat(), **row})
        return Fault(body=json.dumps({"corporate_actions": kinds, "next_page_token": None}))

    def _calendar(self, query: Mapping[str, str]) -> Fault:
        first, last = (date.fromisoformat(query[name]) for name in ("start", "end"))
        calendar = new_york()
        sessions = self.sessions
        if sessions is None:
            sessions = [calendar.session(day) for day in calendar.sessions(first, last)]
        rows = [
            {"date": str(one.day), "open": _new_york(one.opens_at), "close": _new_york(one.closes_at)}
            for one in sessions
            if first <= one.day <= last
        ]
        return Fault(body=json.dumps(rows))

    def _time_series(self, query: Mapping[str, str], headers: Mapping[str, str]) -> Fault:
        if headers.get("Authorization") != f"apikey {KEY}":
            body = {"code": 401, "message": "**apikey** parameter is incorrect or not specified.", "status": "error"}
            return Fault(body=json.dumps(body))
        bars = self.held.get(query["symbol"])
        if bars is None:
            body = {
                "code": 404,
                "message": "**symbol** parameter is missing or invalid.",
                "status": "error",
            }
            return Fault(body=json.dumps(body))
        first, last = (number_of(date.fromisoformat(query[name])) for name in ("start_date", "end_date"))
        places = np.flatnonzero((bars.days >= first) & (bars.days < last)).tolist()
        if not places:
            body = {"code": 400, "message": "No data is available on the specified dates.", "status": "error"}
            return Fault(body=json.dumps(body))
        values = []
        for place in places[-int(query["outputsize"]) :]:
            bar = _bar(bars, place, "all" if query["adjust"] == "all" else "raw")
            told = {"open": bar["o"], "high": bar["h"], "low": bar["l"], "close": bar["c"], "volume": bar["v"]}
            day = {"datetime": str(day_of(int(bars.days[place])))}
            values.append(day | {name: repr(one) for name, one in told.items()})
        return Fault(body=json.dumps({"meta": {"symbol": query["symbol"]}, "values": values, "status": "ok"}))


@contextmanager
def serving(vendors: Vendors) -> Iterator[Vendors]:
    """
    Answer on a loopback port while it lasts.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes: with the algorithm the second would wait for the first to be confirmed.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            vendors.asked.append(self.path)
            place = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(place.query).items()}
            told = vendors.faults.popleft() if vendors.faults else vendors.answer(place.path, query, dict(self.headers))
            if told.hangs:
                vendors.released.wait()
                self.close_connection = True
                return
            body = told.body.encode()
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if told.drops else body)
            self.close_connection = told.drops

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    vendors.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield vendors
    finally:
        vendors.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _bar(bars: Bars, place: int, adjustment: str) -> dict[str, object]:
    day = day_of(int(bars.days[place]))
    factor = float(bars.adj_closes[place] / bars.closes[place]) if adjustment == "all" else 1.0
    told: dict[str, object] = {
        key: float(values[place]) * factor
        for key, values in {"o": bars.opens, "h": bars.highs, "l": bars.lows, "c": bars.closes}.items()
    }
    if adjustment == "all":
        told["c"] = float(bars.adj_closes[place])
    summer = new_york().session(day).opens_at.hour == 13
    stamp = f"{day}T0{4 if summer else 5}:00:00Z"
    return told | {"t": stamp, "v": int(bars.volumes[place]), "n": 10, "vw": told["c"]}


def _row_of(action: Action) -> tuple[str, dict[str, object]]:
    if action.kind is ActionKind.DIVIDEND:
        return "cash_dividends", {"rate": action.value}
    if action.value > 1:
        return "forward_splits", {"new_rate": action.value, "old_rate": 1}
    return "reverse_splits", {"new_rate": 1, "old_rate": 1 / action.value}


def _new_york(instant: datetime) -> str:
    from zoneinfo import ZoneInfo

    return f"{instant.astimezone(ZoneInfo('America/New_York')):%H:%M}"
