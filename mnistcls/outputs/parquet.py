"""Batches of answers as Arrow tables and Parquet files; importing this needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from mnistcls.outputs.columns import TEXT_COLUMNS, Columns
from mnistcls.text import valid_utf8

if TYPE_CHECKING:
    from mnistcls.batch import Batch
    from mnistcls.outputs.formats import Stream

GROUP_ROWS = 65_536
"""Rows that are held until they are written together: a format by column wants many."""


class ParquetWriter:
    r"""Writes a Parquet file: the values that CSV shows, with their types; null for an empty cell.

    Parquet's text is UTF-8: a byte of a name that is not is written as `\xNN`.
    """

    def __init__(self, columns: Columns, stream: Stream) -> None:
        self._columns = columns
        self._file = pq.ParquetWriter(pa.PythonFile(stream, mode="w"), _schema(columns))
        self._waiting: list[Any] = []
        self._rows = 0

    def write(self, batch: Batch) -> None:
        """Take the rows of a batch; they are written with others."""
        self._waiting.append(record_batch(batch, self._columns))
        self._rows += len(batch)
        if self._rows >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write the waiting rows, and the file's directory."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._waiting:
            self._file.write_table(pa.Table.from_batches(self._waiting), row_group_size=GROUP_ROWS)
        self._waiting, self._rows = [], 0


def record_batch(batch: Batch, columns: Columns) -> Any:
    """The rows of a batch as a `pyarrow.RecordBatch`: the values and types of the Parquet file."""
    schema = _schema(columns)
    arrays = [_array(field, cells) for field, cells in zip(schema, columns.cells(batch), strict=True)]
    return pa.record_batch(arrays, schema=schema)


def _schema(columns: Columns) -> Any:
    return pa.schema([(name, _type(name)) for name in columns.names()])


def _type(name: str) -> Any:
    if name in TEXT_COLUMNS:
        return pa.string()
    return pa.int8() if name.startswith("digit") and name != "digit_score" else pa.float64()


def _array(field: Any, cells: Sequence[str]) -> Any:
    if pa.types.is_string(field.type):
        return pa.array([valid_utf8(cell) or None for cell in cells], field.type)
    number = int if pa.types.is_integer(field.type) else float
    return pa.array([number(cell) if cell else None for cell in cells], field.type)
