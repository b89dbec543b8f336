"""How much work the default density takes, and the flows that it fits."""

from dataclasses import dataclass
from typing import Any

from fluvial.bijectors import LULinear


@dataclass(frozen=True)
class MemberFlow:
    """A flow of the default mixture.

    Attributes:
        recipe: its name in `fluvial.flows`.
        arguments: keyword arguments in place of the recipe's own.
        weight_decay: of its networks' weight matrices.
        frozen: a type of parts that stay as they start, see `fluvial.training.fit`.
    """

    recipe: str
    arguments: dict[str, Any]
    weight_decay: float
    frozen: type | None = None


SPLINES = {"linear": "lu", "residual": True, "n_bins": 16}
AFFINE = {"residual": True, "linear": "lu"}


@dataclass(frozen=True)
class Effort:
    """How much work `flow="auto"` takes.

    Attributes:
        n_steps: training steps of each flow at most; where there are several folds, in all of them
            together.
        min_steps_a_fold: training steps that each fold may take in any case.
        n_folds: how often members are cross-fitted, each time without another fold.
        max_rows_for_folds: rows up to which members are cross-fitted.
        flows: the flows; where time is limited, the first of them.
    """

    n_steps: int
    min_steps_a_fold: int
    n_folds: int
    max_rows_for_folds: int
    flows: tuple[MemberFlow, ...]


# No weight decay and no linear map is best on all tables, and held-out rows tell which. LU maps
# serve correlated columns, permutations those with steps and point masses: LU maps that stay the
# identity. Flows that differ in their weight decay and in what is trained share a compiled program.
STIFF_LU = MemberFlow("neural_spline_flow", SPLINES, 1.0)
SUPPLE_LU = MemberFlow("neural_spline_flow", SPLINES, 0.1)
STIFF = MemberFlow("neural_spline_flow", SPLINES, 1.0, frozen=LULinear)
SUPPLE = MemberFlow("neural_spline_flow", SPLINES, 0.1, frozen=LULinear)
AFFINE_FLOW = MemberFlow("maf", AFFINE, 0.1)
DIFFERENT = (SUPPLE_LU, STIFF, SUPPLE, AFFINE_FLOW)

EFFORTS = {
    "fast": Effort(1_000, 1_000, 3, 1_000, (STIFF_LU, SUPPLE_LU)),
    "balanced": Effort(4_000, 2_000, 5, 5_000, DIFFERENT),
    "thorough": Effort(20_000, 5_000, 5, 20_000, (*DIFFERENT, STIFF_LU)),
}

NO_FLOWS = Effort(0, 0, 1, 0, ())
"""Of classical densities alone."""
