"""
The folder of strategies: what is read, and all that is refused.
"""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from alchemiser.domain.errors import ConfigurationError, DslError, SignalUndefined
from alchemiser.domain.values import Symbol
from alchemiser.infrastructure.calendar import new_york
from alchemiser.infrastructure.simulation.market import SimulatedMarket
from alchemiser.infrastructure.strategy_files import StrategyFiles, write_text
from support.composer import SPY, a_tree

SHIPPED = Path(__file__).parents[3] / "strategies"


def a_text(name: str = "One", symbol: str = "SPY") -> str:
    return f'(defsymphony "{name}" {{:rebalance-frequency :daily}} (asset "{symbol}" nil))'


def a_folder(root: Path, *tables: str, files: Sequence[str] = ("one", "two")) -> StrategyFiles:
    for name in files:
        (root / f"{name}.clj").write_text(a_text(name.title()))
    (root / "portfolio.toml").write_text("\n".join(tables))
    return StrategyFiles(root)


def a_table(file: str | None = "one.clj", allocation: str = '"1"', *, plugin: str | None = None, more: str = "") -> str:
    named = f'file = "{file}"' if plugin is None else f'plugin = "{plugin}"'
    return f"[[strategy]]\n{named}\nallocation = {allocation}\n{more}\n"


@pytest.fixture
def calm_is_installed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Register the example the way an installed package does: by the metadata beside it on the path.
    """
    site = tmp_path_factory.mktemp("site")
    info = site / "calm_strategies-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: calm-strategies\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[alchemiser.strategies]\n"
        "calm = support.plugin.calm:CalmOrBills\n"
        "lost = support.plugin.calm:NoSuchThing\n"
        "odd = builtins:dict\n"
    )
    monkeypatch.syspath_prepend(str(site))


def test_the_book_is_in_the_order_of_its_file(tmp_path: Path) -> None:
    """
    Strategies and allocations come as written.
    """
    library = a_folder(tmp_path, a_table("two.clj", '"0.70"'), a_table("one.clj", '"0.3"'))

    book = library.book()

    assert [("Two", Decimal("0.70")), ("One", Decimal("0.3"))] == [(s.strategy.name, s.allocation) for s in book]


def test_the_shipped_book_is_whole() -> None:
    """
    The six strategies that are shipped compile, and their allocations are exact.
    """
    book = StrategyFiles(SHIPPED).book()

    assert ["Nuclear", "TECL", "KLM ensemble", "Harbor", "Relay", "Barbell"] == [s.name for s in book.strategies]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        pytest.param([], r"at least one \[\[strategy\]\] table, found none", id="empty"),
        pytest.param(['title = "mine"', a_table()], "found the key 'title'", id="unknown key at the top"),
        pytest.param([a_table(more="weight = 1")], "strategy 1: .* found the key 'weight'", id="unknown key"),
        pytest.param([a_table(more='plugin = "calm"')], "one of the keys file and plugin, found 2", id="both"),
        pytest.param(['[[strategy]]\nallocation = "1"'], "file and plugin, found 0", id="neither"),
        pytest.param(["[[strategy]]\nfile = 7"], "strategy 1: file: expected a name in quotes, found 7", id="number"),
        pytest.param(['[[strategy]]\nfile = "one.clj"'], "strategy 1: allocation: .* found None", id="none"),
        pytest.param([a_table(allocation="1.0")], "allocation: expected a decimal in quotes", id="float"),
        pytest.param([a_table(allocation='"1.5"')], "at most 1, .* found '1.5'", id="above one"),
        pytest.param([a_table(allocation='"0"')], "above 0 .* found '0'", id="zero"),
        pytest.param([a_table(allocation='"-0.5"')], "found '-0.5'", id="negative"),
        pytest.param([a_table(allocation='"NaN"')], "found 'NaN'", id="not a number"),
        pytest.param([a_table(allocation='"50%"')], "found '50%'", id="percent"),
        pytest.param([a_table(), a_table()], "strategy 2: file: .* found 'one.clj' again", id="twice"),
        pytest.param([a_table("three.clj")], r"file: expected .*three\.clj, found no such file", id="missing"),
        pytest.param([a_table("../one.clj")], "found '../one.clj'", id="outside"),
        pytest.param([a_table("ONE.clj")], "found 'ONE.clj'", id="capitals"),
        pytest.param([a_table("one.txt")], "ending in .clj, .json or .edn, found 'one.txt'", id="suffix"),
        pytest.param([a_table(plugin="absent")], "one plug-in 'absent' .* found 0", id="no plug-in"),
        pytest.param(["[[strategy]"], "expected a TOML file", id="no TOML"),
        pytest.param(["strategy = 3"], "strategy: expected at least one", id="no table"),
        pytest.param(
            [a_table(allocation='"0.333"'), a_table("two.clj", '"0.666"')],
            "allocation: expected a sum of exactly 1, found 0.999",
            id="sum below one",
        ),
        pytest.param(
            [a_table(allocation='"0.6"'), a_table("two.clj", '"0.400000000001"')],
            "exactly 1, found 1.000000000001",
            id="sum above one",
        ),
    ],
)
def test_bad_portfolio(tmp_path: Path, tables: list[str], message: str) -> None:
    """
    A portfolio file with anything wrong in it is refused as a whole, naming the file and the key.
    """
    library = a_folder(tmp_path, *tables)

    with pytest.raises(ConfigurationError, match=message) as refused:
        library.book()

    assert "portfolio.toml" in str(refused.value)


def test_no_portfolio(tmp_path: Path) -> None:
    """
    A folder without its portfolio file is refused, naming it.
    """
    with pytest.raises(ConfigurationError, match=r"portfolio\.toml: expected a portfolio file"):
        StrategyFiles(tmp_path).book()


def test_two_strategies_of_one_name(tmp_path: Path) -> None:
    """
    Two files whose strategies call themselves the same could not be told apart in the records.
    """
    library = a_folder(tmp_path, a_table("one.clj", '"0.5"'), a_table("two.clj", '"0.5"'))
    (tmp_path / "two.clj").write_text(a_text("One", "BIL"))

    with pytest.raises(ConfigurationError, match="found two strategies named 'One'"):
        library.book()


def test_link_out_of_the_folder(tmp_path: Path) -> None:
    """
    A link that leads out of the folder is not followed.
    """
    outside = tmp_path / "outside.clj"
    outside.write_text(a_text())
    root = tmp_path / "strategies"
    root.mkdir()
    library = a_folder(root, a_table("link.clj"))
    (root / "link.clj").symlink_to(outside)

    with pytest.raises(ConfigurationError, match=r"link\.clj leads out of"):
        library.book()


def test_load_by_name(tmp_path: Path) -> None:
    """
    A plain name is a file of the folder, in the portfolio or not.
    """
    library = a_folder(tmp_path, a_table("one.clj"))

    strategy = library.load("two")

    assert "Two" == strategy.name


def test_load_by_path(tmp_path: Path) -> None:
    """
    A path is read wherever it lies.
    """
    path = tmp_path / "Elsewhere.clj"
    path.write_text(a_text("Elsewhere"))

    strategy = StrategyFiles(SHIPPED).load(str(path))

    assert "Elsewhere" == strategy.name


@pytest.mark.parametrize("name", ["absent", "No Such Name", "", "absent.clj", "./absent"])
def test_load_nothing(tmp_path: Path, name: str) -> None:
    """
    A name or path that leads to nothing is a matter of configuration.
    """
    with pytest.raises(ConfigurationError):
        StrategyFiles(tmp_path).load(name)


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    """
    Bytes that are no text are an error of the strategy file, named.
    """
    path = tmp_path / "odd.clj"
    path.write_bytes(b'(defsymphony "\xff")')

    with pytest.raises(DslError, match=r"odd\.clj: expected UTF-8 text"):
        StrategyFiles(tmp_path).load(str(path))


def test_file_beyond_the_limit(tmp_path: Path) -> None:
    """
    A file above 16 MB is refused before it is read.
    """
    path = tmp_path / "large.clj"
    with path.open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)

    with pytest.raises(DslError, match="at most 16777216 bytes, found 16777217"):
        StrategyFiles(tmp_path).load(str(path))


@pytest.mark.usefixtures("calm_is_installed")
def test_python_strategy_beside_a_file(tmp_path: Path) -> None:
    """
    A plug-in takes its place in the book like any file.
    """
    library = a_folder(tmp_path, a_table("one.clj", '"0.5"'), a_table(plugin="calm", allocation='"0.5"'))

    book = library.book()

    assert ["One", "Calm or bills"] == [strategy.name for strategy in book.strategies]


@pytest.mark.usefixtures("calm_is_installed")
def test_python_strategy_decides(tmp_path: Path) -> None:
    """
    A plug-in is evaluated on the same panel and tells what it decided on.
    """
    strategy = StrategyFiles(tmp_path).load("calm")
    closes = SimulatedMarket(new_york()).closes(strategy.requirements.symbols, through=date(2026, 7, 31))

    evaluation = strategy.evaluate(closes)
    held = [dict(evaluation.signal(session).weights) for session in closes.sessions[-1_000:]]

    assert {Symbol("SPY"): Decimal(1)} in held
    assert {Symbol("BIL"): Decimal(1)} in held


@pytest.mark.usefixtures("calm_is_installed")
def test_python_strategy_without_enough_history(tmp_path: Path) -> None:
    """
    A plug-in says when it cannot say anything.
    """
    strategy = StrategyFiles(tmp_path).load("calm")
    closes = SimulatedMarket(new_york()).closes(strategy.requirements.symbols, through=date(2009, 1, 12))

    with pytest.raises(SignalUndefined, match="fewer than 21 closes of SPY"):
        strategy.evaluate(closes).signal(date(2009, 1, 12))


@pytest.mark.usefixtures("calm_is_installed")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("lost", "cannot be made: .*NoSuchThing", id="attribute that is not there"),
        pytest.param("odd", "expected an object with name, fingerprint, requirements", id="no strategy"),
        pytest.param("absent", "found 0; known: calm, lost, odd", id="unknown"),
    ],
)
def test_bad_plugin(tmp_path: Path, name: str, message: str) -> None:
    """
    A plug-in that cannot be found, made or used is refused by name.
    """
    with pytest.raises(ConfigurationError, match=message):
        StrategyFiles(tmp_path).load(name)


@pytest.mark.parametrize("suffix", ["json", "edn"])
def test_trees_take_their_place_in_the_book(tmp_path: Path, suffix: str) -> None:
    """
    A file of Composer's JSON or EDN is a strategy by its name, as a `.clj` is.
    """
    text = json.dumps(a_tree(SPY, name="Tree"))
    (tmp_path / f"tree.{suffix}").write_text(text.replace(": ", " ") if suffix == "edn" else text)
    library = a_folder(tmp_path, a_table(f"tree.{suffix}"))

    assert ["Tree", "Tree"] == [library.book().strategies[0].name, library.load("tree").name]


def test_two_notations_of_one_name(tmp_path: Path) -> None:
    """
    A name that two files share is refused; a path tells them apart.
    """
    library = a_folder(tmp_path, a_table("one.clj"))
    (tmp_path / "one.json").write_text("{}")

    with pytest.raises(ConfigurationError, match=r"found one\.clj, one\.json; give its path"):
        library.load("one")


def test_a_file_is_written_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    """
    What was there is replaced through links, with its permissions; no draft is left.
    """
    file, link = tmp_path / "one.clj", tmp_path / "link.clj"
    file.write_text("before")
    file.chmod(0o600)
    link.symlink_to(file)

    write_text(link, "after")

    assert ("after", 0o600, True) == (file.read_text(), file.stat().st_mode & 0o777, link.is_symlink())
    assert {"one.clj", "link.clj"} == {path.name for path in tmp_path.iterdir()}


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """
    A folder that is not there is a matter of configuration.
    """
    with pytest.raises(ConfigurationError, match="the file cannot be written"):
        write_text(tmp_path / "absent" / "one.clj", "after")
