"""`/docs`: the API's description as one plain page.

FastAPI's own pages load scripts from a content network, which this service does not do. The machine-readable
description is `/openapi.json`; any OpenAPI tool reads it.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.web.routing import Router

router = Router(include_in_schema=False)

_STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
section { margin: 1.5rem 0; padding-top: .5rem; border-top: 1px solid #bbb; }
h3 { font-size: 1rem; margin: 0; } code, pre { font-size: .9rem; } p { margin: .3rem 0; }
pre { background: #f3f3f3; color: #111; padding: .8rem; overflow-x: auto; white-space: pre-wrap; }
"""


@router.get("/docs", response_class=HTMLResponse)
def read_docs(request: Request) -> str:
    document: dict[str, Any] = request.app.openapi()
    operations = [
        _operation(method, path, operation, document)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width"><title>Danpa: the API</title>',
            '<link rel="stylesheet" href="/docs/style.css"></head><body>',
            f"<h1>Danpa {escape(document['info']['version'])}: the API</h1>",
            *(f"<p>{escape(text)}</p>" for text in document["info"]["description"].split("\n\n")),
            '<p>For tools: <a href="/openapi.json">/openapi.json</a></p>',
            *operations,
            "</body></html>",
        ]
    )


@router.get("/docs/style.css")
async def read_docs_style() -> Response:
    return Response(_STYLE, media_type="text/css")


def _operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    parts = [
        f'<section id="{escape(operation["operationId"])}">',
        f"<h3><code>{method.upper()} {escape(path)}</code></h3>",
        f"<p>{escape(operation.get('summary', ''))}</p>",
    ]
    if description := operation.get("description"):
        parts.append(f"<p>{escape(description)}</p>")
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, body in content.items():
        schema = _resolved(body.get("schema", {}), document)
        for example in _examples(schema)[:1]:
            text = json.dumps(example, ensure_ascii=False, indent=2)
            parts.append(f"<p>Send <code>{escape(media_type)}</code>:</p><pre>{escape(text)}</pre>")
    return "\n".join([*parts, "</section>"])


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return found


def _examples(schema: dict[str, Any]) -> list[Any]:
    return [*schema.get("examples", []), *([schema["example"]] if "example" in schema else [])]
