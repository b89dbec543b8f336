"""zuko's README: NSF of 3 transforms with 3 x 128 units, Adam at 1e-3; batches of 256 rows."""

import time

import torch
import zuko
from benchmarks.speed.recipes.clock import Trial

BATCH_SIZE = 256


def main() -> None:
    """Train until the time is over, score after each epoch."""
    trial = Trial()
    train, held_out = torch.from_numpy(trial.train), torch.from_numpy(trial.held_out)
    torch.set_num_threads(_faster_number_of_threads(train))
    torch.manual_seed(0)
    trial.start()
    flow, optimizer = _make(train)
    while True:
        for index in torch.randperm(len(train)).split(BATCH_SIZE):
            _step(flow, optimizer, train[index])
        with torch.no_grad():
            if not trial.score(lambda: flow().log_prob(held_out).double().mean().item()):
                break
    trial.answer()


def _make(train):
    flow = zuko.flows.NSF(train.shape[1], transforms=3, hidden_features=[128] * 3)
    return flow, torch.optim.Adam(flow.parameters(), lr=1e-3)


def _step(flow, optimizer, x) -> None:
    loss = -flow().log_prob(x).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()


def _faster_number_of_threads(train) -> int:
    seconds = {}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        flow, optimizer = _make(train)
        _step(flow, optimizer, train[:BATCH_SIZE])
        start = time.perf_counter()
        for _ in range(5):
            _step(flow, optimizer, train[:BATCH_SIZE])
        seconds[threads] = time.perf_counter() - start
    return min(seconds, key=seconds.__getitem__)


if __name__ == "__main__":
    main()
