"""Fits that are cut off at any of their checkpoints, and go on from there."""

from typing import Any

import numpy as np
import pytest

from fluvial import FlowDensity
from fluvial.artifacts import read_model, write_model
from fluvial.densities import Checkpoint, checkpoint
from fluvial.densities.effort import EFFORTS, Effort, MemberFlow
from fluvial.errors import DataWarning, ModelFileError

rng = np.random.default_rng(0)
X = np.column_stack([rng.normal(size=90), rng.normal(size=90).round(1)])
SMALL = {"n_layers": 1, "hidden_sizes": (4,)}
MAF: dict[str, Any] = {"flow": "maf", "max_epochs": 6, "batch_size": 32, "random_state": 0, **SMALL}
AUTO: dict[str, Any] = {"flow": "auto", "effort": "fast", "random_state": 0}
FLOWS = (MemberFlow("maf", SMALL, 0.1), MemberFlow("maf", SMALL | {"n_layers": 2}, 0.1))
TINY = Effort(15, 15, 2, 1_000, FLOWS)


class CutOffError(Exception):
    pass


@pytest.fixture(autouse=True, scope="module")
def often():
    """Let checkpoints come as often as they can, and "fast" be very fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "INTERVAL_SECONDS", 0.0)
        patch.setattr(checkpoint, "MOST_TIME", 1e9)
        patch.setattr("fluvial.training.host_loop.SEGMENT_SECONDS", 1e-9)
        patch.setattr("fluvial.training.host_loop.TIMED_STEPS", 1)
        patch.setitem(EFFORTS, "fast", TINY)
        yield


def cut_off_after(monkeypatch, n):
    """Let every n-th checkpoint be the last before the fit is cut off."""
    write, written = Checkpoint._write, []

    def cut_off(self):
        write(self)
        written.append(self)
        if len(written) % n == 0:
            raise CutOffError

    monkeypatch.setattr(Checkpoint, "_write", cut_off)


def kept(tmp_path, **options):
    return Checkpoint(tmp_path / "m.checkpoint", **{"after": 0, **options})


@pytest.fixture(scope="module")
def of_half_a_fit(tmp_path_factory):
    """The checkpoint of a fit that was cut off in the middle."""
    folder = tmp_path_factory.mktemp("unfinished")
    with pytest.MonkeyPatch.context() as patch:
        cut_off_after(patch, 8)
        with pytest.raises(CutOffError):
            FlowDensity(**MAF).fit(X, checkpoint=kept(folder))
    return (folder / "m.checkpoint").read_bytes()


@pytest.fixture(scope="module")
def of_flows(tmp_path_factory):
    """The checkpoint of a mixture, all flows of which have been trained."""
    folder = tmp_path_factory.mktemp("flows")
    FlowDensity(**AUTO).fit(X, checkpoint=kept(folder))
    return (folder / "m.checkpoint").read_bytes()


@pytest.fixture
def unfinished(tmp_path, of_half_a_fit):
    path = tmp_path / "m.checkpoint"
    path.write_bytes(of_half_a_fit)
    return path


@pytest.fixture
def all_flows(tmp_path, of_flows):
    path = tmp_path / "m.checkpoint"
    path.write_bytes(of_flows)
    return path


@pytest.mark.parametrize(
    ("arguments", "n"), [(MAF, 1), (MAF, 5), (AUTO, 20), (AUTO, 30)], ids=lambda p: str(p)[:15]
)
def test_it_goes_on_to_the_same_file(monkeypatch, tmp_path, arguments, n):
    FlowDensity(**arguments).fit(X).save(tmp_path / "whole")
    cut_off_after(monkeypatch, n)
    n_cuts = 0
    while not (tmp_path / "resumed").exists():
        try:
            fit = FlowDensity(**arguments).fit(X, checkpoint=kept(tmp_path, resume=n_cuts > 0))
            fit.save(tmp_path / "resumed")
        except CutOffError:
            n_cuts += 1
    assert n_cuts
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()


def test_flows_that_have_ended_are_not_trained_again(monkeypatch, all_flows):
    monkeypatch.setattr("fluvial.densities.members.fit", None)
    FlowDensity(**AUTO).fit(X, checkpoint=Checkpoint(all_flows, resume=True))


def test_a_short_fit_writes_nothing(tmp_path):
    FlowDensity(**MAF).fit(X, checkpoint=kept(tmp_path, after=60))
    assert not list(tmp_path.iterdir())


def test_a_second_fit_begins_anew(tmp_path):
    one = kept(tmp_path)
    other: dict[str, Any] = MAF | {"random_state": 1}
    FlowDensity(**MAF).fit(X, checkpoint=one)
    FlowDensity(**other).fit(X, checkpoint=one).save(tmp_path / "second")
    FlowDensity(**other).fit(X).save(tmp_path / "alone")
    assert (tmp_path / "second").read_bytes() == (tmp_path / "alone").read_bytes()


def test_it_is_removed_on_demand(unfinished):
    Checkpoint(unfinished).remove()
    assert not unfinished.exists()
    Checkpoint(unfinished).remove()


@pytest.mark.parametrize(
    ("rows", "arguments", "message"),
    [
        (X + 1e-9, {}, "with other values;"),
        (X[1:], {}, r"with other shape \(\[90, 2\], now \[89, 2\]\), values"),
        (X, {"random_state": 1}, "with other seed;"),
        (X, {"max_epochs": 7}, r"with other max_epochs \(6, now 7\);"),
        (X, {"hidden_sizes": (5,)}, r"with other hidden_sizes \(\[4\], now \[5\]\);"),
    ],
)
def test_the_checkpoint_of_another_fit_is_refused(unfinished, rows, arguments, message):
    density = FlowDensity(**MAF | arguments)
    before = unfinished.read_bytes()
    with pytest.raises(ModelFileError, match=rf"m\.checkpoint: .* another fit, {message}"):
        density.fit(rows, checkpoint=Checkpoint(unfinished, resume=True))
    assert unfinished.read_bytes() == before
    assert not hasattr(density, "table_density_")


def test_of_another_version_is_refused(monkeypatch, unfinished):
    monkeypatch.setattr(
        "fluvial.densities.identity.writer_versions", lambda: {"fluvial": "9", "jax": "8"}
    )
    with pytest.raises(ModelFileError, match=r"fluvial \('.*', now '9'\), jax"):
        FlowDensity(**MAF).fit(X, checkpoint=Checkpoint(unfinished, resume=True))


def test_progress_on_stderr_is_of_no_matter(unfinished):
    FlowDensity(**MAF, verbose=1).fit(X, checkpoint=Checkpoint(unfinished, resume=True))


@pytest.mark.parametrize("place", [0.001, 0.3, 0.6, 0.9, 0.999])
def test_a_damaged_one_is_refused(unfinished, place):
    data = bytearray(unfinished.read_bytes())
    data[int(place * len(data))] ^= 1
    unfinished.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"m\.checkpoint"):
        FlowDensity(**MAF).fit(X, checkpoint=Checkpoint(unfinished, resume=True))


def rewritten(path, change):
    """Change a checkpoint, and give it a right checksum."""
    file = read_model(path)
    header, arrays = dict(file.header), dict(file.arrays)
    change(header, arrays)
    write_model(path, kind=file.kind, header=header, arrays=arrays)


@pytest.mark.parametrize(
    "change",
    [
        lambda header, arrays: header.pop("finished"),
        lambda header, arrays: header.update(finished=[]),
        lambda header, arrays: header.update(finished={"flow": 3}),
        lambda header, arrays: header.update(identity="mine"),
        lambda header, arrays: arrays.update(a=np.ones(1)),
        lambda header, arrays: arrays.pop("flow/order"),
        lambda header, arrays: arrays.update({"flow/step": np.ones(2)}),
    ],
)
def test_what_no_fit_writes_is_refused(unfinished, change):
    rewritten(unfinished, change)
    with pytest.raises(ModelFileError, match=r"m\.checkpoint"):
        FlowDensity(**MAF).fit(X, checkpoint=Checkpoint(unfinished, resume=True))


@pytest.mark.parametrize(
    "change",
    [
        lambda facts, arrays, name: facts.pop("specification"),
        lambda facts, arrays, name: facts.update(specification={"type": "maf"}),
        lambda facts, arrays, name: facts["specification"]["arguments"].update(n_layers=10**9),
        lambda facts, arrays, name: facts.update(best_epoch=10**6),
        lambda facts, arrays, name: arrays.pop(f"{name}/train_loss"),
        lambda facts, arrays, name: arrays.update({f"{name}/held_out": np.full(3, np.nan)}),
        lambda facts, arrays, name: arrays.pop(f"{name}/plain"),
    ],
)
def test_what_no_fit_of_a_member_gives_is_refused(all_flows, change):
    def change_first(header, arrays):
        name = min(header["finished"])
        change(header["finished"][name], arrays, name)

    rewritten(all_flows, change_first)
    with pytest.raises(ModelFileError, match=r"m\.checkpoint"):
        FlowDensity(**AUTO).fit(X, checkpoint=Checkpoint(all_flows, resume=True))


def test_a_limit_of_time_is_refused(tmp_path):
    with pytest.raises(ValueError, match="max_seconds=None"):
        FlowDensity(**MAF, max_seconds=5).fit(X, checkpoint=kept(tmp_path))
    FlowDensity(**MAF, max_seconds=np.inf).fit(X, checkpoint=kept(tmp_path))


def test_one_that_cannot_be_written_does_not_end_the_fit(tmp_path):
    lost = Checkpoint(tmp_path / "absent" / "m.checkpoint", after=0)
    with pytest.warns(DataWarning, match="no checkpoint can be written") as warned:
        FlowDensity(**MAF).fit(X, checkpoint=lost)
    assert len([w for w in warned if "checkpoint" in str(w.message)]) == 1
