import pytest
from hypothesis import given

from alchemiser.application.difference import changes, compared
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.symphony import Symphony
from support.symphonies import a_symphony, closes_of
from support.trees import texts

SPY, QQQ, TLT, BIL = (f'(asset "{ticker}" nil)' for ticker in ("SPY", "QQQ", "TLT", "BIL"))
HOT = '(> (rsi "SPY" {:window 10}) 79)'
HOTTER = '(> (rsi "SPY" {:window 10}) 80)'


def told(before: str, after: str) -> list[tuple[str, str, str]]:
    found = changes(a_symphony(before), a_symphony(after))
    return [(change.what, change.path, change.words) for change in found]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SPY, f'(group "Shares" [(weight-equal [{SPY}])])'),
        (f"(weight-specified 50 {SPY} 50 {TLT})", f"(weight-specified 0.5 {SPY} 0.5 {TLT})"),
        (f"(weight-specified 1 {SPY} 1 {TLT})", f"(weight-equal [{SPY} {TLT}])"),
        (f'(if (> (rsi "SPY" {{:window 10}}) 79.0) [{SPY}])', f"(if {HOT} [{SPY}] )"),
    ],
)
def test_spelling_is_no_change(before: str, after: str) -> None:
    """
    Names, layout, percents for fractions and weightings of one child change nothing.
    """
    assert [] == told(before, after)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (SPY, QQQ, ("changed", "Test", "SPY became QQQ")),
        (
            f"(if {HOT} [{SPY}] [{TLT}])",
            f"(if {HOTTER} [{SPY}] [{TLT}])",
            ("changed", "Test > if", "the condition rsi(SPY, 10) > 79 became rsi(SPY, 10) > 80"),
        ),
        (
            f"(if {HOT} [{SPY}] [{TLT}])",
            f'(if {HOT} [{SPY}] [(group "Bills" [(group "Short" [{BIL}])])])',
            ("changed", "Test > if > else > Bills > Short", "TLT became BIL"),
        ),
        (
            f"(weight-equal [{SPY} {TLT}])",
            f"(weight-equal [{SPY} {TLT} {BIL}])",
            ("added", "Test > weight-equal", "BIL was added"),
        ),
        (
            f"(weight-equal [{SPY} {BIL} {TLT}])",
            f"(weight-equal [{SPY} {TLT}])",
            ("removed", "Test > weight-equal", "BIL was removed"),
        ),
        (
            f"(weight-specified 60 {SPY} 40 {TLT})",
            f"(weight-specified 60 {SPY} 40 {BIL})",
            ("changed", "Test > weight-specified", "TLT became BIL"),
        ),
        (
            f"(filter (rsi {{:window 10}}) (select-top 1) [{SPY} {TLT}])",
            f"(filter (rsi {{:window 10}}) (select-top 1) [{TLT} {SPY}])",
            ("changed", "Test > filter", "its children stand in another order, which decides ties"),
        ),
        (
            f"(filter (rsi {{:window 10}}) (select-top 1) [{SPY} {TLT}])",
            f"(filter (rsi {{:window 10}}) (select-bottom 1) [{SPY} {TLT}])",
            ("changed", "Test > filter", "top 1 by rsi(10) became bottom 1 by rsi(10)"),
        ),
        (
            f"(weight-inverse-volatility 10 [{SPY} {TLT}])",
            f"(weight-inverse-volatility 20 [{SPY} {TLT}])",
            ("changed", "Test > weight-inverse-volatility", "inverse volatility (10) became inverse volatility (20)"),
        ),
        (SPY, f"(if {HOT} [{BIL}] [{SPY}])", ("added", "Test", "if rsi(SPY, 10) > 79 was put around SPY, beside BIL")),
        (
            f"(if {HOT} [{BIL}] [{SPY}])",
            SPY,
            ("removed", "Test", "if rsi(SPY, 10) > 79 around SPY was taken away, beside BIL"),
        ),
        (SPY, f"(if {HOT} [{SPY}])", ("added", "Test", "if rsi(SPY, 10) > 79 was put around SPY, beside cash")),
        (f"(weight-equal [{SPY} {TLT}])", BIL, ("changed", "Test", "equal weights of 2 became BIL")),
    ],
)
def test_one_change_is_told_in_words(before: str, after: str, change: tuple[str, str, str]) -> None:
    """
    What was added, taken away or changed, and where.
    """
    assert [change] == told(before, after)


def test_changed_shares_are_told_of_each_child() -> None:
    """
    Shares are told as percent of their sum.
    """
    found = told(f"(weight-specified 60 {SPY} 40 {TLT})", f"(weight-specified 1 {SPY} 3 {TLT})")

    assert ["60 % of SPY became 25 %", "40 % of TLT became 75 %"] == [words for _, _, words in found]


def test_a_question_before_another_leaves_the_other_alone() -> None:
    """
    An `if` whose else is the whole old strategy was put around it; nothing inside is told of.
    """
    old = f"(if {HOT} [{SPY}] [{TLT}])"

    assert [("added", "Test", "if rsi(SPY, 10) > 80 was put around if rsi(SPY, 10) > 79, beside BIL")] == told(
        old, f"(if {HOTTER} [{BIL}] [{old}])"
    )


def test_what_stands_in_several_places_is_told_once() -> None:
    """
    The same change below two parents is one change.
    """
    before, after = (f"(if {asked} [{SPY}] [{BIL}])" for asked in (HOT, HOTTER))

    found = told(
        f"(if {HOT} [{before}] [(weight-equal [{TLT} {before}])])",
        f"(if {HOT} [{after}] [(weight-equal [{TLT} {after}])])",
    )

    assert 1 == len(found)


def test_rebalancing_is_part_of_the_meaning() -> None:
    """
    The frequency is compared, too.
    """
    before, after = (a_symphony(SPY, settings=one) for one in ("{}", "{:rebalance-threshold 0.05}"))

    (change,) = changes(before, after)

    assert "rebalancing: daily became beyond 5 % of drift" == change.words


def drawn(text: str) -> Symphony:
    return compile_text(text, file="drawn.clj")


@given(texts(), texts())
def test_there_are_changes_exactly_when_fingerprints_differ(before: str, after: str) -> None:
    """
    No difference of meaning goes untold, and nothing is told of where there is none.
    """
    one, other = drawn(before), drawn(after)

    assert (one.fingerprint != other.fingerprint) == bool(changes(one, other))
    assert () == changes(one, drawn(one.text))


def test_sessions_apart_are_those_of_different_weights() -> None:
    """
    Above 100 the one holds SPY, above 110 the other; at 105 they are apart, and where only one can say.
    """
    one, other = (a_symphony(f'(if (> (current-price "SPY") {limit}) [{SPY}] [{BIL}])') for limit in (100, 110))
    closes = closes_of(SPY=[99, 105, 120, 105], BIL=[50, 50, 50, 50])

    found = [session for session, _, _ in compared(one, other, closes, closes.sessions).apart]

    assert [closes.sessions[1], closes.sessions[3]] == found


def test_a_session_only_one_can_decide_is_apart() -> None:
    """
    Undefined is not the same as any weights.
    """
    one, other = a_symphony(SPY), a_symphony(f'(if (> (rsi "SPY" {{:window 2}}) 0) [{SPY}] [{SPY}])')
    closes = closes_of(SPY=[99, 105, 120, 105])

    found = [session for session, _, _ in compared(one, other, closes, closes.sessions).apart]

    assert list(closes.sessions[:2]) == found
