"""How good densities and samples are: known targets, divergences, two-sample tests, usefulness."""

from fluvial.evaluation.comparison import (
    DensityComparison as DensityComparison,
    DetectorComparison as DetectorComparison,
    compare_densities as compare_densities,
    compare_detectors as compare_detectors,
)
from fluvial.evaluation.densities import (
    Coverage as Coverage,
    Estimate as Estimate,
    LatentNormality as LatentNormality,
    coverage as coverage,
    divergence as divergence,
    held_out_difference as held_out_difference,
    latent_normality as latent_normality,
    simulation_based_calibration as simulation_based_calibration,
)
from fluvial.evaluation.report import (
    DensityReport as DensityReport,
    evaluate_density as evaluate_density,
)
from fluvial.evaluation.synthetic import (
    CopyCheck as CopyCheck,
    Usefulness as Usefulness,
    copy_check as copy_check,
    train_on_synthetic as train_on_synthetic,
)
from fluvial.evaluation.targets import (
    PLANE as PLANE,
    Target as Target,
    coccaro as coccaro,
    seven_gaussians as seven_gaussians,
    target as target,
)
from fluvial.evaluation.two_sample import (
    ColumnTests as ColumnTests,
    TwoSample as TwoSample,
    c2st as c2st,
    energy_distance as energy_distance,
    ks_by_column as ks_by_column,
    mmd as mmd,
    sliced_wasserstein as sliced_wasserstein,
)
