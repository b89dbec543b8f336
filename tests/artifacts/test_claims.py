"""A name that is claimed, and temporary files that are swept when nobody holds them."""

import errno
import os
import subprocess
import sys

import pytest

from fluvial.artifacts import atomic_path, check_writable
from fluvial.artifacts.unfinished import hold_temporary


def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture(params=["links", "no links"])
def file_system(request, monkeypatch):
    """A file system on which a file has several names, and one on which it has not."""
    if request.param == "no links":

        def refuse(*paths):
            raise OSError(errno.EPERM, "no links here", *paths)

        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("file_system")
def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "a.txt"
    with pytest.raises(FileExistsError, match=r"a\.txt"):  # noqa: PT012, SIM117
        with atomic_path(target, replace=False) as temporary:
            temporary.write_text("mine")
            target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.usefixtures("file_system")
def test_a_free_name_is_claimed(tmp_path):
    with atomic_path(tmp_path / "a.txt", replace=False) as temporary:
        temporary.write_text("x")
    assert (tmp_path / "a.txt").read_text() == "x"
    assert names(tmp_path) == ["a.txt"]


def test_a_taken_name_is_refused_at_once(tmp_path):
    (tmp_path / "a.txt").write_text("theirs")
    with pytest.raises(FileExistsError), atomic_path(tmp_path / "a.txt", replace=False):
        pytest.fail("nothing is written")


def test_the_longest_name_that_a_file_may_have_will_do(tmp_path):
    for name in ("a" * 251 + ".txt", "\u00e9" * 125 + ".txt", "b." + "c" * 253):
        with atomic_path(tmp_path / name) as temporary:
            temporary.write_text("x")
        check_writable(tmp_path / name)
        assert (tmp_path / name).read_text() == "x"
    assert len(names(tmp_path)) == 3
    with pytest.raises(OSError, match="name too long"):
        check_writable(tmp_path / ("a" * 252 + ".txt"))
    assert len(names(tmp_path)) == 3


def test_a_full_disk_is_told_by_the_name_of_the_file(tmp_path):
    with pytest.raises(OSError, match=r"No space left.*a\.txt"):  # noqa: SIM117
        with atomic_path(tmp_path / "a.txt"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(FileNotFoundError, match="other"):  # noqa: SIM117
        with atomic_path(tmp_path / "a.txt"):
            (tmp_path / "other").read_text()


def test_only_temporary_files_of_the_dead_are_swept(tmp_path):
    code = (
        "import os, signal, sys; from fluvial.artifacts.unfinished import hold_temporary\n"
        "from pathlib import Path\n"
        "with hold_temporary(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "dead.txt")], check=False)
    (dead,) = names(tmp_path)
    users = [".notes.fluvial-1.txt", "plain.txt", ".x.fluvial-0123456789abc.txt"]
    for name in users:
        (tmp_path / name).write_text("x")
    with hold_temporary(tmp_path / "living.txt") as living:
        with atomic_path(tmp_path / "a.txt"):
            pass
        assert names(tmp_path) == sorted([*users, "a.txt", living.name])
    assert dead not in names(tmp_path)
