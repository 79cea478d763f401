"""The JSON Schema and the documented keys of the interchange file, made from its shape.

`python -m app.interchange.schema` writes both; a test fails when they are stale.
"""

import json
import re
from pathlib import Path

from app.interchange.shape import Document

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMA = DOCS / "interchange.schema.json"
PAGE = DOCS / "interchange.md"
_BETWEEN = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- end of keys -->)", re.DOTALL)


def schema_text() -> str:
    """The JSON Schema (draft 2020-12), as the file that is committed."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Document.model_json_schema(),
        "title": "Vigie interchange file",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def page_text() -> str:
    """The page about the file, with its tables of keys brought up to date."""
    return _BETWEEN.sub(lambda _old: _tables(), PAGE.read_text(encoding="utf-8"))


def _tables() -> str:
    schema = Document.model_json_schema()
    titles = {"Document": schema, **schema["$defs"]}
    parts = []
    for title, rows in titles.items():
        if "properties" not in rows:
            continue
        parts.append(f"### {title}\n\n{rows['description'].splitlines()[0]}\n")
        parts.append("| key | required | meaning |\n|---|---|---|")
        required = rows.get("required", [])
        parts += [
            f"| `{key}` | {_needed(key in required, value)} | {value['description']} |"
            for key, value in rows["properties"].items()
        ]
        parts.append("")
    return "\n".join(["", *parts, ""])


def _needed(required: bool, value: dict[str, object]) -> str:
    return "yes" if required else f"`{json.dumps(value.get('default'))}`"


def main() -> None:
    """Write both files anew."""
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
