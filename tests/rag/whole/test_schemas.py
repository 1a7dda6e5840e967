import json

import pytest

from rag.errors import QuestionError
from rag.whole.schemas import Field, example, read_schema, wrong_with


def only(schema: object) -> Field:
    (part,) = read_schema({"type": "object", "properties": {"theField": schema}}).parts
    return part


def test_a_form_has_the_fields_of_its_schema() -> None:
    form = read_schema(
        {
            "type": "object",
            "$defs": {"Party": {"properties": {"name": {"type": "string"}}}},
            "properties": {
                "total_amount": {"type": "number", "description": "What is to be paid"},
                "seller": {"$ref": "#/$defs/Party", "description": "Who sells"},
                "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                "items": {"type": "array", "items": {"$ref": "#/$defs/Party"}},
                "paid": {"type": ["boolean", "null"]},
            },
        }
    )
    assert [(part.name, part.kind) for part in form.parts] == [
        ("total_amount", "number"),
        ("seller", "object"),
        ("due", "string"),
        ("items", "array"),
        ("paid", "boolean"),
    ]
    total, seller, due, items, _ = form.parts
    assert total.asked == "total amount: What is to be paid"
    assert seller.parts[0].label == "seller, name"
    assert due.is_date
    assert items.items is not None
    assert example(items) == [{"name": {"value": "string", "source": 1, "quote": "…"}}]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ([1], "no JSON object"),
        ({"type": "array", "items": {}}, "must be of an object"),
        ({"type": "object"}, "no properties"),
        ({"properties": {"a": {"type": "object"}}}, "'a' has no properties"),
        ({"properties": {"a": {"type": "money"}}}, "type of the field 'a'"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "which is not in it"),
        ({"properties": {"a": {"$ref": "#/$defs/B"}}}, "which is not in it"),
        ({"properties": {"a": 3}}, "cannot be read"),
        ({"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "number"}]}}}, "one type"),
        ({"properties": {str(at): {} for at in range(300)}}, "too large"),
    ],
)
def test_what_is_no_form_says_why(schema: object, told: str) -> None:
    with pytest.raises(QuestionError, match=told):
        read_schema(schema)


def test_a_schema_that_refers_to_itself_is_refused() -> None:
    node = {"properties": {"next": {"$ref": "#/$defs/Node"}}}
    with pytest.raises(QuestionError):
        read_schema({"properties": {"a": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}})
    loop = {"$ref": "#/$defs/Loop"}
    with pytest.raises(QuestionError):
        read_schema({"properties": {"a": loop}, "$defs": {"Loop": loop}})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "number"}, [1, 2.5, -3], ["1", True, float("nan"), None]),
        ({"type": "integer"}, [1, 2.0], [2.5, False]),
        ({"type": "boolean"}, [True], ["yes", 1]),
        ({"type": "string"}, ["a"], ["", " ", 3]),
        ({"type": "string", "format": "date"}, ["2024-02-29"], ["2023-02-29", "May 2023"]),
        ({"enum": ["a", "b"]}, ["a"], ["c"]),
        ({"const": "a"}, ["a"], ["b"]),
        ({"type": "number", "minimum": 0, "maximum": 1}, [0, 1], [-1, 2]),
    ],
)
def test_a_value_is_of_its_type(schema: object, good: list[object], bad: list[object]) -> None:
    field = only(schema)
    assert [value for value in good if wrong_with(value, field)] == []
    assert [value for value in bad if not wrong_with(value, field)] == []


def test_the_shape_that_is_asked_for_is_json() -> None:
    field = only({"type": "object", "properties": {"é": {"enum": ["a", "b"]}}})
    assert json.dumps(example(field), ensure_ascii=False) == (
        '{"é": {"value": "a or b", "source": 1, "quote": "…"}}'
    )
