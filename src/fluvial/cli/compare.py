"""`fluvial compare`: the default beside its rivals, on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from fluvial.cli import fit_options, options
from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option
from fluvial.cli.outcome import writing
from fluvial.errors import DataError
from fluvial.files.formats import file_format, input_format

if TYPE_CHECKING:
    import pyarrow as pa

    from fluvial.evaluation.comparison import RankedModel, ScoredModel


class Features(NamedTuple):
    """The columns of TRAIN that count, and the others."""

    features: list[str]
    left_out: list[str]
    window: int = 1
    condition: Sequence[str] = ()


def compare(
    train: Annotated[
        Path,
        typer.Argument(metavar="TRAIN", help="The rows to fit to, as for fit."),
    ],
    test: Annotated[
        Path,
        typer.Argument(metavar="TEST", help="Other rows with the same columns, which judge."),
    ],
    label: Annotated[
        str | None,
        typer.Option(
            "--label",
            metavar="COLUMN",
            help="The column of labels of TEST: 0 for normal rows. Without it densities compare.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Also write a row for each model: a .csv, .tsv, .csv.gz or .parquet file.",
        ),
    ] = None,
    columns: options.Columns = None,
    exclude: options.Exclude = None,
    seed: options.Seed = 0,
    flow: fit_options.Recipe = None,
    effort: fit_options.Effort = None,
    max_seconds: fit_options.MaxSeconds = None,
    delimiter: options.DelimiterMark = None,
    decimal: options.DecimalMark = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    no_cache: options.NoCache = False,
) -> None:
    """Compare the default with simpler models, fitted to TRAIN and judged on TEST.

    With --label detectors: the area under the ROC curve and the average precision, their paired
    differences to the default's, all with bootstrap standard errors, and the seconds of each fit.
    Rows of TRAIN that are labelled as anomalies are left out, where TRAIN has that column too.

    Without --label densities: the mean log density of TEST in nats, and its paired difference to
    the default's, each with its standard error. --flow, --effort and --max-seconds are of the
    default density.
    """
    given = fit_options.hyperparameters_given(flow=flow, effort=effort, max_seconds=max_seconds)
    if label is not None and given:
        bad_option("--" + next(iter(given)).replace("_", "-"), "is of densities, without --label")
    delimiter, decimal = options.check_marks(delimiter, decimal)
    for path in (train, test):
        input_format(path)
    if output is not None:
        file_format(output, role="the output")
        check_destination(output, force=force, inputs=[train, test])

    from fluvial.cli.labelled import read_labelled
    from fluvial.compilation_cache import keep_compiled_programs

    keep_compiled_programs(off=no_cache)
    numbers, n_left_out, chosen = _training_rows(
        train, label, columns=columns, exclude=exclude, delimiter=delimiter, decimal=decimal
    )
    read = read_labelled(test, chosen, label=label, delimiter=delimiter, decimal=decimal)
    found = _compared(numbers, read.numbers, read.labels, given, 0 if seed is None else seed)
    told = found.to_json()
    summary = {
        "output": None if output is None else str(output),
        "train": str(train),
        "test": str(test),
        "train_rows": numbers.num_rows,
        "train_anomalies_left_out": n_left_out,
    }
    if output is not None:
        import pyarrow as pa

        from fluvial.files.table_output import write_table

        with writing(output):
            write_table(pa.Table.from_pylist(list(told["models"])), output, replace=force)
    if not as_json:
        del told["models"]
        told |= {each.name: _line(each) for each in found.models}
    options.print_summary(summary | told, as_json=as_json)


def _training_rows(
    path: Path,
    label: str | None,
    *,
    columns: list[str] | None,
    exclude: list[str] | None,
    delimiter: str | None,
    decimal: str | None,
) -> tuple[pa.Table, int, Features]:
    """Return the rows to fit to, how many anomalies were left out, and which columns count.

    Raises:
        typer.BadParameter: where a column that an option names is not there.
        DataError: where no normal row is left, and as reading does.
    """
    import pyarrow as pa

    from fluvial.anomaly.labels import anomalous
    from fluvial.cli.labelled import read_labelled
    from fluvial.cli.selection import choose_columns
    from fluvial.files.table_file import Header, open_table

    source = open_table(path, delimiter=delimiter, decimal=decimal)
    names = source.header.names
    has_label = label is not None and label in names
    others = [name for name in names if name != label]
    header = Header(others, [name for name in source.header.index if name != label])
    chosen = Features(*choose_columns(source.name, header, columns=columns, exclude=exclude))
    read = read_labelled(
        path,
        chosen,
        label=label if has_label else None,
        both=False,
        delimiter=delimiter,
        decimal=decimal,
    )
    if read.labels is None:
        return read.numbers, 0, chosen
    is_anomaly = anomalous(read.labels, len(read.labels), both=False)
    if is_anomaly.all():
        raise DataError(f"{source.name}: all rows are labelled as anomalies in {label!r}")
    kept = read.numbers.filter(pa.array(~is_anomaly))
    return kept, int(is_anomaly.sum()), chosen


def _compared(train: Any, test: Any, labels: Any, given: dict[str, Any], seed: int) -> Any:
    from fluvial.estimators import FlowDensity
    from fluvial.evaluation import compare_densities, compare_detectors
    from fluvial.evaluation.comparison import density_rivals

    if labels is not None:
        return compare_detectors(train, test, labels, random_state=seed)
    models = {"FlowDensity": FlowDensity(random_state=seed, **given), **density_rivals(seed)}
    return compare_densities(train, test, models=models, random_state=seed)


def _line(each: RankedModel | ScoredModel) -> str:
    """Return what is told of a model."""
    from fluvial.evaluation.comparison import RankedModel

    if isinstance(each, RankedModel):
        figures = {
            "AUROC": _plus(each.auroc, each.auroc_standard_error)
            + _beside(each.auroc_difference, each.auroc_difference_standard_error),
            "average precision": _plus(
                each.average_precision, each.average_precision_standard_error
            )
            + _beside(
                each.average_precision_difference,
                each.average_precision_difference_standard_error,
            ),
        }
    else:
        figures = {
            "nats": _plus(each.log_prob, each.log_prob_standard_error),
            "beside the default": _plus(each.difference, each.difference_standard_error),
        }
    told = ", ".join(f"{name} {figure}" for name, figure in figures.items())
    return f"{told}, {each.fit_seconds:.1f} s"


def _beside(difference: float, error: float | None) -> str:
    """Return the difference from the default in brackets."""
    return f" ({difference:+.4f})" if error is None else f" ({difference:+.4f} +- {error:.4f})"


def _plus(value: float, error: float | None) -> str:
    return f"{value:.4f}" if error is None else f"{value:.4f} +- {error:.4f}"
