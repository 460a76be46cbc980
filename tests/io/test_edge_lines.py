from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.errors import ReadError, TopographError
from topograph.io import edge_lines
from topograph.io.edge_lines import TAB_SEPARATED, LineForm, parse_edges, parse_lines

INDEX = st.one_of(st.integers(0, 99), st.integers(0, 10**9), st.integers(0, 10**17))
VALUE = st.sampled_from(["1", "6.250000e-02", "0", "-0.5", "1e-300", "123456.78901234567"])


def text_of(edges):
    return "".join(f"{row}\t{column}\t{value}\n" for row, column, value in edges).encode()


def parsed(block):
    rows, columns, values = parse_edges(block)
    values = np.broadcast_to(values, rows.shape)
    return list(zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True))


@given(st.lists(st.tuples(INDEX, INDEX, VALUE), min_size=1))
def test_lines_come_back_as_numbers(edges):
    assert parsed(text_of(edges)) == [(row, col, float(value)) for row, col, value in edges]


@given(st.lists(st.tuples(INDEX, INDEX), min_size=1), VALUE)
def test_the_fast_way_and_the_general_one_agree(pairs, value):
    block = text_of((*pair, value) for pair in pairs)
    fast = edge_lines._parse_uniform(block, TAB_SEPARATED)
    general = parse_lines(block, 1, TAB_SEPARATED)
    if fast is None:
        assert max(map(max, pairs)) >= 10**8
        return
    for one, name in zip(fast, ("row", "column", "value"), strict=True):
        np.testing.assert_array_equal(np.broadcast_to(one, len(pairs)), general[name])


@given(st.lists(st.tuples(INDEX, INDEX), min_size=1), st.sampled_from([" ", "\t", "  "]))
def test_lines_of_two_columns_have_the_value_one(pairs, separator):
    block = "".join(f"{row}{separator}{column}\n" for row, column in pairs).encode()
    rows, columns, value = parse_edges(block, form=LineForm("row column", ("row", "column")))
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == pairs
    assert value == 1.0


@given(st.binary(max_size=60))
def test_any_bytes_are_numbers_or_a_read_error(content):
    try:
        rows, columns, _ = parse_edges(content + b"\n")
    except TopographError:
        return
    assert len(rows) == len(columns)


@given(st.text("0123456789\t\n-+.e _", max_size=40))
def test_texts_of_digits_are_understood_as_line_by_line(text):
    block = text.encode() + b"\n"
    try:
        expected = []
        for line in filter(str.strip, text.split("\n")):
            row, column, value = line.split("\t")
            assert not {"_", "."} & set(row + column)
            assert "_" not in value
            expected.append((int(row), int(column), float(value)))
            assert np.isfinite(expected[-1][2])
    except (ValueError, AssertionError):
        with pytest.raises(TopographError):
            parse_edges(block)
    else:
        assert parsed(block) == expected


def test_indices_above_two_to_the_24_are_exact():
    assert parsed(b"16777217\t1\t1\n9007199254740993\t1\t1\n") == [
        (16777217, 1, 1.0),
        (9007199254740993, 1, 1.0),
    ]


def test_windows_line_ends_and_empty_lines_are_read():
    assert parsed(b"1\t2\t0.5\r\n\r\n3\t4\t0.5\r\n") == [(1, 2, 0.5), (3, 4, 0.5)]
    assert parsed(b"\n\n") == []


@pytest.mark.parametrize(
    "line",
    [
        b"1\t2",
        b"1\t2\t3\t4",
        b"1 2 3",
        b"1,2,3",
        b"row\tcolumn\tvalue",
        b"1.0\t2\t1",
        b"1e3\t2\t1",
        b"1_0\t2\t1",
        b"1\t2\t1_0",
        b"\t2\t1",
        b"1\t\t1",
        b"1\t2\t",
        b"1\t2\tone",
        b"0x1\t2\t1",
        b"99999999999999999999\t2\t1",
        b"1\t2\t1\0",
        b"\xff\t2\t1",
        b"\xd9\xa1\t2\t1",
    ],
)
def test_a_malformed_line_is_named_by_its_number(line):
    for other in (b"1\t2\t1\n", b"1\t2\t0.25\n"):
        with pytest.raises(ReadError, match="line 12 is"):
            parse_edges(other * 2 + line + b"\n" + other, first_line=10)
