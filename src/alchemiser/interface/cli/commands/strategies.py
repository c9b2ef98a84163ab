"""
`alchemiser strategies`: list the portfolio's, show one, validate files, compare two.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import assert_never

import click
from rich.text import Text

from alchemiser.application.ports.strategies import StrategyLibrary
from alchemiser.application.wording import short_percent
from alchemiser.domain.errors import AlchemiserError, ConfigurationError, StrategyError
from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.strategy import Strategy
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.files import strategy_library
from alchemiser.interface.cli.commands import strategies_diff
from alchemiser.interface.cli.exchange import export, fmt, import_
from alchemiser.interface.cli.failures import ExitCode, error_facts
from alchemiser.interface.cli.inputs import DEFAULT_BOOK, book_option
from alchemiser.interface.cli.options import json_option
from alchemiser.interface.cli.output import Json, a_table, clean, print_json, stdout


@click.group()
def command() -> None:
    """
    List, show, validate and compare strategies.
    """


command.add_command(import_)
command.add_command(export)
command.add_command(fmt)
command.add_command(strategies_diff.command)


@command.command("list")
@book_option
@json_option
def list_(*, book: Path | None, as_json: bool) -> None:
    """
    List the portfolio's strategies with their allocations.
    """
    sleeves = strategy_library(book or DEFAULT_BOOK).book().sleeves
    if as_json:
        for sleeve in sleeves:
            print_json({"allocation": format(sleeve.allocation, "f")} | _facts(sleeve.strategy))
        return
    table = a_table(
        "strategy", "part", "symbols", "lookback", "rebalance", "fingerprint", right=("part", "symbols", "lookback")
    )
    for sleeve in sleeves:
        needs = sleeve.strategy.requirements
        table.add_row(
            Text(clean(sleeve.strategy.name), style="bold"),
            short_percent(sleeve.allocation),
            str(len(needs.symbols)),
            str(needs.lookback_sessions),
            _rebalance(sleeve.strategy),
            sleeve.strategy.fingerprint[:12],
        )
    stdout().print(table)


@command.command()
@click.argument("file", metavar="FILE")
@book_option
@json_option
def show(*, file: str, book: Path | None, as_json: bool) -> None:
    """
    Show a strategy's canonical text and what it needs.

    FILE is a strategy file, or the name of a strategy beside the portfolio file.
    """
    strategy = strategy_library(book or DEFAULT_BOOK).load(file)
    text = strategy.text if isinstance(strategy, Symphony) else ""
    if as_json:
        print_json(_facts(strategy) | {"text": text})
        return
    console, needs = stdout(), strategy.requirements
    console.print(Text(clean(text or f"{strategy.name} is written in Python")), soft_wrap=True)
    for label, value in (
        ("symbols", f"{len(needs.symbols)}: {', '.join(needs.symbols)}"),
        ("lookback", f"{needs.lookback_sessions} sessions"),
        ("rebalance", _rebalance(strategy)),
        ("fingerprint", strategy.fingerprint),
    ):
        console.print(Text.assemble((f"; {label.ljust(12)}", "dim"), value), soft_wrap=True)


@command.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@book_option
@json_option
def validate(*, files: tuple[str, ...], book: Path | None, as_json: bool) -> None:
    """
    Check strategy files, or the whole portfolio.

    Without FILE the portfolio is checked with everything it names.
    Ends with 1 when a strategy is wrong, with 3 when the portfolio is, or a file is not there.
    """
    path = book or DEFAULT_BOOK
    library = strategy_library(path)
    verdicts = [(name, _checked(name, library)) for name in files] or [(str(path), _checked_book(library))]
    for name, verdict in verdicts:
        if as_json:
            print_json({"file": name} | _outcome(verdict))
        else:
            _print_verdict(name, verdict)
    errors = [verdict for _, verdict in verdicts if isinstance(verdict, AlchemiserError)]
    if errors:
        is_setting = any(isinstance(error, ConfigurationError) for error in errors)
        raise click.exceptions.Exit(ExitCode.CONFIGURATION if is_setting else ExitCode.FAILED)


def _checked(name: str, library: StrategyLibrary) -> tuple[Strategy, ...] | AlchemiserError:
    try:
        return (library.load(name),)
    except (StrategyError, ConfigurationError) as exc:
        return exc


def _checked_book(library: StrategyLibrary) -> tuple[Strategy, ...] | AlchemiserError:
    try:
        return library.book().strategies
    except (StrategyError, ConfigurationError) as exc:
        return exc


def _outcome(verdict: tuple[Strategy, ...] | AlchemiserError) -> dict[str, Json]:
    if isinstance(verdict, AlchemiserError):
        return {"ok": False, **error_facts(verdict)}
    return {"ok": True, "strategies": [_facts(strategy) for strategy in verdict]}


def _print_verdict(name: str, verdict: tuple[Strategy, ...] | AlchemiserError) -> None:
    if isinstance(verdict, AlchemiserError):
        told = Text.assemble(("✗ ", "bold red"), (clean(name), "bold"), f"\n{clean(str(verdict))}")
    else:
        told = Text.assemble(("✓ ", "bold green"), (clean(name), "bold"), f"  {clean(_summary(verdict))}")
    stdout().print(told, soft_wrap=True)


def _summary(strategies: Iterable[Strategy]) -> str:
    return "; ".join(
        f"{one.name}: {len(one.requirements.symbols)} symbols, {one.requirements.lookback_sessions} sessions"
        for one in strategies
    )


def _facts(strategy: Strategy) -> dict[str, Json]:
    return {
        "strategy": strategy.name,
        "file": strategy.file if isinstance(strategy, Symphony) else None,
        "symbols": list(strategy.requirements.symbols),
        "lookback_sessions": strategy.requirements.lookback_sessions,
        "rebalance": _rebalance(strategy),
        "fingerprint": strategy.fingerprint,
    }


def _rebalance(strategy: Strategy) -> str:
    if not isinstance(strategy, Symphony):
        return "as it says"
    match strategy.rebalance:
        case ast.Periodic(frequency=frequency):
            return frequency.value
        case ast.Corridor(width=width):
            return f"beyond {short_percent(Decimal(width))} of drift"
        case _:
            assert_never(strategy.rebalance)
