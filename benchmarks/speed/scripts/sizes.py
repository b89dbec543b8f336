"""The arguments that the scripts share."""

import argparse
from pathlib import Path


def parse() -> argparse.Namespace:
    """Read the command line of a script."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path, help="a CSV file of numbers with a header")
    parser.add_argument("output", type=Path)
    parser.add_argument("--n-layers", type=int, required=True)
    parser.add_argument("--hidden-sizes", type=int, nargs="+", required=True)
    parser.add_argument("--max-epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2, help="of PyTorch")
    return parser.parse_args()
