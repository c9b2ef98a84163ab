from benchmarks.synthetic import FORMS, book_texts, made_closes, symbols

from alchemiser.domain.strategy import ast
from alchemiser.domain.strategy.compiler import compile_text
from alchemiser.domain.strategy.forms import Form, List, Map, Vector
from alchemiser.domain.strategy.reader import read_apart
from alchemiser.domain.strategy.stock import Stock


def forms_and_nesting(text: str) -> tuple[int, int]:
    """
    How many forms a text has, and how deep its brackets nest.
    """
    count, deepest = 0, 0
    stack: list[tuple[Form, int]] = [(form, 1) for form in read_apart(text)]
    while stack:
        form, depth = stack.pop()
        count += 1
        if isinstance(form, List | Vector | Map):
            deepest = max(deepest, depth)
            stack.extend((item, depth + 1) for item in form.items)
    return count, deepest


def test_the_made_book_has_the_size_of_a_real_one() -> None:
    """
    Files, lines, forms, nodes, filters and symbols are within a tenth of what the benchmark promises.
    """
    texts, stock = book_texts(), Stock()
    book = [compile_text(text, stock=stock) for text in texts]
    forms = [forms_and_nesting(text) for text in texts]
    typed = sum(sum(1 for _ in ast.postorder(one.root)) for one in book)
    lines, filters = (sum(text.count(what) for text in texts) for what in ("\n", "(filter\n"))

    measured = [lines, sum(count for count, _ in forms), typed, len(stock.graph.numbers), filters]
    expected = [48_000, 110_000, 7_400, 2_400, 1_250]

    assert 19 == len(texts) == len(FORMS)
    assert all(0.9 <= one / wanted <= 1.1 for one, wanted in zip(measured, expected, strict=True)), measured
    assert (34_000, 190, 2_200_000) <= (*forms[0], len(texts[0])) <= (35_000, 200, 2_400_000)
    assert 280 <= len({symbol for one in book for symbol in one.requirements.symbols}) <= 290


def test_the_same_seed_makes_the_same_book() -> None:
    """
    Texts and closes follow from their seed.
    """
    assert book_texts() == book_texts()
    assert made_closes(symbols(5), 50).values.tobytes() == made_closes(symbols(5), 50).values.tobytes()
