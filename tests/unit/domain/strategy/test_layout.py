import pytest

from alchemiser.domain.errors import DslCompileError, DslSyntaxError
from alchemiser.domain.strategy.layout import Comments, laid_out

INSIDE = '; above\n\n; more\n(defsymphony "T; not a comment" {} ; inside "\n (asset "SPY" "S&P"))  ; after\n'


def test_words_stay_as_they_were_written() -> None:
    """
    Display names, old spellings and digits are kept; lines and blanks are not.
    """
    text = (
        '(defsymphony "T" {}\n\n (if-then-else (> (rsi   "SPY" 10) 79.50) [(asset "SPY" "S&P 500")] [(asset "TLT")]))'
    )

    assert (
        '(defsymphony "T"\n  {}\n  (if-then-else (> (rsi "SPY" 10) 79.50) [(asset "SPY" "S&P 500")] [(asset "TLT")]))\n'
    ) == laid_out(text, Comments.REFUSE)


def test_a_comment_inside_is_not_lost_silently() -> None:
    """
    The refusal points at the comment and says what to do.
    """
    with pytest.raises(DslCompileError, match="move it up, or give --drop-comments") as refused:
        laid_out(INSIDE, Comments.REFUSE)

    assert refused.value.span is not None
    assert (4, 36) == (refused.value.span.line, refused.value.span.column)


def test_a_comment_inside_is_dropped_when_told_so() -> None:
    """
    Comments before and after the strategy stay all the same.
    """
    wanted = '; above\n\n; more\n(defsymphony "T; not a comment" {} (asset "SPY" "S&P"))\n; after\n'

    assert [wanted] * 2 == [laid_out(text, Comments.DROP) for text in (INSIDE, wanted)]


def test_what_is_no_strategy_is_not_laid_out() -> None:
    """
    A text that cannot be read is refused as it stands.
    """
    with pytest.raises(DslSyntaxError):
        laid_out("(defsymphony", Comments.DROP)
