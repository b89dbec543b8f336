"""`fluvial info`: what a model file holds."""

from fluvial.cli import options


def info(model: options.Model, as_json: options.AsJson = False) -> None:
    """Tell what a model file holds: columns, flow, training, threshold and checksum."""
    from fluvial.cli.description import describe_file

    options.print_summary(describe_file(model), as_json=as_json)
