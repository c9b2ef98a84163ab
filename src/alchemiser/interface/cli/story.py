"""
Show a run in the terminal: signals and why, merged target, plan, every rung and fill, end positions, warnings.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alchemiser.application.notices import held_words
from alchemiser.application.ports.reports import RunReport
from alchemiser.application.reasons import reason
from alchemiser.domain.events import Outcome, PartialSignalGenerated
from alchemiser.domain.execution.order import Canceling, Closed, Intent, Open, Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.market import BarsMode
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import Action, RebalancePlan
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.strategy.signal import Decision
from alchemiser.interface.cli.output import a_table, percent

_COLOURS = {
    Outcome.SUCCESS: "green",
    Outcome.PARTIAL: "yellow",
    Outcome.SKIPPED: "yellow",
    Outcome.FAILED: "red",
    Outcome.NOT_STARTED: "red",
}
_ACTIONS = {Action.SELL: "red", Action.BUY: "green", Action.HOLD: "dim"}
_EXCHANGE = ZoneInfo("America/New_York")
_DECISIONS_SHOWN = 4
_MARKS = {"true": "✓", "false": "✗"}
_RUNGS = {0: "75 %", 1: "85 %", 2: "95 %"}


def show_run(report: RunReport, console: Console) -> None:
    """
    Print the whole story of a run.
    """
    for part in _parts(report):
        console.print(part)
        console.print()


def show_plan(plan: RebalancePlan, console: Console) -> None:
    """
    Print the merged target and a plan.
    """
    console.print(_target(plan.snapshot.target))
    console.print()
    console.print(_plan(plan))


def dollars(amount: Decimal) -> str:
    """
    Return dollars with thousands separated and cents.
    """
    return f"{amount:,.2f}"


def _parts(report: RunReport) -> Iterator[RenderableType]:
    yield _heading(report)
    if report.signals:
        yield _signals(report.signals)
    if report.plan is not None:
        yield _target(report.plan.snapshot.target)
        yield _plan(report.plan)
    if report.trades:
        yield _walk(report.trades)
    if report.fills:
        yield _fills(report.fills)
    if report.run.closing is not None:
        yield _account(report.run.closing, report.plan)
    if report.warnings:
        yield Panel(
            Group(*(Text(f"• {warning}") for warning in report.warnings)),
            title="warnings",
            border_style="yellow",
            title_align="left",
        )


def _heading(report: RunReport) -> RenderableType:
    run = report.run
    outcome = run.outcome
    text = Text()
    text.append(f"Session {run.session:%A, %d %B %Y}", style="bold")
    bars = "live quotes as the bar of" if run.bars is BarsMode.LIVE_QUOTE else "bars through"
    text.append(f"  ·  {bars} {run.signal_session}  ·  account {run.account}\n")
    text.append(outcome_text(outcome))
    if run.opening is not None and run.closing is not None:
        text.append(f"  ·  equity {dollars(run.opening.equity.value)} → {dollars(run.closing.equity.value)} USD")
    if run.detail:
        text.append(f"\n{run.detail}")
    return Panel(text, title=run.id, title_align="left", border_style=_COLOURS.get(outcome or Outcome.PARTIAL, ""))


def _signals(signals: tuple[PartialSignalGenerated, ...]) -> Table:
    table = a_table(title="Signals")
    table.add_column("strategy", style="bold")
    table.add_column("part", justify="right")
    table.add_column("wants")
    table.add_column("because", overflow="fold", ratio=1)
    for told in signals:
        if told.signal is None:
            wants, because = Text("no signal", style="red"), Text(told.failure)
        else:
            wants = Text("\n".join(f"{symbol} {percent(weight)}" for symbol, weight in told.signal.weights.items()))
            because = _because(told.signal.decisions)
            if told.hold is not None:
                because = Text("\n").join([Text(held_words(told.hold), style="yellow"), because])
        table.add_row(told.strategy, percent(told.allocation), wants or Text("cash"), because)
    return table


def _because(decisions: tuple[Decision, ...]) -> Text:
    last = decisions[-_DECISIONS_SHOWN:]
    lines = [Text(f"… after {len(decisions) - len(last)} others", style="dim")] if len(last) < len(decisions) else []
    lines += [Text(f"{_MARKS.get(decision.outcome, '→')} {reason(decision)}") for decision in last]
    return Text("\n").join(lines)


def _target(target: Target) -> Table:
    table = a_table(title=f"Merged portfolio after {target.session}")
    table.add_column("symbol", style="bold")
    table.add_column("weight", justify="right")
    table.add_column("from", overflow="fold", ratio=1)
    for symbol, weight in sorted(target.weights.items(), key=lambda item: (-item[1], item[0])):
        parts = [one for one in target.contributions if one.symbol == symbol]
        table.add_row(symbol, percent(weight), "  ".join(f"{part.strategy} {percent(part.weight)}" for part in parts))
    cash = 1 - sum(target.weights.values(), Decimal(0))
    if cash:
        table.add_row("cash", percent(cash), "")
    return table


def _plan(plan: RebalancePlan) -> Table:
    table = a_table(title=f"Plan {plan.hash[:12]}")
    table.add_column("action")
    table.add_column("symbol", style="bold")
    for name in ("shares", "price", "now", "target"):
        table.add_column(name, justify="right")
    table.add_column("", overflow="fold", ratio=1)
    for line in plan.lines:
        table.add_row(
            Text(line.action.value, style=_ACTIONS[line.action]),
            line.symbol,
            _shares(line.quantity.value) if line.quantity else "",
            _price(line.price.value),
            dollars(line.current_value.value),
            dollars(line.target_value.value),
            Text(line.reason, style="dim"),
        )
    if plan.is_empty:
        table.caption = "nothing to trade"
    return table


def _walk(trades: tuple[Trade, ...]) -> Table:
    table = a_table(title="Orders, rung by rung")
    table.add_column("trade", style="bold")
    table.add_column("rung")
    for name in ("shares", "limit", "bid", "ask", "filled"):
        table.add_column(name, justify="right")
    table.add_column("sent")
    table.add_column("end", overflow="fold", ratio=1)
    for trade in trades:
        for intent in trade.intents:
            first = intent.attempt == 1
            table.add_row(
                f"{trade.side} {trade.symbol}" if first else "",
                _RUNGS.get(intent.rung, "cross"),
                _shares(intent.body.quantity.value),
                _price(intent.body.limit.value),
                _price(intent.bid.value),
                _price(intent.ask.value),
                _filled(intent),
                clock(intent.created_at),
                _end(intent),
            )
        if trade.status.value != "done":
            table.add_row(
                "" if trade.intents else f"{trade.side} {trade.symbol}",
                *[""] * 7,
                Text(f"{trade.status}: {trade.reason}", style="yellow"),
            )
    return table


def _filled(intent: Intent) -> str:
    match intent.state:
        case Open() | Canceling() | Closed():
            return _shares(intent.state.filled.value) if intent.state.filled else "–"
        case _:
            return "–"


def _end(intent: Intent) -> str:
    match intent.state:
        case Closed():
            return f"{intent.state.status} {clock(intent.state.closed_at)} {intent.state.reason}".strip()
        case _:
            return intent.state.kind


def _fills(fills: tuple[LedgerEntry, ...]) -> Table:
    table = a_table(title="Fills")
    table.add_column("seen")
    table.add_column("side")
    table.add_column("symbol", style="bold")
    for name in ("shares", "price", "amount", "arrival", "slippage"):
        table.add_column(name, justify="right")
    for fill in fills:
        table.add_row(
            clock(fill.seen_at),
            fill.side.value,
            fill.symbol,
            _shares(fill.quantity.value),
            _price(fill.price.value),
            dollars((fill.price * fill.quantity).value),
            _price(fill.arrival.value),
            f"{fill.slippage_bps:+.1f} bps",
        )
    return table


def _account(account: Account, plan: RebalancePlan | None) -> Table:
    table = a_table(title="Positions at the end")
    table.add_column("symbol", style="bold")
    table.add_column("shares", justify="right")
    table.add_column("value at plan prices", justify="right")
    prices = {} if plan is None else plan.snapshot.prices
    for position in sorted(account.positions, key=lambda one: one.symbol):
        known = prices.get(position.symbol)
        value = "" if known is None else dollars((known * position.quantity).value)
        table.add_row(position.symbol, _shares(position.quantity.value), value)
    table.add_row("cash", "", dollars(account.cash.value))
    return table


def _shares(quantity: Decimal) -> str:
    return f"{quantity.normalize():,f}"


def outcome_text(outcome: Outcome | None) -> Text:
    """
    Return how a run ended, in its colour.
    """
    if outcome is None:
        return Text("still running", style="yellow")
    return Text(outcome.value.replace("_", " ").upper(), style=f"bold {_COLOURS[outcome]}")


def clock(instant: datetime) -> str:
    """
    Return the time of day at the exchange.
    """
    return f"{instant.astimezone(_EXCHANGE):%H:%M:%S}"


def _price(value: Decimal) -> str:
    return f"{value:,.2f}" if value >= 1 else f"{value:.4f}"
