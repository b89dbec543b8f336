"""The two files of a report: the page, and the same as JSON beside it."""

import json
import os
from pathlib import Path

from fluvial.artifacts import atomic_path
from fluvial.files.page import json_beside
from fluvial.report.examination import Report
from fluvial.report.json_form import to_json
from fluvial.report.page import page


def write_report(report: Report, path: str | os.PathLike, *, replace: bool = True) -> Path:
    """Write a report: a page, and beside it JSON under the same name.

    Both are made before either is written, and each is written whole or not at all.

    Args:
        report: what is told.
        path: the page, which ends in .html.
        replace: whether files that exist are replaced, be they ones that appear meanwhile.

    Returns:
        Where the JSON is.

    Raises:
        DataError: where the name does not end in .html.
        FileExistsError: where one of the files exists and is not to be replaced.
        OSError: where one cannot be written.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(100, 2))
        >>> detector = fluvial.FlowAnomalyDetector(random_state=0).fit(rows)
        >>> write_report(fluvial.report.examine(detector, rows), "report.html").name
        'report.json'
    """
    beside = json_beside(path)
    html = page(report)
    told = json.dumps(to_json(report), allow_nan=False, ensure_ascii=True, indent=1)
    with (
        atomic_path(path, replace=replace) as of_page,
        atomic_path(beside, replace=replace) as of_json,
    ):
        of_page.write_text(html, encoding="utf-8")
        of_json.write_text(told + "\n", encoding="utf-8")
    return beside
