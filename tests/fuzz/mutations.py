"""
Damage: one to four changes to a text, of characters, tokens, brackets and whole pieces.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fuzz.dice import Dice

LONGEST = 40_000

_TOKEN = re.compile(r'[()\[\]{}]|"(?:[^"\\]|\\.)*"|[^\s,()\[\]{}"]+|\s+|,', re.DOTALL)
_CHARACTERS: tuple[str, ...] = (
    *"()[]{}\";:\\,.#'`@^~|/*+-<>=%&$!?_ \t\r\n\x00\x07\x1b\x7f",
    *"019eE",
    "\x85",
    "\xa0",
    "é",
    "\N{COMBINING ACUTE ACCENT}",
    "\N{ZERO WIDTH JOINER}",
    "\N{ZERO WIDTH NO-BREAK SPACE}",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{LINE SEPARATOR}",
    "\N{FULLWIDTH LEFT PARENTHESIS}",
    "\N{FULLWIDTH DIGIT ONE}",
    "\N{ARABIC-INDIC DIGIT FIVE}",
    "\N{PILE OF POO}",
    "\ud83d",
    "\udc00",
    "\U0010ffff",
)
_TOKENS: tuple[str, ...] = (
    *("(", ")", "[", "]", "{", "}", '"', '""', "nil", "true", "false", ";", "\\", "#_", "#{", "'", "@"),
    *("defsymphony", "asset", "group", "weight-equal", "weight-specified", "weight-inverse-volatility", "filter"),
    *("if", "if-then-else", "and", "or", "not", ">", "<", ">=", "<=", "=", "select-top", "select-bottom"),
    *("rsi", "current-price", "macd", "max-drawdown", "upper-bollinger", "unimplemented", "(unimplemented :rsi)"),
    *(":window", ":short-window", ":long-window", ":rebalance-threshold", ":asset-class", ":", "::", ":a:b"),
    *("0", "-1", "1e999", "1e-999", "-0", "1.", ".", "+", "1/2", "0x10", "1_000", "NaN", "Infinity", "1e18"),
    *("9" * 60, "0." + "1" * 200, "9" * 5000, "a" * 3000, '"' + "A" * 3000 + '"', "(asset", "[[[[", "))))"),
    *('"SPY"', '"spy"', '"../.."', '"CRYPTO::BTC//USD"', '"EQUITIES::"', '"\\q"', '"\\u0041"', "()", "[]", "{}"),
)
_NESTS = (("(", ")"), ("[", "]"), ("{", "}"), ('(group "g" [', "])"), ("(weight-equal [", "])"))
_JSON_TOKENS: tuple[str, ...] = (
    *("{", "}", "[", "]", ":", ",", '"', '""', "null", "true", "false", "nil", "\\", '{"step":', '"children":['),
    *('"step"', '"root"', '"asset"', '"group"', '"if"', '"if-child"', '"filter"', '"empty"', '"wt-marketcap"'),
    *('"wt-cash-equal"', '"wt-cash-specified"', '"wt-inverse-vol"', '"weight"', '"num"', '"den"', '"condition"'),
    *('"lhs-fn"', '"rhs-val"', '"rhs-fixed-value?"', '"is-else-condition?"', '"window-days"', '"tickers"', '"of"'),
    *('"binary"', '"compound"', '"type"', '"operator"', '"comparator"', '"gt"', '"constant"', '"symphony"', '"edn"'),
    *("0", "-1", "1e999", "1e-999", "-0", "1.", ".5", "+1", "01", "NaN", "Infinity", "1e18", "9" * 60, "9" * 5000),
    *('"10"', '"1e999"', '"66.67"', '"SPY"', '"%"', '"CRYPTO::BTC//USD"', '"\\ud800"', '"\\u0041"', '"\\q"', '"\\u12"'),
    *('"' + "A" * 3000 + '"', '"' + "\\" * 300, "[[[[", "}}}}", "[]", "{}", '{"step":"asset","ticker":"SPY"}'),
)
_EDN_TOKENS: tuple[str, ...] = (
    *("{", "}", "[", "]", "(", ")", '"', '""', "nil", "true", "false", ";", "\\", "#{", "#_", "#inst", "'", "^", "@"),
    *(":step", ":root", ":asset", ":group", ":if", ":if-child", ":filter", ":empty", ":wt-marketcap", ":children"),
    *(":wt-cash-equal", ":wt-cash-specified", ":wt-inverse-vol", ":weight", ":num", ":den", ":condition", ":lhs-fn"),
    *(":rhs-val", ":rhs-fixed-value?", ":is-else-condition?", ":window-days", ":tickers", ":of", ":type", ":gt"),
    *("0", "-1", "1e999", "1e-999", "1N", "1.5M", "1/2", "+7", ".5", "9" * 60, "9" * 5000, ":", "::a", ":a/b", "%"),
    *('"10"', '"SPY"', '"%"', '"\\ud800"', '"' + "A" * 3000 + '"', '{:step :asset :ticker "SPY"}', "{:a}", "{1 2}"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """
    What is damaged, and what with.

    Args:
        corpus: the texts.
        tokens: what is put in.
        nests: what opens and closes around a piece.
        core: how a piece that can be nested begins and ends.
    """

    corpus: Sequence[str]
    tokens: Sequence[str] = _TOKENS
    nests: Sequence[tuple[str, str]] = _NESTS
    core: tuple[str, str] = ("(asset", ")")


def json_material(corpus: Sequence[str]) -> Material:
    """
    Return what damages trees in JSON.
    """
    nests = (("[", "]"), ('{"a":', "}"), ('{"step":"group","name":"g","children":[', "]}"), ('{"symphony":', "}"))
    return Material(corpus=corpus, tokens=_JSON_TOKENS, nests=nests, core=('{"step": "asset"', "}"))


def edn_material(corpus: Sequence[str]) -> Material:
    """
    Return what damages trees in EDN.
    """
    nests = (("[", "]"), ("{:a ", "}"), ('{:step :group :name "g" :children [', "]}"), ("(", ")"))
    return Material(corpus=corpus, tokens=_EDN_TOKENS, nests=nests, core=("{:step :asset", "}"))


def mutated(dice: Dice, material: Material) -> str:
    """
    Return a text of the corpus with one to four changes.
    """
    text = dice.pick(material.corpus)
    for _ in range(1 + dice.below(4)):
        text = dice.pick(_CHANGES)(text, dice, material)
    return text[:LONGEST]


def _change_character(text: str, dice: Dice, _: Material) -> str:
    place = dice.below(len(text) + 1)
    return text[:place] + dice.pick(_CHARACTERS) + text[place + 1 :]


def _insert_character(text: str, dice: Dice, _: Material) -> str:
    place = dice.below(len(text) + 1)
    return text[:place] + dice.pick(_CHARACTERS) + text[place:]


def _cut(text: str, dice: Dice, _: Material) -> str:
    first = dice.below(len(text) + 1)
    return text[:first] + text[first + 1 + dice.below(30) :]


def _truncate(text: str, dice: Dice, _: Material) -> str:
    return text[: dice.below(len(text) + 1)]


def _change_token(text: str, dice: Dice, material: Material) -> str:
    return _with_token(text, dice, lambda _: dice.pick(material.tokens))


def _insert_token(text: str, dice: Dice, material: Material) -> str:
    return _with_token(text, dice, lambda token: f"{token} {dice.pick(material.tokens)} ")


def _drop_token(text: str, dice: Dice, _: Material) -> str:
    return _with_token(text, dice, lambda _: "")


def _repeat_token(text: str, dice: Dice, _: Material) -> str:
    return _with_token(text, dice, lambda token: token * (2 + dice.below(40)))


def _borrow(text: str, dice: Dice, material: Material) -> str:
    other = dice.pick(material.corpus)
    first, place = dice.below(len(other) + 1), dice.below(len(text) + 1)
    return text[:place] + other[first : first + dice.below(200)] + text[place:]


def _repeat_piece(text: str, dice: Dice, _: Material) -> str:
    first = dice.below(len(text) + 1)
    piece = text[first : first + 1 + dice.below(200)]
    return text[:first] + piece * (2 + dice.below(8)) + text[first:]


def _nest(text: str, dice: Dice, material: Material) -> str:
    opener, closer = dice.pick(material.nests)
    begin, finish = material.core
    place = text.find(begin) if dice.happens(2) else dice.below(len(text) + 1)
    end = text.find(finish, place) + 1
    depth = dice.pick((1, 2, 30, 400, 1100))
    return text[:place] + opener * depth + text[place:end] + closer * depth + text[end:]


def _with_token(text: str, dice: Dice, change: Callable[[str], str]) -> str:
    # One token near a random place: cutting the whole text into tokens each time would cost more than reading it.
    match = _TOKEN.search(text, dice.below(len(text) + 1))
    if match is None:
        return text + change("")
    return text[: match.start()] + change(match[0]) + text[match.end() :]


_CHANGES: tuple[Callable[[str, Dice, Material], str], ...] = (
    _change_character,
    _insert_character,
    _cut,
    _truncate,
    _change_token,
    _change_token,
    _change_token,
    _insert_token,
    _drop_token,
    _repeat_token,
    _borrow,
    _repeat_piece,
    _nest,
)
