"""The models that are timed, described so that every library can build them."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Model:
    """A flow, in words that every library understands.

    Attributes:
        kind: "real_nvp", "maf", "spline" (autoregressive) or "spline_coupling".
        n_features: columns.
        n_layers: couplings or autoregressive layers.
        hidden_sizes: units of each hidden layer of each network; all equal, as FlowJAX needs.
        n_bins: bins of each spline.
        linear: the map between layers in Fluvial; the peers reverse, permute or alternate masks.
    """

    kind: str
    n_features: int
    n_layers: int
    hidden_sizes: tuple[int, ...]
    n_bins: int = 8
    linear: str = "reverse"

    def __str__(self) -> str:
        sizes = " x ".join(map(str, self.hidden_sizes))
        bins = f", {self.n_bins} bins" if self.kind.startswith("spline") else ""
        return f"{self.kind} D={self.n_features}, {self.n_layers} x ({sizes}){bins}"


REAL_NVP = Model("real_nvp", 2, 10, (32, 32))
MAF = Model("maf", 43, 5, (128, 128))
WIDE_MAF = Model("maf", 43, 5, (512, 512))
SPLINE = Model("spline", 43, 5, (128, 128))
SPLINE_COUPLING = Model("spline_coupling", 43, 5, (128, 128))
SPLINE_LU = replace(SPLINE, linear="lu")


def maf_of(n_features: int) -> Model:
    """Return the MAF of W2 with another number of columns."""
    return replace(MAF, n_features=n_features)
