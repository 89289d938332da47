# SPDX-License-Identifier: Apache-2.0
"""Values that are put into a file's image by hand are what the HDF5 library finds there."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optinet.results.column import real, text, whole
from optinet.results.frame import TEXT, image_of

ROOT = {"title": "Texts", "format_version": np.int32(1)}


def image(texts, numbers=(), one="", further=()):
    """An image with texts, numbers, a single text, and more texts behind it."""
    return image_of(
        ROOT,
        {
            "a": {
                "text": (text("texts", "row"), np.array(texts, dtype=TEXT).reshape(len(texts))),
                "value": (real("numbers", "entry"), np.array(numbers, dtype="<f8").reshape(len(numbers))),
            },
            "b": {
                "count": (whole("a number"), np.array(len(texts), dtype="<i4")),
                "one": (text("a text"), np.array(one, dtype=TEXT)),
                "text": (text("texts", "row"), np.array(further, dtype=TEXT).reshape(len(further))),
            },
        },
    )


def found(data):
    with h5py.File(io.BytesIO(data)) as file:
        assert file.attrs["title"] == "Texts"
        assert file.id.get_filesize() == len(data)
        return (
            file["a/text"].asstr()[()].tolist(),
            file["a/value"][()].tolist(),
            file["b/one"].asstr()[()],
            file["b/text"].asstr()[()].tolist(),
            int(file["b/count"][()]),
        )


texts = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40), max_size=40)


@given(texts, st.lists(st.floats(allow_nan=False), max_size=20), st.text("aß\n ", max_size=5000), texts)
@settings(max_examples=30)
def test_texts_and_numbers_are_read_as_they_were_given(first, numbers, one, further):
    assert found(image(first, numbers, one, further)) == (first, numbers, one, further, len(first))


@pytest.mark.parametrize(
    "many",
    [
        ["x" * 7, "", "y" * 300_000, "z"],  # more than a collection holds as a rule
        [f"{i}" for i in range(140_000)],  # more than the places of two collections
        ["w" * 4064],  # fills the smallest collection but for less than the head of a free object
    ],
    ids=["long", "many", "full"],
)
def test_texts_fill_as_many_collections_as_they_need(many):
    assert found(image(many, range(20_000), "one", many[:5])) == (many, list(range(20_000)), "one", many[:5], len(many))


def test_other_tools_may_go_on_writing_to_a_copy():
    copy = io.BytesIO(image([f"text {i}" for i in range(3000)], [1.5], "before", ["behind"]))
    with h5py.File(copy, "r+") as file:
        file["b/one"][()] = "after, and longer than it was before"
        file["a/text"][7] = "another"
        file["more"] = ["some", "more", "texts" * 5000]
        file["a/value"][0] = 2.5
    wanted = [f"text {i}" if i != 7 else "another" for i in range(3000)]
    assert found(copy.getvalue()) == (wanted, [2.5], "after, and longer than it was before", ["behind"], 3000)
    with h5py.File(copy) as file:
        assert file["more"].asstr()[2] == "texts" * 5000


def test_equal_content_gives_equal_bytes_whatever_was_written_before():
    first = image(["a", "b"], [1.0], "one", ["c"])
    image(["x", "y"], [2.0], "two", ["z"])
    assert image(["a", "b"], [1.0], "one", ["c"]) == first
