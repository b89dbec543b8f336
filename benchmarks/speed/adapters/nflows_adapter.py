"""nflows."""

import torch
from benchmarks.speed.adapters.torch_adapter import TorchAdapter
from benchmarks.speed.models import Model
from nflows import transforms
from nflows.distributions.normal import StandardNormal
from nflows.flows.base import Flow
from nflows.nn.nets import MLP


class NflowsAdapter(TorchAdapter):
    """Composed from its transforms, as its documentation does."""

    packages = ("nflows", "torch", "numpy")

    def make_flow(self, model: Model):
        torch.manual_seed(0)
        layers = [layer for index in range(model.n_layers) for layer in _layers(model, index)]
        base = StandardNormal([model.n_features])
        return Flow(transforms.CompositeTransform(layers), base)

    def loss(self, flow, x):
        return -flow.log_prob(inputs=x).mean()

    def density(self, flow, x):
        return flow.log_prob(x)

    def draw(self, flow, n: int):
        return flow.sample(n)


class _Net(MLP):
    """A plain network that takes, and ignores, the context that couplings pass."""

    def forward(self, inputs, context=None):
        del context
        return super().forward(inputs)


def _layers(model: Model, index: int) -> list:
    features, sizes = model.n_features, model.hidden_sizes
    spline = {"num_bins": model.n_bins, "tails": "linear", "tail_bound": 5.0}
    if model.kind in ("maf", "spline"):
        # The input layer and one feed-forward block are two hidden layers.
        made = {
            "features": features,
            "hidden_features": sizes[0],
            "num_blocks": len(sizes) - 1,
            "use_residual_blocks": False,
        }
        if model.kind == "maf":
            layer = transforms.MaskedAffineAutoregressiveTransform(**made)
        else:
            layer = transforms.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
                **made, **spline
            )
        return [transforms.ReversePermutation(features), layer]
    mask = torch.arange(features) % 2 == index % 2

    def network(n_in: int, n_out: int) -> _Net:
        return _Net((n_in,), (n_out,), list(sizes))

    if model.kind == "real_nvp":
        return [transforms.AffineCouplingTransform(mask, network)]
    return [transforms.PiecewiseRationalQuadraticCouplingTransform(mask, network, **spline)]


ADAPTER = NflowsAdapter()
