"""Named recipes of the papers; each returns a `Flow`."""

from fluvial.flows.autoregressive import iaf as iaf, maf as maf
from fluvial.flows.couplings import nice as nice, real_nvp as real_nvp
from fluvial.flows.flow import Flow as Flow
from fluvial.flows.splines import neural_spline_flow as neural_spline_flow
