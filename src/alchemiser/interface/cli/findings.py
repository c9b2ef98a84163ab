"""
What a check of the lake found, for people and as JSON: first what keeps symbols from being used, then what is told.
"""

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from alchemiser.application.verify_data import Verified
from alchemiser.domain.bars.findings import Finding, Kind
from alchemiser.domain.values import Symbol
from alchemiser.interface.cli.output import Json, a_table, clean

_NAMED = 8


def quarantined(done: Sequence[Verified]) -> list[Verified]:
    """
    Return the symbols that may not be used.
    """
    return [one for one in done if not one.is_usable]


def verified_facts(one: Verified) -> dict[str, Json]:
    """
    Return what was found in a symbol as JSON.
    """
    findings: list[Json] = []
    if one.history is not None:
        for finding in one.history.findings:
            state = "told" if not finding.blocks else "accepted" if one.history.is_accepted(finding) else "quarantine"
            findings.append(_finding(finding, state))
    if one.stopped is not None:
        findings.append(_finding(one.stopped, "told"))
    return {"symbol": one.symbol, "usable": one.is_usable, "damage": one.damage, "findings": findings}


def show_findings(done: Sequence[Verified], console: Console) -> None:
    """
    Print what was found.
    """
    blocked = quarantined(done)
    if blocked:
        table = a_table("symbol", "day", "what", "found", title="In quarantine")
        for one in blocked:
            if one.history is None:
                table.add_row(one.symbol, "", "file", Text(clean(one.damage), style="red"))
                continue
            for place, finding in enumerate(one.history.quarantine()):
                table.add_row("" if place else one.symbol, str(finding.day), finding.kind.value, clean(finding.why))
        console.print(table)
    told = [(one.symbol, finding) for one in done for finding in _told(one)]
    if told:
        table = a_table("symbol", "day", "what", "found", title="Worth a look")
        for symbol, finding in told:
            table.add_row(symbol, str(finding.day), finding.kind.value, clean(finding.why))
        console.print(table)
    _show_ends(done, console)
    accepted = sum(len(one.history.accepted) for one in done if one.history is not None)
    console.print(f"{len(done)} symbols, {len(blocked)} may not be used, {accepted} findings accepted")
    if blocked:
        console.print("`alchemiser data repair SYMBOL --because …` accepts what the market did, --adopt replaces it.")


def _told(one: Verified) -> list[Finding]:
    found = [] if one.stopped is None else [one.stopped]
    if one.history is None:
        return found
    return found + [finding for finding in one.history.findings if not finding.blocks and finding.kind is not Kind.ENDS]


def _show_ends(done: Sequence[Verified], console: Console) -> None:
    ends: dict[str, list[Symbol]] = defaultdict(list)
    for one in done:
        for finding in one.history.findings if one.history is not None else ():
            if finding.kind is Kind.ENDS:
                ends[f"prices as traded end {finding.day}" if finding.measure else "adjusted closes only"].append(
                    one.symbol
                )
    if not ends:
        return
    table = a_table("", "symbols", "", right=("symbols",), title="Prices and volumes end before the adjusted closes")
    for words, symbols in sorted(ends.items()):
        named = ", ".join(symbols[:_NAMED]) + (" …" if len(symbols) > _NAMED else "")
        table.add_row(words, str(len(symbols)), named)
    console.print(table)


def _finding(finding: Finding, state: str) -> dict[str, Json]:
    return {
        "day": finding.day.isoformat(),
        "kind": finding.kind.value,
        "why": finding.why,
        "measure": repr(finding.measure),
        "state": state,
    }
