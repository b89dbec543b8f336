"""Fluvial's README: `FlowDensity`, with a limit of its time."""

from benchmarks.speed.recipes.clock import Trial

from fluvial import FlowDensity


def main() -> None:
    """Fit once, with the given limit."""
    trial = Trial()
    density = FlowDensity(max_seconds=trial.limit, random_state=0)
    trial.start()
    density.fit(trial.raw_train)
    seconds = trial.seconds
    trial.answer([(seconds, float(density.score(trial.raw_held_out)))])


if __name__ == "__main__":
    main()
