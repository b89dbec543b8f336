"""normflows."""

import normflows as nf
import torch
from benchmarks.speed.adapters.torch_adapter import TorchAdapter
from benchmarks.speed.models import Model
from normflows.flows.neural_spline.autoregressive import (
    MaskedPiecewiseRationalQuadraticAutoregressive,
)
from normflows.flows.neural_spline.coupling import PiecewiseRationalQuadraticCoupling


class NormflowsAdapter(TorchAdapter):
    """Composed from its layers; autoregressive ones reversed, or log_prob would take D passes."""

    packages = ("normflows", "torch", "numpy")

    def make_flow(self, model: Model):
        torch.manual_seed(0)
        layers = [layer for index in range(model.n_layers) for layer in _layers(model, index)]
        base = nf.distributions.DiagGaussian(model.n_features, trainable=False)
        return nf.NormalizingFlow(base, layers)

    def loss(self, flow, x):
        return flow.forward_kld(x)

    def density(self, flow, x):
        return flow.log_prob(x)

    def draw(self, flow, n: int):
        return flow.sample(n)[0]


class _Net(nf.nets.MLP):
    """A plain network that takes, and ignores, the context that couplings pass."""

    def forward(self, x, context=None):
        del context
        return super().forward(x)


def _layers(model: Model, index: int) -> list:
    features, sizes = model.n_features, list(model.hidden_sizes)
    if model.kind == "real_nvp":
        half = features // 2
        network = nf.nets.MLP([features - half, *sizes, 2 * half], init_zeros=True)
        swap = nf.flows.Permute(features, mode="swap")
        return [nf.flows.AffineCouplingBlock(network), swap]
    if model.kind == "spline_coupling":
        return [nf.flows.Reverse(_spline_coupling(model, index))]
    made = {
        "features": features,
        "hidden_features": sizes[0],
        "num_blocks": len(sizes) - 1,
        "use_residual_blocks": False,
    }
    if model.kind == "maf":
        layer = nf.flows.MaskedAffineAutoregressive(**made)
    else:
        layer = MaskedPiecewiseRationalQuadraticAutoregressive(
            num_bins=model.n_bins, tails="linear", tail_bound=5.0, **made
        )
    return [nf.flows.Reverse(layer), nf.flows.Permute(features, mode="shuffle")]


def _spline_coupling(model: Model, index: int) -> PiecewiseRationalQuadraticCoupling:
    def network(n_in: int, n_out: int) -> _Net:
        return _Net([n_in, *model.hidden_sizes, n_out])

    return PiecewiseRationalQuadraticCoupling(
        mask=torch.arange(model.n_features) % 2 == index % 2,
        transform_net_create_fn=network,
        num_bins=model.n_bins,
        tails="linear",
        tail_bound=5.0,
    )


ADAPTER = NormflowsAdapter()
