from __future__ import annotations

from pathlib import Path

import pytest

from tests.study import benched
from topograph.errors import ParameterError, ReadError
from topograph.study.reading_tables import read_table
from topograph.training.bundle.collecting import write_table


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl", ".CSV"])
def test_reading_is_the_inverse_of_writing(ending, tmp_path):
    if ending == ".parquet":
        pytest.importorskip("polars")
    path = tmp_path / f"table{ending}"
    table = [
        row | {"topology": "12345e6789012345", "curve": [0.5, None], "gap": None, "note": "a, b"}
        for row in benched.rows()
    ]
    table[0] = table[0] | {"gap": 1}
    write_table(table, path)
    assert read_table(path) == table
    some = read_table(path, lambda name: name in ("seed", "gap"))
    assert some[0] == {"seed": 0, "gap": 1}


def test_a_damaged_table_says_where(tmp_path):
    def table(text, ending=".csv"):
        Path(tmp_path / f"table{ending}").write_text(text)
        return tmp_path / f"table{ending}"

    with pytest.raises(ReadError, match="Line 3 must have 2 cells, as the first line has, but"):
        read_table(table("a,b\n1,2\n3\n"))
    with pytest.raises(ReadError, match="'a' comes twice"):
        read_table(table("a,a\n1,2\n"))
    with pytest.raises(ReadError, match="it is empty"):
        read_table(table(""))
    with pytest.raises(ReadError, match="Line 2 must be a JSON object"):
        read_table(table('{"a": 1}\n[1]\n', ".jsonl"))
    with pytest.raises(ParameterError, match=r"endings \.parquet, \.csv, \.jsonl"):
        read_table(table("a\n1\n", ".txt"))
    with pytest.raises(ReadError, match="must be readable"):
        read_table(tmp_path / "gone.csv")
    pytest.importorskip("polars")
    with pytest.raises(ReadError, match="must be Parquet"):
        read_table(table("no Parquet at all", ".parquet"))


def test_cells_of_csv_become_what_the_whole_column_is(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("\ufeffa,b,c,d,e,f\n1,0.5,007,True,x,1_0\n2,,12,False,,2\n", encoding="utf-8")
    assert read_table(path) == [
        {"a": 1, "b": 0.5, "c": "007", "d": True, "e": "x", "f": "1_0"},
        {"a": 2, "b": None, "c": "12", "d": False, "e": None, "f": "2"},
    ]
