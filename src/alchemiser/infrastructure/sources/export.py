"""
Bars as one long file, Parquet or CSV: what an import reads.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alchemiser.domain.bars.history import Bars
from alchemiser.domain.errors import ConfigurationError


def write_bars(path: Path, many: Sequence[Bars]) -> None:
    """
    Write bars whole or not at all, in place of a file that is there.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    columns = {
        "date": pa.array(np.concatenate([one.days for one in many]).astype(np.int32), pa.int32()).cast(pa.date32()),
        "symbol": pa.array([one.symbol for one in many for _ in range(len(one))], pa.string()),
    }
    names = {"open": "opens", "high": "highs", "low": "lows", "close": "closes"}
    for column, name in (*names.items(), ("adj_close", "adj_closes"), ("volume", "volumes")):
        values = np.concatenate([getattr(one, name) for one in many])
        columns[column] = pa.array(values, pa.float64(), mask=np.isnan(values))
    columns["source"] = pa.array([one.sources[place] for one in many for place in one.origins.tolist()], pa.string())
    table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=".draft-", dir=path.parent, delete=False) as opened:
            draft = Path(opened.name)
        try:
            write = csv.write_csv if path.suffix.lower() == ".csv" else parquet.write_table
            write(table, draft)
            draft.chmod(0o644)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except (OSError, pa.ArrowException) as exc:
        raise ConfigurationError(f"{path}: the file cannot be written: {exc}") from exc
