from alchemiser.domain.strategy.printer import formatted, printed
from alchemiser.domain.strategy.reader import read
from support.symphonies import a_symphony

BODY = """(if (and (> (rsi "SPY" 10) 79) (not (< (stdev-price {:window 3} (group "A \\"b\\"" [(asset "SPY" "x")])) 20)))
 [(asset "TLT" nil) (asset "SPY" nil)]
 [(filter (max-drawdown {:window 5}) (select-bottom 1)
   [(weight-specified 60 (asset "SPY" nil) 40 (asset "TLT" nil))
    (weight-inverse-volatility 20 [(asset "SPY" nil) (asset "GLD" nil)])])])"""

CANONICAL = """\
(defsymphony "Test"
  {:asset-class "EQUITIES", :rebalance-threshold 0.05}
  (if (and (> (rsi "SPY" {:window 10}) 79)
      (not (< (stdev-price {:window 3} (group "A \\"b\\"" [(asset "SPY" nil)])) 20)))
    [(weight-equal [(asset "TLT" nil) (asset "SPY" nil)])]
    [(filter (max-drawdown {:window 5})
       (select-bottom 1)
       [(weight-specified 60 (asset "SPY" nil) 40 (asset "TLT" nil))
        (weight-inverse-volatility 20 [(asset "SPY" nil) (asset "GLD" nil)])])]))
"""


def test_a_strategy_has_one_canonical_text() -> None:
    """
    Spelling variants, display names and layout become one text, with short lines.
    """
    assert CANONICAL == a_symphony(BODY, settings="{:rebalance-threshold 0.05}").text


def test_a_form_keeps_what_was_written() -> None:
    """
    On one line or many, a form keeps its display names and numbers as they were spelled.
    """
    (form,) = read('(weight-specified 0.50 (asset "SPY" "S&P 500"), 50.0 (asset "TLT" nil))')

    assert printed(form) == '(weight-specified 0.50 (asset "SPY" "S&P 500") 50.0 (asset "TLT" nil))'
    assert formatted(form) == printed(form)


def test_fingerprints_are_a_promise() -> None:
    """
    Stored signals name the rule they came from, so a fingerprint stays what it is.
    """
    found = [a_symphony('(asset "SPY" nil)').fingerprint, a_symphony(BODY).fingerprint]

    assert [
        "4510257b4b4156636697fdde5c59230586126499367f18c2087ab5b0cf7c9181",
        "7ca294a2c62ab19366f73c21555d52b1ff740d47c7bc990797153bf004697a66",
    ] == found
