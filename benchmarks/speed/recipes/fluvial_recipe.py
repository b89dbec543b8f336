"""Fluvial's README: `FlowDensity`, with a limit of its time."""

import sys

from benchmarks.speed.recipes.clock import Trial

from fluvial import FlowDensity


def main() -> None:
    """Fit once, with the given limit; a third argument names the recipe of the flow."""
    settings = {"flow": sys.argv.pop()} if len(sys.argv) > 3 else {}
    trial = Trial()
    density = FlowDensity(max_seconds=trial.limit, random_state=0, **settings)
    trial.start()
    density.fit(trial.raw_train)
    seconds = trial.seconds
    trial.answer([(seconds, float(density.score(trial.raw_held_out)))])


if __name__ == "__main__":
    main()
