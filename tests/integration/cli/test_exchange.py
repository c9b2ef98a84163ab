import json
from pathlib import Path

import pytest

from support.bars import SWITCH, write_strategy
from support.commands import Alchemiser
from support.composer import SPY, a_tree

SHIPPED = Path(__file__).parents[3] / "strategies"


def fingerprint_of(alchemiser: Alchemiser, name: str) -> str:
    """
    Return what `strategies show` says of a file.
    """
    return str(json.loads(alchemiser("strategies", "show", name, "--json").out)["fingerprint"])


@pytest.mark.parametrize("notation", ["clj", "json", "edn"])
@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.clj")), ids=lambda path: path.stem)
def test_shipped_strategies_go_out_and_come_back(
    alchemiser: Alchemiser, tmp_path: Path, path: Path, notation: str
) -> None:
    """
    Exported and imported again, every shipped strategy has its fingerprint.
    """
    out = tmp_path / f"out.{notation}"

    codes = [
        alchemiser("strategies", "export", str(path), "--format", notation, "--output", str(out)).code,
        alchemiser("strategies", "import", str(out), "--output", "back.clj").code,
    ]

    assert [0, 0] == codes
    assert fingerprint_of(alchemiser, str(path)) == fingerprint_of(alchemiser, "back.clj")


def test_every_command_on_strategies_takes_json_and_edn(alchemiser: Alchemiser) -> None:
    """
    The weights of a strategy do not depend on the notation of its file.
    """
    for notation in ("json", "edn"):
        alchemiser("strategies", "export", "switch.clj", "--format", notation, "--output", f"switch.{notation}")

    files = ("switch.clj", "switch.json", "switch.edn")
    told = {alchemiser("signal", file, "--bars", "bars.csv", "--json").out for file in files}

    assert 1 == len(told)
    assert [0, 0, 0] == [alchemiser("explain", file, "--bars", "bars.csv").code for file in files]
    assert 0 == alchemiser("strategies", "validate", "switch.json", "switch.edn").code


def test_a_file_of_any_name_is_imported(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    What was pasted into a text file is known by how it begins; the canonical text goes to stdout.
    """
    (tmp_path / "pasted.txt").write_text(json.dumps(json.dumps(a_tree(SPY))), encoding="utf-8")

    ended = alchemiser("strategies", "import", "pasted.txt")

    assert (0, "") == (ended.code, ended.err)
    assert ended.out.startswith('(defsymphony "Test"')


def test_a_refused_file_is_told_with_its_path(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    An unknown field ends with 1, its path in words and on its own for programs; nothing is written.
    """
    (tmp_path / "bad.json").write_text(json.dumps(a_tree({**SPY, "leverage": 3})), encoding="utf-8")

    ended = alchemiser("strategies", "import", "bad.json", "--output", "good.clj")
    told = json.loads(alchemiser("strategies", "validate", "bad.json", "--json").out)

    assert (1, "") == (ended.code, ended.out)
    assert "error: bad.json: $.children[0].children[0].leverage: expected only fields that asset has" in ended.err
    assert ("bad.json", "$.children[0].children[0].leverage") == (told["file"], told["path"])
    assert not (tmp_path / "good.clj").exists()


@pytest.mark.parametrize(
    ("output", "words"),
    [("switch.clj", "expected a name that is free, found the file switch.clj"), ("a.json", "ending in .clj")],
)
def test_nothing_is_overwritten(alchemiser: Alchemiser, output: str, words: str) -> None:
    """
    A file that is there, and a name of another notation, are refused as usage.
    """
    ended = alchemiser("strategies", "import", "switch.clj", "--output", output)

    assert 2 == ended.code
    assert words in ended.err


def test_words_that_composer_lacks_are_noted(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    An export that only alchemiser can read says so.
    """
    write_strategy(tmp_path / "odd.clj", '(if (not (> (rsi "SPY" 3) 1)) [(asset "SPY" nil)])')

    ended = alchemiser("strategies", "export", "odd.clj", "--format", "json")

    assert 0 == ended.code
    assert "note: Composer has no words for not; only alchemiser reads this text" in ended.err
    assert "not" == json.loads(ended.out)["children"][0]["children"][0]["children"][0]["condition"]["type"]


def test_what_is_too_deep_for_a_notation_is_refused(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    EDN nests deeper than the text it came from; what could not be read back is not handed out.
    """
    head, tail = '(if (> (rsi "SPY" 3) 1) [(asset "SPY" nil)] [', "])"
    write_strategy(tmp_path / "deep.clj", head * 300 + '(asset "SPY" nil)' + tail * 300)

    codes = {name: alchemiser("strategies", "export", "deep.clj", "--format", name).code for name in ("json", "edn")}

    assert {"json": 0, "edn": 1} == codes


def test_files_are_laid_out_in_place(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    A file that is not in its layout is rewritten once, with its leading comment.
    """
    (tmp_path / "loose.clj").write_text('; mine\n(defsymphony   "L" {}\n(asset "SPY" nil))', encoding="utf-8")

    told = [alchemiser("strategies", "fmt", *more, "loose.clj") for more in (["--check"], [], [], ["--check"])]

    assert [(1, "would change"), (0, "changed"), (0, "unchanged"), (0, "unchanged")] == [
        (one.code, one.out.strip().removeprefix("loose.clj: ")) for one in told
    ]
    assert '; mine\n(defsymphony "L" {} (asset "SPY" nil))\n' == (tmp_path / "loose.clj").read_text(encoding="utf-8")


def test_one_file_does_not_hide_the_next(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    A file with a comment inside is left as it is, one that is not there is named, and the others are laid out.
    """
    text = f'(defsymphony "C" {{}} ; why\n {SWITCH})'
    (tmp_path / "commented.clj").write_text(text, encoding="utf-8")

    ended = alchemiser("strategies", "fmt", "commented.clj", "absent.clj", "tree.json", "switch.clj")

    assert 3 == ended.code
    assert "commented.clj:1:21: expected comments before or after the strategy only" in ended.err
    assert "absent.clj: expected a strategy file, found no such file" in ended.err
    assert "tree.json: expected a .clj file to lay out" in ended.err
    assert "switch.clj: " in ended.out
    assert text == (tmp_path / "commented.clj").read_text(encoding="utf-8")


def test_comments_are_dropped_when_told_so(alchemiser: Alchemiser, tmp_path: Path) -> None:
    """
    With the option the comment inside goes, the meaning stays.
    """
    (tmp_path / "commented.clj").write_text(f'(defsymphony "C" {{}} ; why\n {SWITCH})', encoding="utf-8")
    before = fingerprint_of(alchemiser, "commented.clj")

    ended = alchemiser("strategies", "fmt", "--drop-comments", "commented.clj")

    assert 0 == ended.code
    assert before == fingerprint_of(alchemiser, "commented.clj")
    assert ";" not in (tmp_path / "commented.clj").read_text(encoding="utf-8")
