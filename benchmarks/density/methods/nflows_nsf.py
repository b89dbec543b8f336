"""nflows as the code of the NSF paper uses it: RQ-NSF (C), smaller than there.

Five steps, each of a random permutation, an LU map and a spline coupling of 8 bins in [-3, 3],
whose network has 2 residual blocks of 64 units with dropout 0.1; Adam at 5e-4, which falls to zero
as a cosine over the time; gradients clipped at 5. One column has no coupling: it gets the
autoregressive layer.
"""

import torch
from benchmarks.density.methods.base import Fit, Job
from benchmarks.density.methods.torch_trainee import LogProb, fit_torch
from nflows import transforms
from nflows.distributions.normal import StandardNormal
from nflows.flows.base import Flow
from nflows.nn.nets import ResidualNet

STEPS, HIDDEN, BLOCKS, DROPOUT = 5, 64, 2, 0.1
SPLINE = {"num_bins": 8, "tails": "linear", "tail_bound": 3.0}


def fit(job: Job) -> Fit:
    """Fit and score."""
    return fit_torch(job, _make, learning_rate=5e-4, anneal=True, largest_gradient=5.0)


def _make(n_columns: int) -> tuple[Flow, LogProb]:
    layers = [layer for index in range(STEPS) for layer in _layers(n_columns, index)]
    layers.append(transforms.RandomPermutation(n_columns))
    layers.append(transforms.LULinear(n_columns, identity_init=True))
    flow = Flow(transforms.CompositeTransform(layers), StandardNormal([n_columns]))
    return flow, lambda x: flow.log_prob(inputs=x)


def _layers(n_columns: int, index: int) -> list[transforms.Transform]:
    linear = [
        transforms.RandomPermutation(n_columns),
        transforms.LULinear(n_columns, identity_init=True),
    ]
    if n_columns == 1:
        spline = transforms.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
            features=1, hidden_features=HIDDEN, num_blocks=BLOCKS, **SPLINE
        )
        return [*linear, spline]
    mask = torch.arange(n_columns) % 2 == index % 2

    def network(n_in: int, n_out: int) -> ResidualNet:
        return ResidualNet(n_in, n_out, HIDDEN, num_blocks=BLOCKS, dropout_probability=DROPOUT)

    spline = transforms.PiecewiseRationalQuadraticCouplingTransform(mask, network, **SPLINE)
    return [*linear, spline]
