"""Write the README's table of settings from `Settings`, so that the two cannot disagree.

python -m bench.settings_table
"""

from __future__ import annotations

from pathlib import Path

from pydantic.fields import FieldInfo

from rag.settings import Settings, variable

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def settings_table() -> str:
    """The table in Markdown: a row for each setting, in the order of their definition."""
    rows = [
        f"| `{variable(name)}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])


def with_table(text: str) -> str:
    """The text of the README with the table as it should be between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"README.md has no place for the table: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


def main() -> None:
    """Write the table into the README."""
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


def _default(field: FieldInfo) -> str:
    value = field.get_default()
    if value is None:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


if __name__ == "__main__":
    main()
