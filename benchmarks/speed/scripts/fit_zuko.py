"""Fit a Real NVP to a CSV file with zuko: the loop of its documentation, a tenth held out."""

import copy

import numpy as np
import torch
import zuko
from benchmarks.speed.scripts.sizes import parse


def main() -> None:
    """Read, standardise, train, keep the best epoch, save."""
    given = parse()
    torch.set_num_threads(given.threads)
    rows = np.loadtxt(given.table, delimiter=",", skiprows=1, dtype=np.float32)
    x = torch.from_numpy((rows - rows.mean(axis=0)) / rows.std(axis=0))
    x = x[torch.randperm(len(x))]
    held_out, train = x.split([len(x) // 10, len(x) - len(x) // 10])
    flow = zuko.flows.RealNVP(
        x.shape[1], transforms=given.n_layers, hidden_features=given.hidden_sizes
    )
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
    best, kept = float("inf"), flow.state_dict()
    for _ in range(given.max_epochs):
        for index in torch.randperm(len(train)).split(given.batch_size):
            optimizer.zero_grad()
            loss = -flow().log_prob(train[index]).mean()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            loss = -flow().log_prob(held_out).mean().item()
        if loss < best:
            best, kept = loss, copy.deepcopy(flow.state_dict())
    torch.save(kept, given.output)
    print(f"held-out nats {-best:.4f}")


if __name__ == "__main__":
    main()
