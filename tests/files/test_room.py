"""What the room offers by name is there, and comes late."""

import pytest

import fluvial
from fluvial import files


@pytest.mark.parametrize("name", dir(files))
def test_every_promised_name_is_there(name):
    assert getattr(fluvial.files, name).__module__.startswith("fluvial.files.")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'read_table'"):
        files.read_table  # noqa: B018
