"""Networks that compute the parameters of a map."""

from fluvial.networks.conditioner import (
    Conditioner as Conditioner,
    FunctionConditioner as FunctionConditioner,
    as_conditioner as as_conditioner,
    check_parameters as check_parameters,
)
from fluvial.networks.convolution import ConvolutionNetwork as ConvolutionNetwork
from fluvial.networks.graph import (
    GraphMLP as GraphMLP,
    parents_of as parents_of,
    topological_order as topological_order,
)
from fluvial.networks.linear import (
    ACTIVATIONS as ACTIVATIONS,
    Activation as Activation,
    Linear as Linear,
)
from fluvial.networks.made import MADE as MADE
from fluvial.networks.masked import (
    IncrementalNetwork as IncrementalNetwork,
    MaskedMLP as MaskedMLP,
    ResidualMaskedMLP as ResidualMaskedMLP,
)
from fluvial.networks.mlp import MLP as MLP
from fluvial.networks.periodic import PeriodicMLP as PeriodicMLP
from fluvial.networks.shift_and_log_scale import (
    ShiftAndLogScale as ShiftAndLogScale,
    shift_and_log_scale as shift_and_log_scale,
)
