from __future__ import annotations

import pytest

from rag.errors import ToolError
from rag.intake import Table, TableRow
from rag.table_queries import LONGEST_SQL, MOST_ROWS, columns_of, query

HEADER = ("Product", "Revenue 2023", "Revenue 2022", "Share")
ROWS = (
    ("Mops", "$ 1,577", "1,200.5", "12 %"),
    ("Brooms", "(45)", "—", "3%"),
    ("Buckets", "2 000", "", "n/a"),
)


def table(
    rows: tuple[tuple[str, ...], ...], header: tuple[str, ...] = HEADER, page: int = 1
) -> Table:
    return Table(1, page, "", header, tuple(TableRow(0, 1, cells) for cells in rows))


PARTS = [table((HEADER, *ROWS[:2])), table(ROWS[2:], page=2)]


def test_columns_are_named_by_the_header() -> None:
    assert columns_of(PARTS) == ["product", "revenue_2023", "revenue_2022", "share"]
    assert columns_of([table((("a", "b", "c"),), ("2023", "", "2023"))]) == [
        "_2023",
        "c2",
        "_2023_3",
    ]
    assert columns_of([table((("a", "b"),), ())]) == ["c1", "c2"]
    assert columns_of([table((), ("row_number", 'x"; DROP'))]) == ["row_number_1", "x_drop"]


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SELECT product FROM t ORDER BY revenue_2023 DESC", "product\nBuckets\nMops\nBrooms"),
        ("SELECT sum(revenue_2023) AS total FROM t", "total\n3532"),
        ("SELECT revenue_2022, share FROM t", "revenue_2022 | share\n1200.5 | 12\n— | 3\n | n/a"),
        ("SELECT row_number FROM t WHERE product LIKE 'B%'", "row_number\n2\n3"),
        ("WITH x AS (SELECT 1 AS n) SELECT n FROM x", "n\n1"),
        ("WITH x AS (SELECT product FROM t) SELECT count(*) FROM x", "count(*)\n3"),
        (
            "SELECT upper(product), printf('%.1f', share) FROM t LIMIT 1",
            "upper(product) | printf('%.1f', share)\nMOPS | 12.0",
        ),
        (
            "SELECT * FROM t WHERE share > 99 AND share < 100",
            "row_number | product | revenue_2023 | revenue_2022 | share\nNo row is like that.",
        ),
    ],
)
def test_rows_over_pages_are_asked_as_one_table(sql: str, answer: str) -> None:
    assert query(PARTS, sql) == answer


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TABLE t", "Only a single SELECT over t can be run."),
        ("DELETE FROM t", "Only a single SELECT"),
        ("INSERT INTO t (product) VALUES ('x')", "Only a single SELECT"),
        ("ATTACH DATABASE '/tmp/other.db' AS other", "Only a single SELECT"),
        ("PRAGMA database_list", "Only a single SELECT"),
        ("VACUUM INTO '/tmp/copy.db'", "Only a single SELECT"),
        ("SELECT load_extension('x')", "not authorized to use function: load_extension"),
        ("SELECT fts3_tokenizer('simple')", "not authorized to use function: fts3_tokenizer"),
        ("SELECT randomblob(9)", "not authorized to use function: randomblob"),
        ("SELECT name FROM sqlite_master", "Only a single SELECT"),
        ("SELECT value FROM json_each('[1]')", "json_each"),
        ("EXPLAIN SELECT * FROM t", "Only a single SELECT"),
        ("; -- so\n/* it\n is */ explain query plan SELECT * FROM t", "Only a single SELECT"),
        ("SELECT 1; SELECT 2", "Only a single SELECT"),
        ("SELECT nothing FROM t", "The columns of t are: product, revenue_2023"),
        ("SELECT printf('%090000d', 1) || printf('%090000d', 1)", "too big"),
        ("SELECT 'x' LIKE printf('%0500d', 1)", "pattern too complex"),
        (
            "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT max(n) FROM x",
            "Only a single SELECT",
        ),
        ("SELECT count(*) FROM t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t", "takes too long"),
        ("SELECT '\ud800'", "The query fails"),
        ("SELECT \x00", "The query fails"),
        ("x" * (LONGEST_SQL + 1), "longer than"),
        ("", "Only a single SELECT"),
        ("-- nothing", "Only a single SELECT"),
    ],
)
def test_nothing_but_a_short_reading_query_runs(
    sql: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.table_queries.SECONDS", 0.2)
    with pytest.raises(ToolError) as refused:
        query(PARTS, sql)
    assert why in str(refused.value)


def test_an_answer_is_bounded() -> None:
    many = table(tuple((str(number), "x" * 5_000) for number in range(500)), ("n", "text"))
    lines = query([many], "SELECT n, text FROM t").splitlines()
    assert len(lines) == MOST_ROWS + 2
    assert lines[-1] == f"There are more rows; these are the first {MOST_ROWS}."
    assert max(map(len, lines)) < 300


def test_numbers_too_long_for_an_integer_are_still_numbers() -> None:
    large = table((("9" * 30,), ("9" * 5_000,), ("123456789012345678",)), ("n",))
    assert query([large], "SELECT n, typeof(n) FROM t").splitlines()[1:] == [
        "1e+30 | real",
        "inf | real",
        "123456789012345678 | integer",
    ]
