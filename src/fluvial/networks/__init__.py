"""Networks that compute the parameters of a map."""

from fluvial.networks.conditioner import (
    Conditioner as Conditioner,
    FunctionConditioner as FunctionConditioner,
    as_conditioner as as_conditioner,
    check_parameters as check_parameters,
)
from fluvial.networks.linear import ACTIVATIONS as ACTIVATIONS, Linear as Linear
from fluvial.networks.masked import (
    AutoregressiveNetwork as AutoregressiveNetwork,
    MaskedMLP as MaskedMLP,
    ResidualMaskedMLP as ResidualMaskedMLP,
)
from fluvial.networks.mlp import MLP as MLP
