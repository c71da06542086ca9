"""Data sets that give batches."""

from __future__ import annotations

import pytest

from convcore import utils
from convcore.errors import ParameterError


class Three(utils.PyDataset):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> int:
        return index * 2


def test_it_iterates_over_its_batches() -> None:
    assert list(Three(workers=2)) == [0, 2, 4]
    assert Three().num_batches == 3
    assert utils.Sequence is utils.PyDataset
    three = Three()
    three.on_epoch_begin()
    three.on_epoch_end()


def test_what_a_subclass_has_to_have() -> None:
    with pytest.raises(NotImplementedError, match="__getitem__"):
        utils.PyDataset()[0]
    with pytest.raises(NotImplementedError, match="num_batches"):
        utils.PyDataset().num_batches  # noqa: B018
    with pytest.raises(ParameterError, match="workers"):
        Three(workers=-1)
