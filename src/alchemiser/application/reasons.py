"""
Put a decision into plain words, for reports and the terminal.

    (> (rsi "SPY" {:window 10}) 79), 62.41   →   the 10-day RSI of SPY is 62.41, not above 79

The words are read off the decision's canonical text. What has no words of its own is quoted as it is written.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from alchemiser.domain.errors import DslSyntaxError
from alchemiser.domain.strategy.forms import Form, Kw, List, Map, Num, Str, Sym
from alchemiser.domain.strategy.reader import read
from alchemiser.domain.strategy.signal import Decision, Score

_LONGEST = 4_000
_MOST_TOLD = 3
_RELATIONS = {">": "above", "<": "below", ">=": "at or above", "<=": "at or below", "=": "equal to"}
_MEASURES = {
    "current-price": "close",
    "moving-average-price": "{}-day average price",
    "exponential-moving-average-price": "{}-day exponential average price",
    "rsi": "{}-day RSI",
    "cumulative-return": "{}-day return",
    "moving-average-return": "{}-day average daily return",
    "stdev-return": "{}-day volatility",
    "stdev-price": "{}-day price deviation",
    "max-drawdown": "{}-day largest fall",
}
_JOTTED = {
    "current-price": "price",
    "moving-average-price": "sma",
    "exponential-moving-average-price": "ema",
    "cumulative-return": "return",
    "moving-average-return": "mean-return",
    "stdev-return": "volatility",
    "max-drawdown": "drawdown",
}
_IN_PERCENT = {"cumulative-return", "moving-average-return", "stdev-return", "max-drawdown"}


def reason(decision: Decision) -> str:
    """
    Return one sentence, without a full stop, that says what was decided on which values.
    """
    match decision.kind:
        case "condition":
            return _condition(decision)
        case "filter":
            return _filter(decision)
        case _:
            return f"the calmer, the more: {_listed(map(_shared, decision.scores)) or decision.outcome}"


def share_text(share: Decimal) -> str:
    """
    Return a share of 1 as percent, with at most two decimals: `33.33 %`.
    """
    return f"{_shortened(share * 100, 2)} %"


def value_text(value: Decimal, *, apart_from: Decimal | None = None) -> str:
    """
    Return a value with two decimals, or with up to six where two would not tell it from another value.
    """
    for decimals in (2, 3, 4, 5):
        shown = f"{value:.{decimals}f}"
        if apart_from is None or value == apart_from or shown != f"{apart_from:.{decimals}f}":
            return shown
    return f"{value:.6f}"


def score_text(value: Decimal) -> str:
    """
    Return a score with two decimals, a small one with four.
    """
    return f"{value:.2f}" if abs(value) >= 1 or not value else f"{value:.4f}"


def margin_text(margin: Decimal) -> str:
    """
    Return a signed margin with two decimals, or with up to six where two would show none.
    """
    for decimals in (2, 3, 4, 5):
        if not margin or round(margin, decimals):
            return f"{margin:+.{decimals}f}"
    return f"{margin:+.6f}"


def short_text(node: str) -> str:
    """
    Return a decision's canonical text as a trader jots it down.

        (> (rsi "SPY" {:window 10}) 79)                         →  rsi(SPY, 10) > 79
        (filter (cumulative-return {:window 63}) (select-top 2))  →  top 2 by return(63)
    """
    form = _form(node)
    return node if form is None else _jotted(form)


def measure_words(form: Form) -> str:
    """
    Return what an operand of a comparison is, in words; a number as it is written.
    """
    named = _indicator(form)
    if named is None:
        return form.text if isinstance(form, Num) else _written(form)
    name, of = named
    return f"the {name} of {of}" if of else f"the {name}"


def _condition(decision: Decision) -> str:
    form = _form(decision.node)
    if form is None or decision.left is None or decision.right is None:
        answer = {"true": "yes", "false": "no"}.get(decision.outcome, decision.outcome)
        return f"{_phrase(form) if form else decision.node}: {answer}"
    operator, left, right = _operands(form)
    relation = f"{'' if decision.outcome == 'true' else 'not '}{_RELATIONS.get(operator, operator)}"
    found = value_text(decision.left, apart_from=decision.right) + _unit(left)
    if isinstance(right, Num):
        return f"{measure_words(left)} is {found}, {relation} {right.text}{_unit(left)}"
    against = value_text(decision.right, apart_from=decision.left) + _unit(right)
    return f"{measure_words(left)} is {found}, {relation} {measure_words(right)} at {against}"


def _filter(decision: Decision) -> str:
    form = _form(decision.node)
    ranking = _ranking(form) if form is not None else decision.node
    picked = [score for score in decision.scores if score.share]
    others = [score for score in decision.scores if not score.share and score.value is not None]
    words = f"{ranking}: {_listed(map(_scored, picked)) or decision.outcome}"
    if others:
        words += f" before {_listed(map(_scored, others))}"
    if decision.left_out:
        words += f"; left out for a short history: {_listed(decision.left_out)}"
    return words


def _ranking(form: Form) -> str:
    match form:
        case List(items=(Sym(name="filter"), List() as by, List(items=(Sym(name=select), *_)), *_)):
            named = _indicator(by)
            edge = "highest" if select == "select-top" else "lowest"
            return f"{edge} {named[0] if named else _written(by)}"
        case _:
            return "picked"


def _phrase(form: Form) -> str:
    match form:
        case List(items=(Sym(name="and" | "or" as joint), *conditions)) if len(conditions) > _MOST_TOLD:
            # Each of them follows as a decision of its own.
            return f"{'all' if joint == 'and' else 'any'} of {len(conditions)} conditions"
        case List(items=(Sym(name="and" | "or" as joint), *conditions)):
            return f" {joint} ".join(_phrase(condition) for condition in conditions)
        case List(items=(Sym(name="not"), condition)):
            return f"not ({_phrase(condition)})"
        case List(items=(Sym(name=operator), left, right)) if operator in _RELATIONS:
            return f"{measure_words(left)} {_RELATIONS[operator]} {measure_words(right)}"
        case _:
            return _written(form)


def _operands(form: Form) -> tuple[str, Form, Form]:
    match form:
        case List(items=(Sym(name=operator), left, right)):
            return operator, left, right
        case _:
            return _written(form), form, form


def _indicator(form: Form) -> tuple[str, str] | None:
    if not isinstance(form, List) or not form.items:
        return None
    head, *rest = form.items
    name = _operator(head)
    numbers = _numbers(rest)
    measure = _MEASURES.get(name)
    words = measure.format(*numbers) if measure and numbers else measure if measure == "close" else None
    if words is None:
        words = f"{'/'.join(numbers)}-day {name.replace('-', ' ')}" if numbers else name.replace("-", " ")
    of = next((_named(part) for part in rest if isinstance(part, Str | List)), "")
    return words, of


def _operator(head: Form) -> str:
    match head:
        case Sym(name=name):
            return name
        case List(items=(Sym(), Kw(name=name))):
            return name
        case _:
            return _written(head)


def _named(form: Form) -> str:
    match form:
        case Str(value=ticker) | List(items=(Sym(name="asset" | "group"), Str(value=ticker), *_)):
            return ticker
        case _:
            return "a portfolio"


def _unit(form: Form) -> str:
    is_percent = isinstance(form, List) and bool(form.items) and _operator(form.items[0]) in _IN_PERCENT
    return " %" if is_percent else ""


def _form(text: str) -> Form | None:
    if len(text) > _LONGEST:
        return None
    try:
        forms = read(text)
    except DslSyntaxError:
        return None
    return forms[0] if forms else None


def _jotted(form: Form) -> str:
    match form:
        case Num(text=text):
            return text
        case List(items=(Sym(name="and" | "or" as joint), *conditions)):
            return f" {joint} ".join(f"({_jotted(condition)})" for condition in conditions)
        case List(items=(Sym(name="not"), condition)):
            return f"not ({_jotted(condition)})"
        case List(items=(Sym(name=operator), left, right)) if operator in _RELATIONS:
            return f"{_jotted(left)} {operator} {_jotted(right)}"
        case List(items=(Sym(name="filter"), by, List(items=(Sym(name=select), Num(text=count))), *_)):
            return f"{select.removeprefix('select-')} {count} by {_jotted(by)}"
        case List(items=(Sym(name="weight-inverse-volatility"), Num(text=window), *_)):
            return f"inverse volatility ({window})"
        case List(items=(head, *rest)):
            return _call(_operator(head), rest)
        case _:
            return _written(form)


def _call(name: str, rest: Sequence[Form]) -> str:
    of = [_named(part) for part in rest if isinstance(part, Str | List)]
    return f"{_JOTTED.get(name, name)}({', '.join([*of, *_numbers(rest)])})"


def _numbers(parts: Sequence[Form]) -> list[str]:
    inside = [item.text for part in parts if isinstance(part, Map) for item in part.items if isinstance(item, Num)]
    return inside + [part.text for part in parts if isinstance(part, Num)]


def _written(form: Form) -> str:
    return form.source.text[form.span.start : form.span.end]


def _scored(score: Score) -> str:
    return score.candidate if score.value is None else f"{score.candidate} ({score_text(score.value)})"


def _shared(score: Score) -> str:
    value = "" if score.value is None else f" ({score_text(score.value)})"
    return f"{score.candidate} {share_text(score.share)}{value}"


def _listed(names: Iterable[str]) -> str:
    *first, last = tuple(names) or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def _shortened(value: Decimal, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
