"""Named recipes of the papers; each returns a `Flow`."""

from fluvial.flows.autoregressive import iaf as iaf, made as made, maf as maf
from fluvial.flows.continuous import (
    ffjord as ffjord,
    flow_matching_loss as flow_matching_loss,
)
from fluvial.flows.couplings import nice as nice, real_nvp as real_nvp
from fluvial.flows.flow import Flow as Flow
from fluvial.flows.gaussianization import gaussianization_flow as gaussianization_flow
from fluvial.flows.images import bits_per_dimension as bits_per_dimension, glow as glow
from fluvial.flows.monotone import (
    bernstein as bernstein,
    naf as naf,
    sos as sos,
    umnn as umnn,
)
from fluvial.flows.networks import (
    bnaf as bnaf,
    planar_flow as planar_flow,
    radial_flow as radial_flow,
    residual_flow as residual_flow,
    sylvester_flow as sylvester_flow,
)
from fluvial.flows.splines import (
    circular_spline_flow as circular_spline_flow,
    neural_spline_flow as neural_spline_flow,
)
