from __future__ import annotations

from pathlib import Path

import pytest

from ingest.loaders import code

PYTHON = '''"""Counts boats."""
import x

class Harbour:
\tdef count(self) -> int:
\t\tdef inner(): ...
\t\treturn 41

    async def row(self): pass

def main():
    classes = 1
'''


def test_source_code_is_kept_exactly_with_what_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_text(PYTHON)
    loaded = code.load(path, "src/harbour.py", max_pages=10)

    assert loaded.pages[0].text == PYTHON
    assert (loaded.title, loaded.media_type) == ("harbour.py", "text/x-source")
    assert [(it.level, it.title) for it in loaded.outline] == [
        (1, "class Harbour"),
        (2, "def count"),
        (3, "def inner"),
        (2, "async def row"),
        (1, "def main"),
    ]
    for heading in loaded.outline:
        assert loaded.pages[0].text.startswith(heading.title, heading.start)


@pytest.mark.parametrize(
    ("suffix", "text", "titles"),
    [
        (
            ".ts",
            "export default class Boat {\n  row() {}\n}\nexport const sail = async (x) => 1;\n"
            "interface Oar {}\nfunction go() {}\nconst n = 41;\nreturn class_name;",
            [
                "export default class Boat",
                "export const sail",
                "interface Oar",
                "function go",
            ],
        ),
        (
            ".go",
            "type Boat struct {\n}\nfunc (b *Boat) Row() {\n}\nfunc main() {}\n",
            ["type Boat", "func (b *Boat) Row", "func main"],
        ),
        (
            ".rs",
            "pub(crate) struct Boat;\nimpl<T> Boat<T> {\n    pub async fn row() {}\n}",
            ["pub(crate) struct Boat", "impl<T> Boat", "pub async fn row"],
        ),
        (
            ".c",
            "#include <x>\nstatic int *count(int a,\n  int b);\n"
            "int main(int argc, char **argv)\n{\n  return sum(1);\n"
            "  if (x) { }\n  else if (y) {\n}\nstruct boat {\n",
            ["main", "struct boat"],
        ),
        (".cpp", "void Harbour::row(const Boat& b) const {\n}\n", ["Harbour::row"]),
        (
            ".java",
            "public class A {\n  public static void main(String[] args) {\n    go(1);\n  }\n}",
            ["public class A", "main"],
        ),
        (".rb", "module A\n  class B\n    def c?\n", ["module A", "class B", "def c?"]),
        (".sh", "go() {\n  true\n}\nfunction run {\n", ["go()", "function run"]),
        (
            ".sql",
            "CREATE TABLE IF NOT EXISTS boats (\n id int);\ncreate or replace view v as select 1;",
            ["CREATE TABLE IF NOT EXISTS boats", "create or replace view v"],
        ),
        (".tex", "\\section{Boats}\n\\subsection*{Oars}\n", ["Boats", "Oars"]),
        (".toml", "[tool.boat]\na = [1]\n[[oar]]\n", ["tool.boat", "oar"]),
        (".yaml", "a: 1\n", []),
    ],
)
def test_declarations_are_found_by_language(suffix: str, text: str, titles: list[str]) -> None:
    assert [heading.title for heading in code.headings(text, suffix)] == titles


def test_sections_of_tex_have_their_levels() -> None:
    text = "\\chapter{A}\n\\section{B}\n"
    assert [heading.level for heading in code.headings(text, ".tex")] == [2, 3]
