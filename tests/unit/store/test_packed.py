"""Joining and numbering columns by hand, as PostgreSQL and plain Python would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.packed import numbered, places


@given(st.lists(st.integers(-(2**62), 2**62), unique=True, min_size=1), st.data())
def test_every_id_is_found_where_it_stands(ids, data):
    wanted = data.draw(st.lists(st.sampled_from(ids)))
    at = places(np.array(ids), np.array(wanted, np.int64))
    assert [ids[place] for place in at] == wanted


@pytest.mark.parametrize("step", [1, 3, 1_000_000])
def test_ids_close_together_and_far_apart_are_found_alike(step):
    ids = np.random.default_rng(1).permutation(200) * step + 5
    assert places(ids, ids[::-1]).tolist() == list(range(200))[::-1]


@given(st.lists(st.integers(-5, 5)))
def test_numbers_are_given_by_first_appearance(values):
    code, first = numbered(np.array(values, np.int64))
    order = list(dict.fromkeys(values))
    assert code.tolist() == [order.index(value) for value in values]
    assert first.tolist() == [values.index(value) for value in order]
