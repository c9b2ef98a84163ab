"""
Texts made to hurt: as deep, as wide or as repetitive as their size allows.

Every entry takes the number of characters it may have. Run as a program, one entry is compiled at its full size in a
process of its own, under limits of time and memory: `python -m fuzz.hostile NAME`.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alchemiser.domain.strategy.reader import SIZE_LIMIT
from fuzz.verdict import Notation, judged

SECONDS_LIMIT = 30
MEGABYTES_LIMIT = 1_024

_ASSET = '(asset "SPY" nil)'


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordeal:
    """
    What became of a hostile text: `why` is empty when it ended well.
    """

    name: str
    outcome: str
    why: str
    seconds: float
    megabytes: int


def _strategy(body: str, *, name: str = "a", settings: str = "{}") -> str:
    return f'(defsymphony "{name}" {settings} {body})'


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda size: piece * (size // len(piece))


def _inside(start: str, piece: str, end: str) -> Callable[[int], str]:
    return lambda size: start + piece * ((size - len(start) - len(end)) // len(piece)) + end


def _counted(start: str, piece: str, end: str) -> Callable[[int], str]:
    # Numbered pieces differ from each other: nothing is shared. A third of the size stays below a million forms.
    return lambda size: (
        start + " ".join(piece.replace("#", str(one)) for one in range(1, size // len(piece) // 6)) + end
    )


def _nested(opener: str, closer: str, depth: int) -> Callable[[int], str]:
    return lambda size: _strategy(
        opener * min(depth, size // len(opener + closer)) + _ASSET + closer * min(depth, size // len(opener + closer))
    )


def _doubled(size: int) -> str:
    body = _ASSET
    while len(body) < size // 3:
        body = f"(weight-equal [{body} {body}])"
    return _strategy(body)


def _doubled_apart(size: int) -> str:
    body, depth = _ASSET, 0
    while len(body) < size // 3:
        depth += 1
        body = f"(weight-specified {depth} {body} 1 (if (> {depth} 1) [{body}]))"
    return _strategy(body)


def _too_long(size: int) -> str:
    return " " * max(size, SIZE_LIMIT + 1)


_CONDITION = f"(if (> 2 1) [{_ASSET}])"
_HEAD = '(defsymphony "a" {} '

TEXTS: Mapping[str, Callable[[int], str]] = {
    "open lists": _repeated("("),
    "open vectors": _repeated("["),
    "open maps": _repeated("{"),
    "open of all kinds": _repeated("([{"),
    "closers": _repeated(")"),
    "empty lists": _repeated("()"),
    "open clauses": _repeated('(group "g" ['),
    "names": _repeated("ab "),
    "numbers": _repeated("1 "),
    "keywords": _repeated(":a "),
    "quotes": _repeated('"'),
    "empty strings": _repeated('"" '),
    "comments": _repeated(";\n"),
    "one comment": _repeated(";"),
    "commas": _repeated(", "),
    "lines and a stray character": _inside("", "\n", "@"),
    "nested comments and quotes": _repeated(';"\n"'),
    "an endless string": _inside('"', "a", ""),
    "an endless string of escaped quotes": _inside('"', '\\"', ""),
    "an endless string of backslashes": _inside('"', "\\\\", "\\"),
    "a bad escape at the end": _inside('"', "\\n", '\\q"'),
    "a huge name": _inside(_HEAD, "a", ")"),
    "a huge keyword": _inside('(defsymphony "a" {:', "a", " 1} 1)"),
    "a huge ticker": _inside(f'{_HEAD}(asset "', "A", '" nil))'),
    "a huge display name": _inside(f'{_HEAD}(asset "SPY" "', "A", '"))'),
    "a huge strategy name": _inside('(defsymphony "', "A", f'" {{}} {_ASSET})'),
    "a huge group name": lambda size: _strategy(f'(group "{"A" * (size // 2)}" [{_ASSET}])'),
    "a huge number": _inside(f'{_HEAD}(if (> (rsi "SPY" 10) ', "9", f") [{_ASSET}]))"),
    "a number of many decimals": _inside(f'{_HEAD}(if (> (rsi "SPY" 10) 0.', "1", f") [{_ASSET}]))"),
    "a number of zeros": _inside(f'{_HEAD}(if (> (rsi "SPY" 10) ', "0", f") [{_ASSET}]))"),
    "a number that is none": _inside(f'{_HEAD}(if (> (rsi "SPY" 10) ', "9", f"x) [{_ASSET}]))"),
    "a number of points": _inside(f'{_HEAD}(if (> (rsi "SPY" 10) ', "9.", f") [{_ASSET}]))"),
    "a huge window": _inside(f'{_HEAD}(if (> (rsi "SPY" {{:window ', "9", f"}}) 1) [{_ASSET}]))"),
    "a tiny weight": _inside(f"{_HEAD}(weight-specified 0.", "1", f" {_ASSET} 1 {_ASSET}))"),
    "an exponent": lambda _: _strategy(f"(weight-specified 1e999 {_ASSET} 1e-999 {_ASSET})"),
    "a giant window": lambda _: _strategy(f'(if (> (rsi "SPY" 1e17) 1) [{_ASSET}])'),
    "a million children": _inside(f"{_HEAD}(weight-equal [", f"{_ASSET} ", "]))"),
    "a million numbers as children": _inside(f"{_HEAD}(weight-equal [", "1 ", "]))"),
    "distinct children": _counted(f"{_HEAD}(weight-equal [", '(asset "T#" nil)', "]))"),
    "distinct children, the last wrong": _counted(f"{_HEAD}(weight-equal [", '(asset "T#" nil)', " 5]))"),
    "distinct weights": _counted(f"{_HEAD}(weight-specified ", '0.# (asset "T#" nil)', "))"),
    "distinct scales": _counted(f"{_HEAD}(weight-specified ", '0.#e-1# (asset "T#" nil)', "))"),
    "distinct conditions": _counted(f"{_HEAD}(if (and ", "(> # 1)", f") [{_ASSET}]))"),
    "distinct candidates": _counted(f"{_HEAD}(filter (rsi {{:window 9}}) (select-top 1) [", '(asset "T#" nil)', "]))"),
    "blocks that are alike up to their ends": lambda size: "".join(
        "(a\n" + "b\n" * 500 + f"c{one})\n" for one in range(size // 1_020)
    ),
    "blocks in blocks that are alike up to their ends": lambda size: (
        ("(a\n" * 900 + "b\n" * 8_000 + ")\n" * 900) * (size // 40_000)
    ),
    "settings": _inside('(defsymphony "a" {', ":a 1 ", f"}} {_ASSET})"),
    "one setting over and over": _inside('(defsymphony "a" {', ":rebalance-threshold 0.1 ", f"}} {_ASSET})"),
    "windows": _inside(f'{_HEAD}(if (> (rsi "SPY" {{', ":window 9 ", f"}}) 1) [{_ASSET}]))"),
    "groups 490 deep": _nested('(group "g" [', "])", 490),
    "groups deeper than allowed": _nested('(group "g" [', "])", 100_000),
    "nots 900 deep": lambda _: _strategy(f"(if {'(not ' * 900}(> 2 1){')' * 900} [{_ASSET}])"),
    "filters of filters": _nested("(filter (rsi {:window 10000}) (select-top 1) [", f"{_ASSET}])", 450),
    "volatilities of volatilities": _nested("(weight-inverse-volatility 10000 [", f"{_ASSET}])", 450),
    "indicators of branches": _nested('(if (> (rsi "SPY" 9) (rsi {:window 9} ', f")) [{_ASSET}])", 300),
    "a doubled tree": _doubled,
    "a doubled tree of distinct parts": _doubled_apart,
    "two symphonies over and over": _repeated(f"{_HEAD}{_ASSET}) "),
    "NUL bytes": _repeated("\x00"),
    "NUL in a name": lambda _: _strategy(_ASSET, name="a\x00b"),
    "escape codes in a name": lambda _: _strategy(_ASSET, name="\x1b[2J"),
    "a lone surrogate": lambda _: _strategy(_ASSET, name="\ud83d"),
    "lone surrogates": _repeated("\udc00"),
    "a byte order mark": lambda _: f"\ufeff{_strategy(_ASSET)}",
    "digits of other scripts": lambda _: _strategy(f'(if (> (rsi "SPY" ١٠) 1) [{_ASSET}])'),
    "brackets of other scripts": _repeated("\N{FULLWIDTH LEFT PARENTHESIS}"),
    "letters that look Latin": lambda _: _strategy('(\N{CYRILLIC SMALL LETTER A}sset "SPY" nil)'),
    "right to left": _inside(f'{_HEAD}(group "', "\N{RIGHT-TO-LEFT OVERRIDE}", f'" [{_ASSET}]) (x'),
    "combining marks": _inside(f'{_HEAD}(asset "S', "\N{COMBINING ACUTE ACCENT}", '" nil))'),
    "spaces of other scripts": _inside(_HEAD, "\N{NO-BREAK SPACE}\N{LINE SEPARATOR}", f"{_ASSET})"),
    "longer than allowed": _too_long,
}

_SPY = '{"step":"asset","ticker":"SPY"}'
_ROOT = '{"step":"root","name":"a","rebalance":"daily","children":[{"step":"wt-cash-equal","children":['
_END = "]}]}"
_SHARES = '{"step":"root","name":"a","rebalance":"daily","children":[{"step":"wt-cash-specified","children":['
_SHARE = '{"step":"asset","ticker":"SPY","weight":{"num":'


def _nested_json(opener: str, core: str, closer: str, depth: int) -> Callable[[int], str]:
    return lambda size: (
        _ROOT
        + opener * min(depth, size // len(opener + closer))
        + core
        + closer * min(depth, size // len(opener + closer))
        + _END
    )


def _some(most: int, start: str, piece: str, end: str) -> Callable[[int], str]:
    return lambda size: start + piece * min(most, size // len(piece)) + end


def _numbered_json(start: str, piece: str, end: str, most: int) -> Callable[[int], str]:
    return lambda size: (
        start + ",".join(piece.replace("#", str(one)) for one in range(1, min(most, size // len(piece) // 2))) + end
    )


def _strings_in_strings(size: int) -> str:
    text = _strategy(_ASSET)
    while len(text) < size // 3:
        text = json.dumps(text)
    return text


JSON_TEXTS: Mapping[str, Callable[[int], str]] = {
    "open objects": _repeated('{"a":'),
    "open lists": _repeated("["),
    "closers": _repeated("}"),
    "empty objects": _inside("[", "{},", "{}]"),
    "numbers": _inside("[", "1,", "1]"),
    "commas": _repeated(","),
    "colons": _repeated(":"),
    "spaces": _repeated(" \n"),
    "quotes": _repeated('"'),
    "empty strings": _repeated('""'),
    "an endless string": _inside('"', "a", ""),
    "an endless string of escaped quotes": _inside('"', '\\"', ""),
    "an endless string of backslashes": _inside('"', "\\\\", "\\"),
    "escapes of halves": _inside('"', "\\ud800", '"'),
    "escapes of whole characters": _inside('"', "\\ud83d\\ude00", '"'),
    "a bad escape at the end": _inside('"', "\\n", '\\u12"'),
    "a huge number": _inside("[", "9", "]"),
    "a number that is none": _inside("[", "9", "x]"),
    "a huge key": _inside('{"', "k", '":1}'),
    "a huge unknown field": _inside(_ROOT + '{"step":"asset","ticker":"SPY","', "k", '":1}' + _END),
    "a huge ticker": _inside(_ROOT + '{"step":"asset","ticker":"', "A", '"}' + _END),
    "a huge step": _inside(_ROOT + '{"step":"', "A", '"}' + _END),
    "a huge weight": _inside(_SHARES + _SHARE, "9", ',"den":1}}' + _END),
    "a huge weight as text": _inside(_SHARES + _SHARE + '"', "9", '","den":1}}' + _END),
    "a huge den": _inside(_SHARES + _SHARE + '1,"den":', "7", "}}" + _END),
    "a weight of many decimals": _inside(_SHARES + _SHARE + "0.", "1", ',"den":3}}' + _END),
    "weights of tiny and huge scales": lambda _: (
        _SHARES + _SHARE + '1e-999,"den":1e999}},' + _SHARE + '1e999,"den":1e-999}}' + _END
    ),
    "dens without a common one": _numbered_json(_SHARES, _SHARE + '1,"den":1#7}}', _END, 200_000),
    "a huge window": _inside(
        _ROOT + '{"step":"filter","sort-by-fn":"rsi","sort-by-window-days":"',
        "9",
        '","select-fn":"top","select-n":1,"children":[' + _SPY + "]}" + _END,
    ),
    "a million keys": _numbered_json("{", '"k#":1', "}", 900_000),
    "one key over and over": _inside("{", '"a":1,', '"a":1}'),
    "unknown fields": _numbered_json(_ROOT + "{", '"k#":1', ',"step":"asset","ticker":"SPY"}' + _END, 400_000),
    "assets": lambda size: _ROOT + f"{_SPY}," * min(300_000, size // len(_SPY) - 9) + _SPY + _END,
    "placeholders": _inside(_ROOT, '{"step":"empty"},', _SPY + _END),
    "tickers": _some(
        900,
        _ROOT + '{"step":"if","children":[{"step":"if-child","children":[' + _SPY + '],"condition":{"operator":"any",'
        '"lhs":{"fn":"current-price","ticker":"%"},"comparator":"gt","rhs":{"constant":1},"tickers":[',
        '"SPY",',
        '"SPY"]}}]}' + _END,
    ),
    "more tickers than allowed": _some(
        900_000,
        _ROOT + '{"step":"if","children":[{"step":"if-child","children":[' + _SPY + '],"condition":{"operator":"any",'
        '"lhs":{"fn":"current-price","ticker":"%"},"comparator":"gt","rhs":{"constant":1},"tickers":[',
        '"SPY",',
        '"SPY"]}}]}' + _END,
    ),
    "groups 450 deep": _nested_json('{"step":"group","name":"g","children":[', _SPY, "]}", 450),
    "groups deeper than allowed": _nested_json('{"step":"group","name":"g","children":[', _SPY, "]}", 1_500),
    "groups too deep to read": _nested_json('{"step":"group","name":"g","children":[', _SPY, "]}", 100_000),
    "an error 450 deep": _nested_json('{"step":"group","name":"g","children":[', '{"step":"x"}', "]}", 450),
    "nots 400 deep": _nested_json(
        '{"step":"if","children":[{"step":"if-child","condition":' + '{"condition":' * 400,
        '{"lhs":{"fn":"current-price","ticker":"SPY"},"comparator":"gt","rhs":{"constant":1}}',
        "}" * 400 + ',"children":[' + _SPY + "]}]}",
        1,
    ),
    "records in records": lambda size: '{"fields":' * min(4_000, size // 11) + "1" + "}" * min(4_000, size // 11),
    "strings in strings": _strings_in_strings,
    "a text inside": lambda size: json.dumps({"symphony": TEXTS["a million children"](size // 2)}),
    "a tree of EDN inside": lambda size: json.dumps({"edn": EDN_TEXTS["assets"](size // 2)}),
    "escape codes": lambda _: _ROOT + '{"step":"\\u001b[2J"}' + _END,
    "a byte order mark": lambda _: "\ufeff" + _ROOT + _SPY + _END,
    "lone surrogates": _repeated("\udc00"),
    "NUL bytes": _repeated("\x00"),
    "longer than allowed": _too_long,
}

_EDN_ROOT = '{:step :root :name "a" :rebalance :daily :children [{:step :wt-cash-equal :children ['
_EDN_SPY = '{:step :asset :ticker "SPY"}'

EDN_TEXTS: Mapping[str, Callable[[int], str]] = {
    "open maps": _repeated("{:a "),
    "open vectors": _repeated("["),
    "sets": _repeated("#{"),
    "discards": _repeated("#_ "),
    "empty maps": _inside("[", "{} ", "]"),
    "a huge keyword": _inside("{:", "k", " 1}"),
    "a huge number": _inside("{:a ", "9", "}"),
    "keywords": _inside("{:step ", ":a ", "}"),
    "one key over and over": _inside("{", ":a 1 ", "}"),
    "numbers as keys": _inside("{", "1 2 ", "}"),
    "maps over and over": _repeated("{:step :root} "),
    "assets": lambda size: _EDN_ROOT + f"{_EDN_SPY} " * min(180_000, size // len(_EDN_SPY) - 9) + "]}]}",
    "groups 450 deep": lambda size: (
        _EDN_ROOT
        + '{:step :group :name "g" :children [' * min(450, size // 40)
        + _EDN_SPY
        + "]}" * min(450, size // 40)
        + "]}]}"
    ),
    "vectors 990 deep": lambda size: "[" * min(990, size // 2) + "]" * min(990, size // 2),
}

_PREFIXES: Mapping[str, Notation] = {"JSON: ": "json", "EDN: ": "edn"}
ALL: Mapping[str, Callable[[int], str]] = {
    **TEXTS,
    **{f"JSON: {name}": text for name, text in JSON_TEXTS.items()},
    **{f"EDN: {name}": text for name, text in EDN_TEXTS.items()},
}


def notation_of(name: str) -> Notation:
    """
    Return the notation that a hostile text is in.
    """
    return next((notation for prefix, notation in _PREFIXES.items() if name.startswith(prefix)), "clj")


def survived(name: str) -> Ordeal:
    """
    Compile a hostile text at full size in a process of its own, and tell how it ended.
    """
    command = [sys.executable, "-m", "fuzz.hostile", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **_ONE_THREAD})
    if done.returncode:
        tail = done.stderr.strip().splitlines()[-1:] or [f"ended with code {done.returncode}"]
        return Ordeal(name=name, outcome="failed", why=tail[0], seconds=0.0, megabytes=0)
    outcome, seconds, megabytes, why = done.stdout.rstrip("\n").split("\t", 3)
    if int(megabytes) > MEGABYTES_LIMIT:
        outcome, why = "failed", f"took {megabytes} MB, allowed are {MEGABYTES_LIMIT}"
    return Ordeal(name=name, outcome=outcome, why=why, seconds=float(seconds), megabytes=int(megabytes))


_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _main() -> None:
    # Beyond twice the allowed the system ends it, whatever it is doing.
    resource.setrlimit(resource.RLIMIT_CPU, (4 * SECONDS_LIMIT, 4 * SECONDS_LIMIT))
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEGABYTES_LIMIT << 20, 4 * MEGABYTES_LIMIT << 20))
    name = sys.argv[1]
    text = ALL[name](SIZE_LIMIT)
    verdict = judged(text, notation=notation_of(name), limit_s=SECONDS_LIMIT, hangs_after_s=2 * SECONDS_LIMIT)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(verdict.outcome, f"{verdict.seconds:.3f}", megabytes, " ".join(verdict.why.split()), sep="\t")


if __name__ == "__main__":
    _main()
