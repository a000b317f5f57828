"""A run of labels: URIs of a job's file in, label files out, a summary for the operator."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from codes import label_files
from codes.errors import CodeError
from codes.job_rows import Row
from codes.labels import STOCKS, Label, PrintSize, Stock, data_matrix_labels, qr_labels

_BATCH = 256


def _refused(detail: str, field: str) -> CodeError:
    return CodeError(detail, field=field, type="label-invalid")


def uris_of(rows: Iterable[Row], column: str = "uri") -> Iterator[str]:
    """A column of a job's file; of the same code in rows after each other only one."""
    return (uri for uri, _ in groupby(row[column] for row in rows))


@dataclass
class PrintJob:
    """Where labels go and how they are made; ``run`` makes them."""

    out: Path
    stock_name: str
    form: str
    symbology: str
    level: str
    size: PrintSize

    @property
    def stock(self) -> Stock:
        """The sheet of labels.

        Raises:
            CodeError: there is no stock of that name.
        """
        if self.stock_name not in STOCKS:
            raise _refused(f"a stock is one of {', '.join(STOCKS)}", "stock")
        return STOCKS[self.stock_name]

    def run(self, uris: Iterable[str]) -> dict[str, Any]:
        """Make the labels; what was made, for a line of JSON.

        Raises:
            CodeError: a URI is no Digital Link, or a label is too small.
        """
        kinds: dict[str, int] = {}
        sides: list[int] = [0]

        def counted() -> Iterator[Label]:
            for label in self._labels(uris):
                kinds[label.kind] = kinds.get(label.kind, 0) + 1
                sides[0] = max(sides[0], len(label.modules))
                yield label

        pages = self._write(counted())
        return {
            "labels": sum(kinds.values()),
            "symbols": kinds,
            "module_mm": round(self.size.module_mm, 4),
            "dots_per_module": self.size.dots,
            "symbol_mm": round(sides[0] * self.size.module_mm, 2),
            "pages": pages,
        }

    def _labels(self, uris: Iterable[str]) -> Iterator[Label]:
        if self.symbology not in ("qr", "datamatrix"):
            raise _refused("a symbology is qr or datamatrix", "symbology")
        rest = iter(uris)
        batch = list(islice(rest, _BATCH))
        if not batch:
            raise _refused("there is no code to print", "source")
        while batch:
            if self.symbology == "qr":
                yield from qr_labels(batch, self.level)
            else:
                yield from data_matrix_labels(batch)
            batch = list(islice(rest, _BATCH))

    def _write(self, labels: Iterator[Label]) -> int | None:
        """The files; sheets of a PDF, ``None`` of others."""
        suffix = self.out.suffix.lower()
        if suffix in (".png", ".svg"):
            raise _refused(f"a label a file: for {suffix[1:]} name a folder", "out")
        if suffix == ".pdf":
            return self._write_pdf(labels)
        if suffix == ".zpl":
            with self.out.open("wb") as file:
                for label in labels:
                    file.write(label_files.zpl(label, self.size, self.stock.label))
            return None
        if self.form not in ("png", "svg"):
            raise _refused("a format is png or svg", "format")
        self.out.mkdir(parents=True, exist_ok=True)
        draw = label_files.png if self.form == "png" else label_files.svg
        for number, label in enumerate(labels):
            (self.out / f"{number:08}.{self.form}").write_bytes(draw(label, self.size))
        return None

    def _write_pdf(self, labels: Iterator[Label]) -> int:
        made = 0

        def counted() -> Iterator[Label]:
            nonlocal made
            for label in labels:
                made += 1
                yield label

        self.out.write_bytes(label_files.pdf(counted(), self.size, self.stock))
        return -(-made // self.stock.a_page)
