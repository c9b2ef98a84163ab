"""
Composer's trees from the grammar: every step, field, legacy spelling and condition block, a third of them spoiled.

A spoiled tree lacks a field, has one that nobody knows, or a value of the wrong kind somewhere. It is written as JSON
or as EDN; a tree in JSON may stand in strings and records, as exports have it.
"""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from alchemiser.domain.indicators.registry import INDICATORS, Indicator
from alchemiser.domain.strategy.ast import Frequency
from alchemiser.domain.strategy.composer.conditions import COMPARATORS
from alchemiser.domain.strategy.composer.documents import WRAPPERS, WRAPPING_LIMIT
from fuzz.dice import Dice
from fuzz.grammar import made

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Fields: TypeAlias = dict[str, Json]

_DEEPEST = 5
_SPOILED_ONE_IN = 3
_TICKERS = ("SPY", "TLT", "BRK/B", "BF.B", "EQUITIES::SOXL//USD", "TQQQ")
_WINDOWS: tuple[Json, ...] = (2, 3, 10, 200, "10", "21", 10.0)
_NUMBERS: tuple[Json, ...] = (0, 79, -33, 62.1995, "30", "-0.5", 1e-7, "1e3")
_NAMES = ("A", "Same name", 'quoted "name"', "naïve ✓", "line\nbreak", "")
_SHARES: tuple[tuple[Json, Json], ...] = (*((60, 100), ("66.67", 100), ("1", "3"), (0.5, 1), (5, "7"), ("1e2", 100)),)
_COSMETIC: tuple[tuple[str, Json], ...] = (
    ("id", "f3a1"),
    ("name", "SPDR S&P 500"),
    ("collapsed?", False),
    ("exchange", "ARCX"),
    ("price", 612.5),
    ("weight", {"num": 30, "den": 100}),
    ("tags", ["a", {"b": None}]),
    ("children-count", 3),
)
_ODD_OBJECTS: tuple[Json, ...] = ({}, {"step": "asset"}, {"step": "empty"}, {"window": []}, {"num": "x", "den": 0})
_ODD_LISTS: tuple[Json, ...] = ([], [[]], [None], ["SPY"])
_ODD: tuple[Json, ...] = (
    *_ODD_OBJECTS,
    *_ODD_LISTS,
    *(None, True, False, -1, 0, 1.5, 10**18, 10**40, 1e300, 1e-300, "", " ", "x", "nil", "10x", "1e999", "NaN"),
    *("9" * 60, "A" * 3_000, "spy", "CRYPTO::BTC//USD", "%", "wt-marketcap", "\x1b[2J", "\u202e", "\x00", "\x85", "✓"),
)
_KEYS = ("leverage", "a b", "Step", "ticker ", "\x07", "k" * 2_000, "rhs-window-days", "condition", "weight", "é", "")


class TreeGrammar:
    """
    Makes one tree.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._is_spoiled = dice.happens(_SPOILED_ONE_IN)

    def strategy(self) -> Json:
        """
        Return a whole tree.
        """
        dice = self._dice
        fields: Fields = {"step": "root", "name": dice.pick(_NAMES[:4]), "rebalance": dice.pick(list(Frequency)).value}
        if dice.happens(5):
            fields |= {"rebalance": "none", "rebalance-corridor-width": dice.pick((0.05, "0.1", 1, "1e-3"))}
        if dice.happens(3):
            fields["asset_class"] = "EQUITIES"
        if dice.happens(4):
            fields["asset_classes"] = ["EQUITIES"]
        return self._worn(fields | {"children": [self._weight(0)]})

    def _weight(self, depth: int) -> Json:
        return self._dice.pick((self._equal, self._specified, self._inverse_volatility))(depth + 1)

    def _holding(self, depth: int) -> Json:
        dice = self._dice
        if depth >= _DEEPEST or dice.below(_DEEPEST) < depth:
            return self._asset()
        makers: tuple[Callable[[int], Json], ...] = (
            self._group,
            self._weight,
            self._branch,
            self._branch,
            self._filter,
        )
        return dice.pick(makers)(depth + 1)

    def _asset(self) -> Json:
        return self._worn({"step": "asset", "ticker": self._dice.pick(_TICKERS)})

    def _group(self, depth: int) -> Json:
        return self._worn({"step": "group", "name": self._dice.pick(_NAMES), "children": [self._holding(depth)]})

    def _equal(self, depth: int) -> Json:
        return self._worn({"step": "wt-cash-equal", "children": self._holdings(depth, 3)})

    def _specified(self, depth: int) -> Json:
        children: list[Json] = []
        for child in self._holdings(depth, 3):
            num, den = self._dice.pick(_SHARES)
            weight = self._worn({"num": num, "den": den}, plain=True)
            children.append({**child, "weight": weight} if isinstance(child, dict) else child)
        return self._worn({"step": "wt-cash-specified", "children": children})

    def _inverse_volatility(self, depth: int) -> Json:
        return self._worn(
            {"step": "wt-inverse-vol", "window-days": self._dice.pick(_WINDOWS), "children": self._holdings(depth, 3)}
        )

    def _filter(self, depth: int) -> Json:
        fields: Fields = {"step": "filter", "select-fn": self._dice.pick(("top", "bottom"))}
        fields |= {"select-n": self._dice.pick((1, 2, "3")), "children": self._holdings(depth, 4)}
        if self._dice.happens(4):
            fields |= {"select?": True, "sort-by?": True}
        return self._worn(fields | self._measure("sort-by-fn", "sort-by-fn-params", "sort-by-window-days"))

    def _branch(self, depth: int) -> Json:
        dice = self._dice
        first = self._worn({"step": "if-child", **self._condition(depth), "children": self._holdings(depth, 2)})
        children: list[Json] = [first]
        if not dice.happens(4):
            otherwise: list[Json] = [{"step": "empty"}] if dice.happens(6) else self._holdings(depth, 2)
            children.append(self._worn({"step": "if-child", "is-else-condition?": True, "children": otherwise}))
        return self._worn({"step": "if", "children": children if dice.happens(4) else children[::-1]})

    def _condition(self, depth: int) -> Fields:
        if self._dice.happens(3):
            return {"condition": self._block(depth)}
        fields = self._measure("lhs-fn", "lhs-fn-params", "lhs-window-days")
        fields |= {"lhs-val": self._dice.pick(_TICKERS), "comparator": self._comparator()}
        if self._dice.happens(2):
            stray = self._measure("rhs-fn", "rhs-fn-params", "rhs-window-days") if self._dice.happens(4) else {}
            fixed: Fields = {"rhs-fixed-value?": True} if self._dice.happens(2) else {}
            return fields | stray | fixed | {"rhs-val": self._dice.pick(_NUMBERS)}
        fields |= self._measure("rhs-fn", "rhs-fn-params", "rhs-window-days")
        return fields | {"rhs-val": self._dice.pick(_TICKERS)}

    def _block(self, depth: int) -> Json:
        dice = self._dice
        operator = {"operator": dice.pick(("any", "all"))}
        comparison: Fields = {"comparator": self._comparator(), "rhs": self._side(depth, can_be_fixed=True)}
        if depth >= _DEEPEST:
            return self._typed("binary", {"lhs": self._side(depth, can_be_fixed=False), **comparison})
        match dice.below(6):
            case 0:
                inner: list[Json] = [self._block(depth + 1) for _ in range(1 + dice.below(3))]
                return self._typed("compound", {**operator, "conditions": inner})
            case 1:
                lhs = {**self._measure("fn", "params", ""), "ticker": "%"}
                tickers: list[Json] = [dice.pick(_TICKERS) for _ in range(1 + dice.below(3))]
                comparison["rhs"] = {"constant": dice.pick(_NUMBERS)}
                return self._typed("binary-compound", {"lhs": lhs, "tickers": tickers, **operator, **comparison})
            case 2:
                return {"type": "not", "condition": self._block(depth + 1)}
            case _:
                return self._typed("binary", {"lhs": self._side(depth, can_be_fixed=False), **comparison})

    def _typed(self, kind: str, fields: Fields) -> Json:
        whole = self._worn(fields, plain=True)
        match self._dice.below(4):
            case 0:
                return whole
            case 1:
                return {kind: whole}
            case 2:
                return {"condition-type": kind, **fields}
            case _:
                return {"type": kind, **fields}

    def _side(self, depth: int, *, can_be_fixed: bool) -> Json:
        dice = self._dice
        if can_be_fixed and dice.happens(2):
            return {"constant": dice.pick(_NUMBERS)}
        subject: Fields = {"ticker": dice.pick(_TICKERS)}
        if dice.happens(6):
            subject = {"of": self._holding(depth + 2)}
        return self._worn({**self._measure("fn", "params", ""), **subject}, plain=True)

    def _measure(self, fn: str, params: str, days: str) -> Fields:
        indicator = self._dice.pick(INDICATORS)
        name: Json = self._dice.pick((indicator.name, *indicator.synonyms))
        if days and [one.name for one in indicator.parameters] == ["window"] and self._dice.happens(3):
            return {fn: name, days: self._dice.pick(_WINDOWS)}
        return {fn: name, params: self._parameters(indicator)}

    def _parameters(self, indicator: Indicator) -> Json:
        windows: dict[str, Json] = {
            "short-window": 12,
            "long-window": "26",
            "smooth-window": 9,
            "standard-deviations": 1.5,
        }
        return {one.name: windows.get(one.name) or self._dice.pick(_WINDOWS) for one in indicator.parameters}

    def _comparator(self) -> str:
        return self._dice.pick(list(COMPARATORS))

    def _holdings(self, depth: int, most: int) -> list[Json]:
        return [self._holding(depth) for _ in range(1 + self._dice.below(most))]

    def _worn(self, fields: Fields, *, plain: bool = False) -> Json:
        # An object as editors leave it, and in a spoiled tree with one thing wrong now and then.
        dice = self._dice
        if not plain and dice.happens(4):
            key, value = dice.pick(_COSMETIC)
            fields = {key: value} | fields
        if not self._is_spoiled or not dice.happens(10):
            return fields
        key = dice.pick(list(fields))
        match dice.below(6):
            case 0:
                return {name: value for name, value in fields.items() if name != key}
            case 1:
                return {dice.pick(_KEYS) if name == key else name: value for name, value in fields.items()}
            case 2:
                return fields | {dice.pick(_KEYS): dice.pick(_ODD)}
            case 3:
                return dice.pick(_ODD)
            case _:
                return fields | {key: dice.pick(_ODD)}


def made_json(dice: Dice) -> str:
    """
    Return a tree in JSON, sometimes wrapped, or JSON around a text of the language or a tree in EDN.
    """
    if dice.happens(10):
        return _wrapped(made(dice), dice)
    if dice.happens(10):
        return _wrapped(made_edn(dice), dice)
    tree = TreeGrammar(dice).strategy()
    text = _json_text(tree, dice)
    return _wrapped(text, dice) if dice.happens(6) else text


def made_edn(dice: Dice) -> str:
    """
    Return a tree in EDN.
    """
    return _edn_text(TreeGrammar(dice).strategy(), dice)


def _json_text(value: Json, dice: Dice) -> str:
    return json.dumps(value, indent=dice.pick((None, None, 1, 2)), ensure_ascii=dice.happens(2))


def _wrapped(text: str, dice: Dice) -> str:
    value: Json = text
    for _ in range(1 + dice.below(WRAPPING_LIMIT + 1) // 3):
        value = {dice.pick(WRAPPERS): value} if dice.happens(2) else _json_text(value, dice)
        if isinstance(value, dict) and dice.happens(3):
            value = {"id": "x", "latest": None} | value
    return _json_text(value, dice)


def _edn_text(value: Json, dice: Dice) -> str:
    match value:
        case dict():
            return "{" + dice.pick((" ", ", ", "\n ")).join(_edn_entries(value, dice)) + "}"
        case list():
            return "[" + " ".join(_edn_text(item, dice) for item in value) + "]"
        case str():
            return f":{value}" if value.isascii() and value.isalpha() and dice.happens(2) else _edn_string(value)
        case None:
            return "nil"
        case bool():
            return "true" if value else "false"
        case _:
            return format(Decimal(str(value)), "f") if dice.happens(2) else str(value)


def _edn_entries(fields: Fields, dice: Dice) -> Sequence[str]:
    return [f"{_edn_key(key, dice)} {_edn_text(value, dice)}" for key, value in fields.items()]


def _edn_key(key: str, dice: Dice) -> str:
    is_plain = bool(key) and key.isascii() and key.isprintable() and " " not in key
    return f":{key}" if is_plain and not dice.happens(8) else _edn_string(key)


def _edn_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
