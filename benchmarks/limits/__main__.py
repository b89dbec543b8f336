"""`python -m benchmarks.limits [memory rate overshoot columns] [--quick]`: print the limits."""

import argparse

from benchmarks.limits import memory, one_column, overshoot, rate
from benchmarks.speed.machine import describe_machine

FIGURES = {"memory": memory, "rate": rate, "overshoot": overshoot, "columns": one_column}


def main() -> None:
    """Print a table for each figure, a row as soon as it is known."""
    arguments = _arguments()
    print("\n".join(describe_machine()))
    for name in arguments.figures or FIGURES:
        figure = FIGURES[name]
        print(f"\n**{(figure.__doc__ or name).rstrip('.')}**\n")
        print(_line(figure.HEADER))
        print(_line(["---"] * len(figure.HEADER)))
        for row in figure.rows(quick=arguments.quick):
            print(_line(row), flush=True)


def _line(cells) -> str:
    return f"| {' | '.join(cells)} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    add = parser.add_argument
    add("figures", nargs="*", metavar="FIGURE", help=f"of {', '.join(FIGURES)}; default: all")
    add("--quick", action="store_true", help="only see that everything runs: tiny sizes")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.figures if name not in FIGURES]
    if unknown:
        parser.error(f"unknown: {unknown[0]}; choose of {', '.join(FIGURES)}")
    return arguments


if __name__ == "__main__":
    main()
