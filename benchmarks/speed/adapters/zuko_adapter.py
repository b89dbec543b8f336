"""zuko."""

from functools import partial

import torch
import zuko
from benchmarks.speed.adapters.torch_adapter import TorchAdapter
from benchmarks.speed.models import Model


class ZukoAdapter(TorchAdapter):
    """Its named flows; the spline coupling from its parts, which is faster than `passes=2`."""

    packages = ("zuko", "torch", "numpy")

    def make_flow(self, model: Model):
        torch.manual_seed(0)
        sizes = {"transforms": model.n_layers, "hidden_features": model.hidden_sizes}
        if model.kind == "real_nvp":
            return zuko.flows.RealNVP(model.n_features, **sizes)
        if model.kind == "maf":
            return zuko.flows.MAF(model.n_features, **sizes)
        if model.kind == "spline":
            return zuko.flows.NSF(model.n_features, bins=model.n_bins, **sizes)
        bins = model.n_bins
        return zuko.flows.NICE(
            model.n_features,
            univariate=partial(zuko.transforms.MonotonicRQSTransform, slope=1e-3),
            shapes=[(bins,), (bins,), (bins - 1,)],
            **sizes,
        )

    def loss(self, flow, x):
        return -flow().log_prob(x).mean()

    def density(self, flow, x):
        return flow().log_prob(x)

    def draw(self, flow, n: int):
        return flow().sample((n,))


ADAPTER = ZukoAdapter()
