"""`fluvial info`: what a model file holds."""

from fluvial.cli import options


def info(model: options.Model, as_json: options.AsJson = False) -> None:
    """Tell what a model file holds: columns, flow, training, threshold and checksum."""
    from fluvial.cli.description import describe

    options.print_summary(describe(model), as_json=as_json)
