"""`python -m fluvial`: the command line, where no script is installed."""

from fluvial.cli import main

if __name__ == "__main__":
    main()
