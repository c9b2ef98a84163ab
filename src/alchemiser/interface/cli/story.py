"""
Show a run in the terminal: signals and why, merged target, plan, every rung and fill, end positions, warnings.
"""

from collections.abc import Iterator
from decimal import Decimal

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alchemiser.application.notices import held_words
from alchemiser.application.ports.reports import RunReport
from alchemiser.application.reasons import reason
from alchemiser.application.wording import (
    bps,
    brief_shares,
    clock_words,
    day_words,
    dollars,
    end_words,
    outcome_words,
    percent,
    price,
    reach_words,
    shares,
    status_words,
)
from alchemiser.domain.events import Outcome, PartialSignalGenerated
from alchemiser.domain.execution.order import Canceling, Closed, Intent, Open, Trade
from alchemiser.domain.ledger.book import LedgerEntry
from alchemiser.domain.market import BarsMode
from alchemiser.domain.portfolio.account import Account
from alchemiser.domain.portfolio.plan import Action, RebalancePlan
from alchemiser.domain.portfolio.target import Target
from alchemiser.domain.strategy.signal import Decision
from alchemiser.interface.cli.output import a_table, is_wide

_COLOURS = {
    Outcome.SUCCESS: "green",
    Outcome.PARTIAL: "yellow",
    Outcome.SKIPPED: "yellow",
    Outcome.FAILED: "red",
    Outcome.NOT_STARTED: "red",
}
_ACTIONS = {Action.SELL: "red", Action.BUY: "green", Action.HOLD: "dim"}
_DECISIONS_SHOWN = 4
_MARKS = {"true": "✓", "false": "✗"}


def show_run(report: RunReport, console: Console) -> None:
    """
    Print the whole story of a run.
    """
    for part in _parts(report, width=console.width):
        console.print(part)
        console.print()


def show_plan(plan: RebalancePlan, console: Console) -> None:
    """
    Print the merged target and a plan.
    """
    console.print(_target(plan.snapshot.target))
    console.print()
    console.print(_plan(plan))


def _parts(report: RunReport, *, width: int) -> Iterator[RenderableType]:
    yield _heading(report)
    if report.signals:
        yield _signals(report.signals)
    if report.plan is not None:
        yield _target(report.plan.snapshot.target)
        yield _plan(report.plan)
    if report.trades:
        yield _walk(report.trades, width=width)
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
    bars = "live quotes as the bar of" if run.bars is BarsMode.LIVE_QUOTE else "bars through"
    text.append(f"Session of {day_words(run.session)}", style="bold")
    text.append(f"  ·  {bars} {run.signal_session}  ·  account {run.account}\n")
    text.append(outcome_text(outcome))
    if run.opening is not None and run.closing is not None:
        text.append(f"  ·  equity {dollars(run.opening.equity)} → {dollars(run.closing.equity)}")
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
            if told.failure:
                because = Text("\n").join([Text(f"no signal of its own: {told.failure}", style="red"), because])
            if told.hold is not None:
                because = Text("\n").join([Text(held_words(told.hold), style="yellow"), because])
        table.add_row(told.strategy, percent(told.allocation), wants or Text("cash"), because)
    return table


def _because(decisions: tuple[Decision, ...]) -> Text:
    last = decisions[-_DECISIONS_SHOWN:]
    lines = (
        [Text(f"… after {len(decisions) - len(last)} earlier ones", style="dim")] if len(last) < len(decisions) else []
    )
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
            shares(line.quantity) if line.quantity else "",
            price(line.price),
            dollars(line.current_value),
            dollars(line.target_value),
            Text(line.reason, style="dim"),
        )
    if plan.is_empty:
        table.caption = "nothing to trade"
    return table


def _walk(trades: tuple[Trade, ...], *, width: int) -> Table:
    # On a narrow terminal the quote gives way: a table that folds its numbers cannot be read.
    quoted = ("bid", "ask") if is_wide(width) else ()
    table = a_table(title="Orders, rung by rung")
    for name in ("trade", "rung"):
        table.add_column(name, style="bold" if name == "trade" else "", no_wrap=True)
    for name in ("shares", "limit", *quoted, "filled", "sent"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("end", overflow="fold", ratio=1)
    for trade in trades:
        for intent in trade.intents:
            quote = (price(intent.bid), price(intent.ask)) if quoted else ()
            table.add_row(
                f"{trade.side} {trade.symbol}" if intent.attempt == 1 else "",
                _rung(intent),
                brief_shares(intent.body.quantity),
                price(intent.body.limit),
                *quote,
                _filled(intent),
                clock_words(intent.created_at),
                _end(intent),
            )
        if trade.status.value != "done":
            end = Text(f"{trade.status}: {trade.reason}", style="yellow")
            table.add_row("" if trade.intents else f"{trade.side} {trade.symbol}", *[""] * (5 + len(quoted)), end)
    return table


def _rung(intent: Intent) -> str:
    reach = reach_words(intent)
    return f"{intent.rung + 1} at {reach}" if reach.endswith("%") else reach


def _filled(intent: Intent) -> str:
    match intent.state:
        case Open() | Canceling() | Closed():
            return brief_shares(intent.state.filled) if intent.state.filled else "–"
        case _:
            return "–"


def _end(intent: Intent) -> str:
    match intent.state:
        case Closed():
            end = f"{status_words(intent.state.status)} {clock_words(intent.state.closed_at)}"
            return f"{end}: {intent.state.reason}" if intent.state.reason else end
        case _:
            return end_words(intent)


def _fills(fills: tuple[LedgerEntry, ...]) -> Table:
    table = a_table(title="Fills")
    table.add_column("seen")
    table.add_column("side")
    table.add_column("symbol", style="bold")
    for name in ("shares", "price", "amount", "arrival", "slippage"):
        table.add_column(name, justify="right")
    for fill in fills:
        table.add_row(
            clock_words(fill.seen_at),
            fill.side.value,
            fill.symbol,
            shares(fill.quantity),
            price(fill.price),
            dollars(fill.price * fill.quantity),
            price(fill.arrival),
            bps(fill.slippage_bps),
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
        value = "" if known is None else dollars(known * position.quantity)
        table.add_row(position.symbol, shares(position.quantity), value)
    table.add_row("cash", "", dollars(account.cash))
    return table


def outcome_text(outcome: Outcome | None) -> Text:
    """
    Return how a run ended, in its colour.
    """
    if outcome is None:
        return Text("still running", style="yellow")
    return Text(outcome_words(outcome).upper(), style=f"bold {_COLOURS[outcome]}")
