"""What a detector says of a table, on one page for people and as JSON for machines."""

from fluvial.report.card import ModelCard as ModelCard
from fluvial.report.examination import Report as Report, examine as examine
from fluvial.report.json_form import to_json as to_json
from fluvial.report.writing import write_report as write_report
