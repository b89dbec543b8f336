import os
import stat

import pytest

from fluvial.artifacts import atomic_path


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_a_file_is_made_and_replaced(tmp_path):
    target = tmp_path / "a.txt"
    for text in ("first", "second"):
        with atomic_path(target) as temporary:
            assert temporary.suffix == ".txt"
            assert temporary.parent == tmp_path
            temporary.write_text(text)
        assert target.read_text() == text
    assert names(tmp_path) == ["a.txt"]


def write_half(target, failure):
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise failure


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_everything_as_it_was(tmp_path, failure):
    target = tmp_path / "a.txt"
    target.write_text("before")
    with pytest.raises(failure):
        write_half(target, failure)
    assert target.read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def test_a_failing_replacement_leaves_nothing_behind(tmp_path, monkeypatch):
    def refuse(*paths):
        raise PermissionError(*paths)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError), atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
    assert names(tmp_path) == []


def test_absent_directories_and_directories_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent/a\.txt"):  # noqa: SIM117
        with atomic_path(tmp_path / "absent" / "a.txt"):
            pass
    with pytest.raises(IsADirectoryError, match=tmp_path.name), atomic_path(tmp_path):
        pass


def test_permissions_are_the_usual_ones_or_those_of_the_replaced_file(tmp_path):
    ordinary, target = tmp_path / "b.txt", tmp_path / "a.txt"
    ordinary.write_text("")
    with atomic_path(target):
        pass
    assert target.stat().st_mode == ordinary.stat().st_mode
    target.chmod(0o600)
    with atomic_path(target):
        pass
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real" / "a.txt")
    with atomic_path(link) as temporary:
        temporary.write_text("x")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "x"


def test_what_is_no_regular_file_is_never_replaced(tmp_path):
    pipe, device = tmp_path / "pipe", tmp_path / "device"
    os.mkfifo(pipe)
    device.symlink_to(os.devnull)
    for path in (pipe, device):
        with pytest.raises(OSError, match=rf"Not a regular file.*{path}"), atomic_path(path):
            pytest.fail("nothing is written")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert names(tmp_path) == ["device", "pipe"]
