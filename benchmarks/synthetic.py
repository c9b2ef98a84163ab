"""
A seeded book of the size and shape of a real one: made on demand, the same for the same seed, never stored.

1. make a library of building blocks: conditions, filters, baskets, and groups of these in three levels;
2. give every strategy a few of the blocks and let it repeat them along a spine of nested branches;
3. write each tree as an editor exports it: one clause a line, every level indented.

Sizes and counts are those of a real book of 19 files, within a tenth; a test holds the generator to them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product

import numpy as np

from alchemiser.domain.market import Closes
from alchemiser.domain.values import Symbol

SEED = 20260730
SYMBOLS = 290

# Forms of every file, the largest first; together about 110,000.
_LARGE = (34_000, 12_000, 10_000, 8_500, 7_500, 6_500, 5_500, 4_800, 4_200, 3_600)
FORMS = (*_LARGE, 3_000, 2_500, 2_100, 1_700, 1_400, 1_100, 800, 500, 300)

# What conditions measure: how many different ones, and their windows.
_MEASURES: tuple[tuple[str, int, tuple[int, ...]], ...] = (
    ("rsi", 240, (5, 8, 10, 11, 14, 15, 20, 21, 45, 60)),
    ("cumulative-return", 60, (1, 3, 5, 6, 10, 20, 60)),
    ("moving-average-return", 25, (10, 20, 90)),
    ("moving-average-price", 40, (20, 50, 200)),
    ("max-drawdown", 12, (10, 20, 60)),
    ("stdev-return", 10, (5, 10, 20)),
    ("exponential-moving-average-price", 8, (8, 21, 100)),
)
_SCORES = (*["rsi"] * 12, *["moving-average-return"] * 4, *["cumulative-return"] * 2, "stdev-return", "max-drawdown")
_TOKEN = re.compile(r'"[^"]*"|[()\[\]{}]|[^\s()\[\]{}"]+')


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """
    A piece of text with what stands inside its brackets.

    Args:
        head: everything up to the first child, brackets still open.
        children: the blocks inside, each on lines of its own.
        tail: the brackets that close it.
        forms: in the whole block.
    """

    head: str
    children: "tuple[Block, ...]" = ()
    tail: str = ""
    forms: int = field(init=False)

    def __post_init__(self) -> None:
        own = sum(part not in ")]}" for part in _TOKEN.findall(self.head))
        object.__setattr__(self, "forms", own + sum(child.forms for child in self.children))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Library:
    random: np.random.Generator
    assets: Sequence[Block]
    conditions: Sequence[Block]
    levels: Sequence[Sequence[Block]]
    scored: Sequence[Block]

    def some(self, blocks: Sequence[Block], count: int) -> tuple[Block, ...]:
        places = self.random.choice(len(blocks), size=count, replace=False)
        return tuple(blocks[place] for place in places)


def symbols(count: int = SYMBOLS) -> tuple[Symbol, ...]:
    """
    Return made-up tickers, ascending.
    """
    letters = ("".join(three) for three in product("ABCDEFGHKLMNPQRSTVWX", "AEIOU", "BDKLMNRSTX"))
    return tuple(sorted(Symbol(ticker) for ticker, _ in zip(letters, range(count), strict=False)))


def book_texts(seed: int = SEED, forms: Sequence[int] = FORMS) -> tuple[str, ...]:
    """
    Return the texts of a book, one for each number of forms.
    """
    library = _library(np.random.default_rng(seed))
    return tuple(_strategy(library, number, count) for number, count in enumerate(forms))


def made_closes(names: Sequence[Symbol], sessions: int, seed: int = SEED) -> Closes:
    """
    Return closes of a common factor and own noise, four decimals, on as many weekdays.
    """
    random = np.random.default_rng(seed)
    common = random.normal(0.0003, 0.008, sessions)
    beta, noise = random.uniform(0.3, 2.0, (len(names), 1)), random.uniform(0.004, 0.02, (len(names), 1))
    changes = beta * common + noise * random.standard_normal((len(names), sessions))
    values = random.uniform(10.0, 200.0, (len(names), 1)) * np.exp(np.cumsum(changes, axis=1))
    days = [date(2000, 1, 3) + timedelta(weeks=day // 5, days=day % 5) for day in range(sessions)]
    return Closes(sessions=tuple(days), symbols=tuple(names), values=np.maximum(np.round(values, 4), 0.0001))


def _library(random: np.random.Generator) -> _Library:
    names = symbols()
    assets = [Block(f'(asset "{name}"\n"{name} Shares of a Made Fund")') for name in names]
    operands = {
        kind: [f'({kind} "{name}" {{:window {window}}})' for name, window in _pairs(random, names, windows, count)]
        for kind, count, windows in _MEASURES
    }
    library = _Library(random=random, assets=assets, conditions=_conditions(random, operands), levels=[], scored=[])
    leaves = [_filter(library, library.some(assets, int(random.integers(3, 9)))) for _ in range(160)]
    leaves += [_equal(library.some(assets, int(random.integers(1, 6)))) for _ in range(150)]
    levels: list[list[Block]] = [leaves]
    for count in (200, 120, 55):
        levels.append([_branch(library, levels[-1], number) for number in range(count)])
    inner = [_filter(library, library.some(levels[1], 3)) for _ in range(5)]
    outer = [_filter(library, (_group(f"Inner {n}", inner[n]), *library.some(levels[1], 2))) for n in range(5)]
    return _Library(random=random, assets=assets, conditions=library.conditions, levels=levels, scored=outer)


def _pairs(
    random: np.random.Generator, names: Sequence[Symbol], windows: Sequence[int], count: int
) -> list[tuple[Symbol, int]]:
    every = list(product(names, windows))
    return [every[place] for place in random.choice(len(every), size=count, replace=False)]


def _conditions(random: np.random.Generator, operands: dict[str, list[str]]) -> list[Block]:
    found = []
    rsi = operands["rsi"]
    for number, one in enumerate(rsi):
        threshold = random.integers(20, 85) if number % 2 else None
        right = rsi[int(random.integers(len(rsi)))] if threshold is None else str(threshold)
        found.append(_compare(random, one, right))
    for kind in ("moving-average-price", "exponential-moving-average-price"):
        for one in operands[kind]:
            name = one.split('"')[1]
            found.append(_compare(random, f'(current-price "{name}")', one))
    for kind in ("cumulative-return", "moving-average-return", "max-drawdown", "stdev-return"):
        found += [_compare(random, one, f"{random.normal(1.0, 3.0):.2f}") for one in operands[kind]]
    return [found[place] for place in random.permutation(len(found))]


def _compare(random: np.random.Generator, left: str, right: str) -> Block:
    return Block(f"({'<>'[int(random.integers(2))]}\n{left}\n{right})")


def _equal(children: Sequence[Block]) -> Block:
    return Block("(weight-equal [", tuple(children), "])")


def _group(name: str, child: Block) -> Block:
    return Block(f'(group "{name}" [', (child,), "])")


def _filter(library: _Library, children: Sequence[Block]) -> Block:
    random = library.random
    score, window = _SCORES[int(random.integers(len(_SCORES)))], (5, 10, 20, 21, 60)[int(random.integers(5))]
    select, count = ("select-top", "select-bottom")[int(random.integers(2))], int(random.integers(1, 3))
    return Block(f"(filter\n({score} {{:window {window}}})\n({select} {count})\n[", tuple(children), "])")


def _branch(library: _Library, below: Sequence[Block], number: int) -> Block:
    condition, then, otherwise = library.some(library.conditions, 1)[0], *library.some(below, 2)
    branch = Block("(if", (condition, Block("[", (then,), "]"), Block("[", (otherwise,), "]")), ")")
    return _group(f"Block {number}", branch) if number % 2 else _equal([branch])


def _strategy(library: _Library, number: int, forms: int) -> str:
    random = library.random
    size = max(2, round(0.0115 * forms**0.7))
    own = [*library.some(library.levels[3], min(size, 25)), *library.some(library.levels[2], size)]
    own += [*library.some(library.levels[1], size), *library.some(library.scored, min(1 + size // 12, 5))]
    depth = 30 if number == 0 else min(14, 3 + size // 2)
    body = _equal(library.some(library.levels[0], 2))
    wanted = (forms - 9) / depth
    for level in range(depth):
        held: list[Block] = []
        target = wanted * (level + 1) - body.forms
        while sum(block.forms for block in held) < target - 25:
            held.append(own[int(random.integers(len(own)))])
        (condition,) = library.some(library.conditions, 1)
        taken = Block("[", (_group(f"Sleeve {level}", _equal(held or library.some(library.levels[0], 1))),), "]")
        rest = Block("[", (_group(f"Rest {level}", _equal((body,))),), "]")
        body = Block("(if", (condition, taken, rest), ")")
    header = '{:asset-class "EQUITIES", :rebalance-frequency :daily}'
    return f'(defsymphony\n "Book {number:02d}"\n {header}\n{_written(body)})\n'


def _written(root: Block) -> str:
    lines: list[str] = []
    depth = 1
    stack: list[Block | str] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            lines[-1] += item
            depth -= len(item)
            continue
        for line in item.head.split("\n"):
            lines.append(" " * (depth * 4 // 3) + line)
            depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        stack.append(item.tail)
        stack.extend(reversed(item.children))
    return "\n".join(lines)
