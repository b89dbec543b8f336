"""How much work the default density takes, and the flows that it fits."""

from dataclasses import dataclass, replace
from typing import Any

from fluvial.bijectors import LULinear
from fluvial.training.options import Optimizer

MANY_ROWS = 4_500
"""Training rows beyond which Muon is better than Adam: of 5,000 rows a tenth is held out."""


@dataclass(frozen=True)
class MemberFlow:
    """A flow of the default mixture.

    Attributes:
        recipe: its name in `fluvial.flows`.
        arguments: keyword arguments in place of the recipe's own.
        weight_decay: of its networks' weight matrices.
        frozen: a type of parts that stay as they start, see `fluvial.training.fit`.
        optimizer: see `fluvial.training.fit`.
        share_of_steps: the share of the usual steps that it takes at most.
    """

    recipe: str
    arguments: dict[str, Any]
    weight_decay: float
    frozen: type | None = None
    optimizer: Optimizer | None = None
    share_of_steps: float = 1.0

    def by_muon(self) -> "MemberFlow":
        """Return it trained by Muon, whose steps take half as long again, but get farther.

        Half as many are enough; since fewer steps decay weights less, they decay them more.
        """
        return replace(
            self, weight_decay=3 * self.weight_decay, optimizer="muon", share_of_steps=0.5
        )


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
        flows_of_many_rows: likewise, of tables of more than `MANY_ROWS` rows to train on; None: the
            same.
    """

    n_steps: int
    min_steps_a_fold: int
    n_folds: int
    max_rows_for_folds: int
    flows: tuple[MemberFlow, ...]
    flows_of_many_rows: tuple[MemberFlow, ...] | None = None

    def flows_of(self, n_rows: int) -> tuple[MemberFlow, ...]:
        """Return the flows of a table of so many rows to train on."""
        if self.flows_of_many_rows is None or n_rows <= MANY_ROWS:
            return self.flows
        return self.flows_of_many_rows


# No weight decay and no linear map is best on all tables, and held-out rows tell which. LU maps
# serve correlated columns, permutations those with steps and point masses: LU maps that stay the
# identity. Flows that differ in their weight decay and in what is trained share a compiled program.
STIFF_LU = MemberFlow("neural_spline_flow", SPLINES, 1.0)
SUPPLE_LU = MemberFlow("neural_spline_flow", SPLINES, 0.1)
STIFF = MemberFlow("neural_spline_flow", SPLINES, 1.0, frozen=LULinear)
SUPPLE = MemberFlow("neural_spline_flow", SPLINES, 0.1, frozen=LULinear)
AFFINE_FLOW = MemberFlow("maf", AFFINE, 0.1)
DIFFERENT = (SUPPLE_LU, STIFF, SUPPLE, AFFINE_FLOW)
# Those of strong decay stay with Adam, but for the least effort: they are as good, and differ more.
DIFFERENT_OF_MANY = (SUPPLE_LU.by_muon(), STIFF, SUPPLE.by_muon(), AFFINE_FLOW)
FEW = (STIFF_LU, SUPPLE_LU)

EFFORTS = {
    "fast": Effort(1_000, 1_000, 3, 1_000, FEW, tuple(flow.by_muon() for flow in FEW)),
    "balanced": Effort(4_000, 2_000, 5, 5_000, DIFFERENT, DIFFERENT_OF_MANY),
    "thorough": Effort(
        20_000, 5_000, 5, 20_000, (*DIFFERENT, STIFF_LU), (*DIFFERENT_OF_MANY, STIFF_LU)
    ),
}

NO_FLOWS = Effort(0, 0, 1, 0, ())
"""Of classical densities alone."""
