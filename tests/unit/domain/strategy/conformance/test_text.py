"""
How a text is read: one strategy for each rule.
"""

import pytest

from alchemiser.domain.errors import DslCompileError
from alchemiser.domain.strategy.compiler import compile_text
from support.symphonies import closes_of, last_weights


def held(text: str) -> object:
    """
    The weights of a text on one session with closes of SPY and TLT.
    """
    return last_weights(compile_text(text).evaluate(closes_of(SPY=[1.0], TLT=[1.0])))


def test_whitespace_and_commas_separate() -> None:
    """
    Commas, tabs and new lines stand where a blank may: SPY has 1 of 1 + 3, TLT 3 of it.
    """
    text = '(defsymphony,"a",{},(weight-specified,1\t(asset,"SPY",nil)\r\n,,3(asset"TLT"nil)))'

    assert {"SPY": "0.25", "TLT": "0.75"} == held(text)


def test_a_semicolon_starts_a_comment_to_the_end_of_the_line() -> None:
    """
    The first asset is written in a comment, brackets and quotes included, so TLT alone is held.
    """
    text = '; (((\n(defsymphony "a" {} ; "\n (weight-equal [ ; (asset "SPY" nil)\n (asset "TLT" nil)])) ; )'

    assert {"TLT": "1"} == held(text)


def test_lists_vectors_and_maps_have_their_own_brackets() -> None:
    """
    The children of a weighting stand in [ ]; the same in ( ) means something else and is refused.
    """
    assert {"SPY": "1"} == held('(defsymphony "a" {} (weight-equal [(asset "SPY" nil)]))')
    with pytest.raises(DslCompileError, match="expected a vector of holdings"):
        held('(defsymphony "a" {} (weight-equal ((asset "SPY" nil))))')


def test_strings_take_backslash_escapes() -> None:
    """
    Escaped quotes and a semicolon stay inside the display name: SPY is held, and the text does not end early.
    """
    assert {"SPY": "1"} == held(r'(defsymphony "a" {} (asset "SPY" "the \"S&P\" \\ 500; [nil"))')


@pytest.mark.parametrize("number", ["79", "+79", "79.0", "79.", "7.9e1", "790E-1", "0079"])
def test_numbers_are_whole_or_decimal_with_a_sign(number: str) -> None:
    """
    Each spelling is 79, so `=` holds and SPY is held.
    """
    body = f'(if (= {number} 79) [(asset "SPY" nil)] [(asset "TLT" nil)])'

    assert {"SPY": "1"} == held(f'(defsymphony "a" {{}} {body})')


@pytest.mark.parametrize(
    ("number", "equal"), [("-33", "-33.0"), ("62.1995", "62.19950"), (".5", "0.5"), ("-.5", "-0.5")]
)
def test_thresholds_of_real_files_are_numbers(number: str, equal: str) -> None:
    """
    Negative thresholds and those of many decimals are kept exactly.
    """
    body = f'(if (= {number} {equal}) [(asset "SPY" nil)] [(asset "TLT" nil)])'

    assert {"SPY": "1"} == held(f'(defsymphony "a" {{}} {body})')


def test_nil_is_no_display_name() -> None:
    """
    `nil` stands where a name is missing, `true` does not.
    """
    assert {"SPY": "1"} == held('(defsymphony "a" {} (asset "SPY" nil))')
    with pytest.raises(DslCompileError, match=r'expected \(asset "TICKER" "name" or nil\)'):
        held('(defsymphony "a" {} (asset "SPY" true))')


def test_a_file_holds_one_symphony() -> None:
    """
    A comment after the strategy is nothing; a second strategy, or a stray number, is refused.
    """
    one = '(defsymphony "a" {} (asset "SPY" nil))'

    assert {"SPY": "1"} == held(f"{one} ; the end")
    for rest in (one, "0"):
        with pytest.raises(DslCompileError, match="expected the end of the text"):
            held(f"{one} {rest}")
