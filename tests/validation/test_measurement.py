"""Files of measurements: what is read, and one message for all that is wrong."""

from pathlib import Path

import pytest

from lambdasim.errors import InputError
from lambdasim.validation.measurement import read

HEAD = "exp_id,dataset,metric,measured,rate_rps,params,n_requests"


def folder(tmp_path: Path, *lines: str) -> Path:
    (tmp_path / "validation.csv").write_text("\n".join((HEAD, *lines)) + "\n", encoding="utf-8")
    return tmp_path


def test_a_row_is_read(tmp_path: Path) -> None:
    [row] = read(folder(tmp_path, 'a,set,p_cold,0.5,2.5,"{""idle_s"":60}",51'))
    assert (row.experiment, row.dataset, row.metric, row.measured) == ("a", "set", "p_cold", 0.5)
    assert (row.rate, row.params, row.requests, row.warm_s, row.unit) == (2.5, {"idle_s": 60}, 51, None, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,set,p,abc,,,", "measured: 'abc' is not a number"),
        ("a,set,p,nan,,,", "measured: 'nan' is not a number"),
        ("a,set,p,,,,", "needs exp_id, dataset, metric and measured"),
        (",set,p,1,,,", "needs exp_id, dataset, metric and measured"),
        ('a,set,p,1,,"[1]",', r"params: '\[1\]' is not a JSON object"),
        ("a,set,p,1,fast,,", "rate_rps: 'fast' is not a number"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError, match=rf"validation\.csv:3: {message}"):
        read(folder(tmp_path, "b,set,p,1,,,", line))


def test_every_wrong_row_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(folder(tmp_path, "a,set,p,x,,,", "a,set,p,1,,,", "a,set,p,y,,,"))
    assert [problem.line for problem in caught.value.problems] == [2, 4]


def test_a_folder_without_the_file_or_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path)
    (tmp_path / "validation.csv").write_text("exp_id,metric\na,b\n")
    with pytest.raises(InputError, match="has no column dataset, measured"):
        read(tmp_path)
    (tmp_path / "validation.csv").write_bytes(b"exp_id,dataset,metric,measured\na,b,c,\xff\n")
    with pytest.raises(InputError, match="UTF-8"):
        read(tmp_path)
    (tmp_path / "validation.csv").write_text(HEAD + "\n")
    with pytest.raises(InputError, match="holds no measurements"):
        read(tmp_path)
