import json
from collections.abc import Callable
from pathlib import Path

import pytest

from alchemiser.application.ports.strategies import Written
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.ops import AssetOp
from alchemiser.domain.strategy.plan import merged
from alchemiser.domain.strategy.stock import Stock
from alchemiser.domain.strategy.symphony import Symphony
from alchemiser.domain.values import as_symbol
from alchemiser.infrastructure.compiled.files import CompiledFiles, cache_folder
from alchemiser.infrastructure.compiled.trees import book_of, plain_book
from alchemiser.infrastructure.strategy_files import StrategyFiles

SHIPPED = Path(__file__).parents[4] / "strategies"


def shipped() -> list[Written]:
    """
    The texts of the strategies that ship.
    """
    return [Written(file=str(path), text=path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.clj"))]


def compiled(texts: list[Written]) -> tuple[Symphony, ...]:
    """
    The texts compiled as one book.
    """
    stock = Stock()
    return tuple(compile_text(one.text, file=one.file, stock=stock) for one in texts)


def told(book: tuple[Symphony, ...]) -> list[tuple[object, ...]]:
    """
    All that a compiled strategy says.
    """
    return [(one.text, one.file, one.fingerprint, one.requirements, one.rebalance, one.plan.ops) for one in book]


def kept_in(folder: Path) -> tuple[CompiledFiles, Path]:
    """
    The shipped book kept in a folder, and the file it is in.
    """
    kept = CompiledFiles(folder)
    kept.keep(shipped(), compiled(shipped()))
    (file,) = folder.iterdir()
    return kept, file


def test_a_kept_book_is_found_as_it_was(tmp_path: Path) -> None:
    """
    What was kept comes back saying the same: texts, fingerprints, requirements and operations.
    """
    kept, _ = kept_in(tmp_path / "cache")

    found = kept.find(shipped())

    assert found is not None
    assert told(compiled(shipped())) == told(found)


def test_a_kept_fingerprint_is_that_of_its_tree(tmp_path: Path) -> None:
    """
    The fingerprint that comes back is the one its tree has.
    """
    found = kept_in(tmp_path)[0].find(shipped()) or ()

    assert [one.plan.digest(one.rebalance) for one in found] == [one.fingerprint for one in found]


def test_another_text_is_not_found(tmp_path: Path) -> None:
    """
    One changed character makes another book.
    """
    kept, _ = kept_in(tmp_path)
    first, *rest = shipped()

    assert kept.find([Written(file=first.file, text=first.text + " "), *rest]) is None


def test_texts_are_not_mistaken_for_each_other_joined(tmp_path: Path) -> None:
    """
    The same characters cut into other texts are another book.
    """
    kept, _ = kept_in(tmp_path)
    texts = shipped()

    assert kept.find([Written(file="all.clj", text="".join(one.text for one in texts))]) is None


def _cut(content: bytes) -> bytes:
    return content[:-10]


def _altered(content: bytes) -> bytes:
    return content.replace(b'"SPY"', b'"QQQ"')


def _empty(content: bytes) -> bytes:
    return content[:0]


@pytest.mark.parametrize("harm", [_cut, _altered, _empty])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    """
    A file that does not match its own hash is not believed.
    """
    kept, file = kept_in(tmp_path)
    before = file.read_bytes()
    file.write_bytes(harm(before))

    assert before != file.read_bytes()
    assert kept.find(shipped()) is None


def test_a_folder_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    """
    What another user could have written is neither read nor added to.
    """
    kept, file = kept_in(tmp_path)
    tmp_path.chmod(0o777)

    assert kept.find(shipped()) is None
    file.unlink()
    kept.keep(shipped(), compiled(shipped()))
    assert [] == list(tmp_path.iterdir())


def test_files_are_private(tmp_path: Path) -> None:
    """
    A kept book belongs to its owner alone.
    """
    _, file = kept_in(tmp_path / "cache")

    assert (0o600, 0o700) == (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777)


def test_a_folder_that_cannot_be_made_fails_nothing(tmp_path: Path) -> None:
    """
    Where nothing can be kept, nothing is, and the book is read from its text.
    """
    (tmp_path / "file").write_text("", encoding="utf-8")
    kept = CompiledFiles(tmp_path / "file" / "cache")

    book = StrategyFiles(SHIPPED, kept=kept).book()

    assert kept.find(shipped()) is None
    assert [sleeve.strategy.fingerprint for sleeve in StrategyFiles(SHIPPED).book()] == [
        sleeve.strategy.fingerprint for sleeve in book
    ]


def test_a_library_finds_what_it_has_kept(tmp_path: Path) -> None:
    """
    The second time, a book and a single strategy come from the folder and are the same.
    """
    library = StrategyFiles(SHIPPED, kept=CompiledFiles(tmp_path))
    first = [one.fingerprint for one in library.book().strategies], library.load("klm").fingerprint

    again = [one.fingerprint for one in library.book().strategies], library.load("klm").fingerprint

    assert 2 == len(list(tmp_path.iterdir()))
    assert first == again


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"ALCHEMISER_CACHE": "off", "HOME": "/home/me"}, None),
        ({"ALCHEMISER_CACHE": "/there", "HOME": "/home/me"}, Path("/there")),
        ({"XDG_CACHE_HOME": "/cache", "HOME": "/home/me"}, Path("/cache/alchemiser")),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, Path("/home/me/.cache/alchemiser")),
        ({"HOME": "/home/me"}, Path("/home/me/.cache/alchemiser")),
        ({}, None),
    ],
)
def test_where_books_are_kept(environment: dict[str, str], folder: Path | None) -> None:
    """
    The variable names the folder or switches it off; otherwise it is in the user's cache.
    """
    assert folder == cache_folder(environment)


def lists(**changes: object) -> dict[str, object]:
    """
    A book of one asset as lists, with changes.
    """
    strategy = ["A", 0, [0], ["every", "daily"], "f", ["SPY"], 1]
    book: dict[str, object] = {"parts": [["asset", "SPY"]], "ops": [["asset", "SPY"]], "numbers": [0]}
    return {**book, "strategies": [strategy], **changes}


def test_lists_of_one_asset_are_a_book() -> None:
    """
    What the next test changes is a book as it stands.
    """
    (symphony,) = book_of(lists(), ["a.clj"])

    assert (("SPY",), "a.clj") == (symphony.requirements.symbols, symphony.file)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        lists(strategies=[]),
        lists(strategies=[["A", 1, [0], ["every", "daily"], "f", ["SPY"], 1]]),
        lists(strategies=[["A", 0, [0], ["every", "now"], "f", ["SPY"], 1]]),
        lists(strategies=[["A", 0, [0], ["every", "daily"], "f", ["TLT"], 1]]),
        lists(strategies=[["A", 0, ["every", "daily"], "f", ["SPY"], 1]]),
        lists(parts=[["asset", "not a ticker"]]),
        lists(parts=[["asset"]]),
        lists(parts=[["exec", "rm"]]),
        lists(parts=[[]]),
        lists(parts=[["specified", ["x"], [0]]]),
        lists(parts=[["if", 0, 0, 0]]),
        lists(parts="SPY"),
        lists(ops=[["asset", "TLT"]]),
        lists(ops=[["exec", "rm"]]),
        lists(ops=[["if", 0]]),
        lists(ops=[["number", "x"]]),
        lists(numbers=[]),
        lists(numbers=[0, 0]),
    ],
)
def test_lists_that_are_no_book_are_refused(plain: object) -> None:
    """
    Lists of another shape are a ValueError, which the folder takes for a book it does not know.
    """
    with pytest.raises(ValueError, match=r"expected|not a valid|zip"):
        book_of(plain, ["a.clj"])


def test_a_kept_book_goes_on_like_any_other(tmp_path: Path) -> None:
    """
    Lowering its trees again finds every operation, in the same order; with other strategies it merges.
    """
    found = kept_in(tmp_path)[0].find(shipped()) or ()
    other = compile_text('(defsymphony "B" {} (weight-equal [(asset "SPY" nil) (asset "XYZ" nil)]))')
    graph = found[0].plan.graph
    count = len(graph.ops)

    again = [graph.order(one.plan.order[-1]) for one in found]
    merged_ops = merged([*(one.plan for one in found), other.plan])[0].ops

    assert [one.plan.order for one in found] == again
    assert count == graph.add(AssetOp(as_symbol("XYZ")))
    assert list(range(count)) == [graph.add(op) for op in graph.ops[:count]]
    assert count < len(merged_ops)


def test_every_kind_of_node_survives_json() -> None:
    """
    A strategy of every clause is the same after it was written as JSON and read back.
    """
    text = """
    (defsymphony "All" {:rebalance-threshold 0.05}
      (if (and (or (> (rsi "A" {:window 5}) 70) (not (= (current-price "B") 3.5)))
               (< (upper-bollinger "A" {:window 5 :standard-deviations 1.5}) (cumulative-return "A" {:window 2})))
        [(weight-specified 0.3 (asset "A" nil)
                           0.7 (group "G" [(weight-inverse-volatility 5 [(asset "A" nil) (asset "B" nil)])]))]
        [(filter (stdev-return {:window 3}) (select-bottom 1)
           [(weight-equal [(asset "A" nil) (asset "C" nil)]) (if (> 1 2) [(asset "D" nil)])])]))
    """
    book = (compile_text(text, file="all.clj"),)

    assert told(book) == told(book_of(json.loads(json.dumps(plain_book(book))), ["all.clj"]))
