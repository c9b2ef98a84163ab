"""
Conditions of Composer's tree: the flat fields of an `if-child`, and the `condition` block that overrides them.

    binary            {lhs, comparator, rhs}
    compound          {operator: any | all, conditions}
    binary-compound   {lhs: {ticker: "%", …}, tickers, operator: any | all, comparator, rhs}
    not               {condition}, a word of our own

A side of a comparison is {fn, ticker, params} or {constant}; {fn, params, of: node} is ours, too.
"""

from collections.abc import Mapping, Sequence

from alchemiser.domain.indicators.registry import INDICATORS, Indicator, indicator_named
from alchemiser.domain.strategy.composer.fields import check_fields, claims
from alchemiser.domain.strategy.composer.pieces import (
    COPIES_LIMIT,
    Need,
    Piece,
    kw,
    listed,
    mapped,
    number,
    sym,
    text,
)
from alchemiser.domain.strategy.composer.spots import NUMBER, Spot
from alchemiser.domain.strategy.forms import Form

COMPARATORS: Mapping[str, str] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "="}
CONNECTIVES: Mapping[str, str] = {"any": "or", "all": "and"}
EVERY_TICKER = "%"

_TYPES = frozenset({"type", "condition-type"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "binary": frozenset({"lhs", "comparator", "rhs"}),
    "compound": frozenset({"operator", "conditions"}),
    "binary-compound": frozenset({"lhs", "tickers", "operator", "comparator", "rhs"}),
    "not": frozenset({"condition"}),
}
_SIDE = frozenset({"fn", "ticker", "params", "constant", "of"})


def branch_condition(spot: Spot) -> Piece:
    """
    Read the condition of an `if-child`: its block where it has one, else its flat fields.
    """
    block = spot.entry("condition")
    if block.value is not None:
        return Piece(needs=(("condition", block),), build=lambda forms: forms[0])
    operator = _word(spot.entry("comparator"), COMPARATORS, "a comparator")
    left = measured(
        spot.entry("lhs-fn"),
        (text(spot.entry("lhs-val"), spot.entry("lhs-val").word('a ticker such as "SPY"')),),
        parameters=spot.entry("lhs-fn-params"),
        days=spot.entry("lhs-window-days"),
    )
    form = listed(spot, operator, left, _right(spot))
    return Piece(build=lambda _: form)


def condition(spot: Spot) -> Piece:
    """
    Read a `condition` block.
    """
    kind = _kind(spot)
    if kind in _wrapped(spot):
        return Piece(needs=(("condition", spot.entry(kind)),), build=lambda forms: forms[0])
    check_fields(spot, _FIELDS[kind] | _TYPES, f"a {kind} condition")
    match kind:
        case "compound":
            connective = _word(spot.entry("operator"), CONNECTIVES, "an operator")
            needs: tuple[Need, ...] = tuple(("condition", one) for one in spot.entry("conditions").items("conditions"))
            return Piece(needs=needs, build=lambda forms: listed(spot, connective, *forms))
        case "binary-compound":
            return _for_tickers(spot)
        case "not":
            inner = spot.entry("condition")
            return Piece(needs=(("condition", inner),), build=lambda forms: listed(spot, sym(spot, "not"), *forms))
        case _:
            operator = _word(spot.entry("comparator"), COMPARATORS, "a comparator")
            sides: tuple[Need, ...] = (("operand", spot.entry("lhs")), ("operand", spot.entry("rhs")))
            return Piece(needs=sides, build=lambda forms: listed(spot, operator, *forms))


def operand(spot: Spot) -> Piece:
    """
    Read a side of a comparison.
    """
    check_fields(spot, _SIDE, "a side of a comparison")
    constant, ticker, subject = spot.entry("constant"), spot.entry("ticker"), spot.entry("of")
    if constant.value is not None:
        beside = next((key for key in ("fn", "ticker", "of") if spot.field(key) is not None), None)
        if beside is not None:
            spot.refuse(f"expected either a constant or an indicator, found a constant and {beside!r}")
        form = number(constant, "a constant")
        return Piece(build=lambda _: form)
    if subject.value is not None:
        if ticker.value is not None:
            spot.refuse("expected either 'ticker' or 'of' to measure, found both")
        return Piece(needs=(("node", subject),), build=lambda forms: _measured_side(spot, forms))
    written = ticker.word('a ticker such as "SPY"')
    if written == EVERY_TICKER:
        ticker.refuse('expected a ticker, found "%", which stands for each of `tickers` on the left side only')
    form = _measured_side(spot, (text(ticker, written),))
    return Piece(build=lambda _: form)


def measured(fn: Spot, subject: Sequence[Form], *, parameters: Spot, days: Spot) -> Form:
    """
    Return the form of an indicator: `(rsi {:window 10} subject)`.

    Args:
        fn: its name.
        subject: what is measured; nothing in a filter.
        parameters: its parameters, as an object.
        days: its window the legacy way.
    """
    name = fn.word("the name of an indicator")
    indicator = indicator_named(name)
    if indicator is None:
        fn.refuse(f"expected an indicator ({', '.join(one.name for one in INDICATORS)}), found {fn.found}")
    entries = _entries(indicator, parameters, days)
    return listed(fn, sym(fn, indicator.name), *([mapped(fn, entries)] if entries else []), *subject)


def _right(spot: Spot) -> Form:
    value, switch = spot.entry("rhs-val"), spot.entry("rhs-fixed-value?")
    is_number = not isinstance(value.value, str) or bool(NUMBER.match(value.value))
    is_fixed = claims(switch) if switch.value is not None else is_number
    if is_fixed:
        # A function of an earlier edit may remain beside a fixed value; it means nothing.
        return number(value, "a fixed value")
    if is_number:
        value.refuse(f'expected a ticker such as "SPY", for the right side is not fixed, found {value.found}')
    return measured(
        spot.entry("rhs-fn"),
        (text(value, value.word("a ticker")),),
        parameters=spot.entry("rhs-fn-params"),
        days=spot.entry("rhs-window-days"),
    )


def _for_tickers(spot: Spot) -> Piece:
    operator = _word(spot.entry("comparator"), COMPARATORS, "a comparator")
    connective = _word(spot.entry("operator"), CONNECTIVES, "an operator")
    side = spot.entry("lhs")
    check_fields(side, frozenset({"fn", "ticker", "params"}), "the left side of a binary-compound condition")
    if side.entry("ticker").value != EVERY_TICKER:
        side.entry("ticker").refuse(f'expected "%", for each of `tickers`, found {side.entry("ticker").found}')
    if isinstance(spot.field("rhs"), Mapping) and spot.entry("rhs").field("of") is not None:
        spot.entry("rhs").entry("of").refuse("expected a ticker or a constant beside tickers, found a holding")
    tickers = spot.entry("tickers").items("tickers")
    if len(tickers) > COPIES_LIMIT:
        spot.entry("tickers").refuse(f"expected at most {COPIES_LIMIT:,} tickers, found {len(tickers):,}")
    lefts = [_measured_side(side, (text(ticker, ticker.word('a ticker such as "SPY"')),)) for ticker in tickers]

    def build(forms: Sequence[Form]) -> Form:
        return listed(spot, connective, *[listed(spot, operator, left, forms[0]) for left in lefts])

    return Piece(needs=(("operand", spot.entry("rhs")),), build=build, copies=len(tickers))


def _measured_side(side: Spot, subject: Sequence[Form]) -> Form:
    nothing = Spot(text="", file=side.file, value=None)
    return measured(side.entry("fn"), subject, parameters=side.entry("params"), days=nothing)


def _entries(indicator: Indicator, parameters: Spot, days: Spot) -> list[tuple[Form, Form]]:
    if parameters.value is not None and not isinstance(parameters.value, Mapping):
        parameters.refuse(f"expected an object of parameters, found {parameters.found}")
    keys = _keys(parameters)
    if not indicator.parameters:
        # What has no parameters cannot be changed by a window that an editor left there.
        stray = next((key for key in keys if key != "window"), None)
        if stray is not None:
            parameters.entry(stray).refuse(f"expected no parameters for {indicator.name}, found {stray[:40]!r}")
        return []
    entries = {key: parameters.entry(key) for key in keys}
    if days.value not in (None, ""):
        window = entries.setdefault("window", days)
        if window.number("a window in sessions") != days.number("a window in sessions"):
            days.refuse(f"expected the window that the parameters say, {window.found}, found {days.found}")
    return [(kw(spot, key), number(spot, f"the parameter {key[:40]!r}")) for key, spot in entries.items()]


def _keys(spot: Spot) -> tuple[str, ...]:
    return tuple(spot.value) if isinstance(spot.value, Mapping) else ()


def _kind(spot: Spot) -> str:
    wrapped = _wrapped(spot)
    if wrapped:
        return wrapped[0]
    fields = {key for key in _keys(spot) if spot.field(key) is not None}
    if {"tickers"} & fields:
        shape = "binary-compound"
    elif {"conditions"} & fields:
        shape = "compound"
    else:
        shape = "not" if {"condition"} & fields else "binary"
    for key in sorted(_TYPES & fields):
        declared = spot.entry(key)
        if declared.value != shape:
            declared.refuse(f'expected "{shape}", as its fields are, found {declared.found}')
    if not isinstance(spot.value, Mapping):
        spot.refuse(f"expected a condition, an object, found {spot.found}")
    return shape


def _wrapped(spot: Spot) -> tuple[str, ...]:
    # {"binary": {…}}: the kind as the only key.
    keys = _keys(spot)
    return keys if len(keys) == 1 and keys[0] in {"binary", "compound", "binary-compound"} else ()


def _word(spot: Spot, words: Mapping[str, str], what: str) -> Form:
    word = words.get(spot.value) if isinstance(spot.value, str) else None
    if word is None:
        spot.refuse(f"expected {what} ({', '.join(words)}), found {spot.found}")
    return sym(spot, word)
