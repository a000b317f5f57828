"""A job's file as Parquet: made from its finished CSV, row group by row group."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from codes.errors import CodeError
from codes.issuing import ChunkSource, CodeMaker, Progress
from codes.job_files import complete_draft, sync

_JOB_KEY = b"tracewarden.job"


def is_complete(out: Path, maker: CodeMaker) -> bool:
    """Whether ``out`` is there and holds the whole job.

    Raises:
        CodeError: it holds something else.
    """
    if not out.exists():
        return False
    try:
        held = pq.read_metadata(out)
        same = (held.metadata or {}).get(_JOB_KEY) == maker.job.order.job.encode()
        if same and held.num_rows == maker.job.order.count:
            return True
    except (pa.ArrowException, OSError):
        pass
    raise CodeError(
        f"{out} is there already and holds something else than job {maker.job.order.job}",
        field="out",
        type="job-invalid",
    )


def write_parquet(out: Path, maker: CodeMaker, source: ChunkSource, progress: Progress) -> None:
    """The job's codes into ``out``, from wherever an earlier attempt stopped.

    Raises:
        CodeError: ``out``, or what is left of an attempt, is another job's.
    """
    draft = out.with_name(f".{out.name}.csv.part")
    if is_complete(out, maker):
        # Whoever was killed right after the file got its name left its draft.
        draft.unlink(missing_ok=True)
        return
    complete_draft(draft, maker, source, progress)
    converted = out.with_name(f".{out.name}.part")
    _convert(draft, converted, maker)
    sync(converted)
    converted.replace(out)
    sync(out.parent)
    draft.unlink()


def _convert(draft: Path, converted: Path, maker: CodeMaker) -> None:
    types = {name: pa.string() for name in maker.columns} | {"index": pa.uint64()}
    schema = pa.schema(types.items(), metadata={_JOB_KEY: maker.job.order.job})
    options = pacsv.ConvertOptions(column_types=types)
    reader = pacsv.open_csv(draft, convert_options=options)
    with pq.ParquetWriter(converted, schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
