"""Reads Spotify's OpenAPI description and checks exchanges against it, with the rules of development mode added."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from bot.sandbox.spotify.journal import Exchange

DESCRIPTION = Path(__file__).resolve().parents[3] / "shared" / "specs" / "spotify-web-api.yml"
METHODS = ("get", "put", "post", "delete")
# Marked as deprecated and yet still given, always empty.
STILL_GIVEN = {"genres", "audio_preview_url"}
# Null in practice, though the description does not say so.
NULL_IN_PRACTICE = {
    ("PlaylistTrackObject", "item"),
    ("PlayHistoryObject", "context"),
    ("CursorPagingObject", "cursors"),
}
Schema = dict[str, Any]
Place = tuple[str, str]
"""An operation: its method and path template."""


class Contract:
    """Spotify's description of its Web API.

    An OpenAPI 3.0 schema becomes a JSON schema: `nullable` (or "`null`" in the prose) allows null, nothing that is not
    described may be given, and what is marked as deprecated is neither required nor given.
    """

    def __init__(self, description: Schema) -> None:
        self._paths = description["paths"]
        self._components = description["components"]
        self._gone = {name: self._deprecated_in(schema) for name, schema in self._components["schemas"].items()}
        self._validators: dict[tuple[str, ...], Draft202012Validator] = {}
        self._schemas = {
            name: self._converted(schema, name, inside=False) for name, schema in self._components["schemas"].items()
        }

    def operations(self, *, deprecated: bool) -> Iterator[tuple[str, str]]:
        """Yield (method, path template) of the live operations, or of the deprecated ones."""
        for template, operations in self._paths.items():
            for method in METHODS:
                if method in operations and operations[method].get("deprecated", False) is deprecated:
                    yield method.upper(), template

    def template_of(self, path: str) -> str:
        """Return the template that a path (without /v1) belongs to; one without a variable part wins."""
        for template in sorted(self._paths, key=lambda template: template.count("{")):
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                return str(template)
        raise AssertionError(f"{path} is not described")

    def problems(
        self, method: str, path: str, status: int, response: object, *, query: dict[str, str], request: object = None
    ) -> list[str]:
        """Return what is wrong with an exchange; `path` is without /v1, `request` and `response` are parsed JSON."""
        template = self.template_of(path)
        operation = self._paths[template][method.lower()]
        place = (method, template)
        return [
            *self._query_problems(place, operation, query),
            *self._request_problems(place, operation, request),
            *self._response_problems(place, operation, status, response),
        ]

    def _query_problems(self, place: Place, operation: Schema, query: dict[str, str]) -> Iterator[str]:
        described = {parameter["name"]: parameter for parameter in map(self._resolved, operation.get("parameters", []))}
        for name, text in query.items():
            if name not in described or described[name]["in"] != "query":
                yield f"query parameter {name} is not described"
                continue
            schema = described[name]["schema"]
            value: Any = int(text) if schema["type"] == "integer" else text
            if schema["type"] == "array":
                value = text.split(",")
            yield from self._violations((*place, "query", name), schema, value)
        for name, parameter in described.items():
            if parameter["in"] == "query" and parameter.get("required") and name not in query:
                yield f"query parameter {name} is required"

    def _request_problems(self, place: Place, operation: Schema, request: object) -> Iterator[str]:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if request is not None and content is None:
            yield "a body is not described"
        elif request is not None:
            yield from self._violations((*place, "request"), content["schema"], request)

    def _response_problems(self, place: Place, operation: Schema, status: int, response: object) -> Iterator[str]:
        described = operation["responses"].get(str(status))
        if described is None:
            yield f"status {status} is not described"
            return
        content = self._resolved(described).get("content", {}).get("application/json")
        if content is None:
            if response is not None:
                yield "an answer with content is not described"
            return
        yield from self._violations((*place, "response", str(status)), content["schema"], response, inside=True)

    def _violations(
        self, place: tuple[str, ...], schema: Schema, value: object, *, inside: bool = False
    ) -> Iterator[str]:
        validator = self._validators.get(place)
        if validator is None:
            root = {"components": {"schemas": self._schemas}, "allOf": [self._converted(schema, "", inside=inside)]}
            validator = self._validators[place] = Draft202012Validator(root, validate_formats=True)
        for error in validator.iter_errors(value):
            where = ".".join(map(str, error.instance_path))
            yield f"{' '.join(place[2:])} {where}: {error.message[:300]}"

    def _resolved(self, node: Schema) -> Schema:
        if "$ref" not in node:
            return node
        _, _, kind, name = node["$ref"].split("/")
        return self._resolved(self._components[kind][name])

    def _deprecated_in(self, schema: Schema) -> set[str]:
        schema = self._resolved(schema)
        own = {name for name, inner in schema.get("properties", {}).items() if inner.get("deprecated")}
        return own.union(*(self._deprecated_in(part) for part in schema.get("allOf", []))) - STILL_GIVEN

    def _converted(self, schema: Schema, name: str, *, inside: bool) -> Schema:
        """Return a JSON schema; `inside` is one that describes a whole value, not a part of an `allOf`."""
        if "$ref" in schema:
            reference = {"$ref": schema["$ref"]}
            return {"allOf": [reference], "unevaluatedProperties": False} if inside else reference
        kept = ("type", "enum", "format", "minimum", "maximum", "maxItems")
        result: Schema = {key: schema[key] for key in kept if key in schema}
        gone = self._gone.get(name) or self._deprecated_in(schema)
        if "required" in schema:
            result["required"] = [field for field in schema["required"] if field not in gone]
        if "properties" in schema:
            result["properties"] = {
                field: False if field in gone else self._property(name, field, inner)
                for field, inner in schema["properties"].items()
            }
        if "items" in schema:
            result["items"] = self._converted(schema["items"], name, inside=True)
        if "allOf" in schema:
            result["allOf"] = [self._converted(part, name, inside=False) for part in schema["allOf"]]
        if "oneOf" in schema:
            result["oneOf"] = [self._converted(part, "", inside=False) for part in schema["oneOf"]]
        if inside and not schema.get("additionalProperties"):
            result["unevaluatedProperties"] = False
        return result

    def _property(self, owner: str, field: str, schema: Schema) -> Schema:
        converted = self._converted(schema, "", inside=True)
        prose = schema.get("description", "")
        if schema.get("nullable") or "`null`" in prose or (owner, field) in NULL_IN_PRACTICE:
            return {"anyOf": [converted, {"type": "null"}]}
        return converted


@cache
def published_contract() -> Contract | None:
    """Return Spotify's description; None where it is absent, since it is not part of the project."""
    if not DESCRIPTION.exists():
        return None
    import yaml

    # The loader in C takes a tenth of the time, where there is one.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Contract(yaml.load(DESCRIPTION.read_text(encoding="utf-8"), loader))  # noqa: S506 - both are safe


def breaches(exchanges: Iterable[Exchange], seen: Counter[tuple[str, str]]) -> list[str]:
    """Return how recorded traffic departs from Spotify's description.

    Args:
        exchanges: what the stand-in has recorded. Faults that a test planned are left out, and so are refusals, whose
            bodies the description leaves open.
        seen: how many exchanges of each operation have been looked at in this run, counted on.
    """
    contract = published_contract()
    if contract is None:
        return []
    found: list[str] = []
    for exchange in exchanges:
        planned = any(remark.startswith("fault injected") for remark in exchange.remarks)
        if not exchange.path.startswith("/v1/") or exchange.status >= 400 or planned:
            continue
        path = exchange.path.removeprefix("/v1")
        seen[exchange.method, contract.template_of(path)] += 1
        problems = contract.problems(
            exchange.method,
            path,
            exchange.status,
            _as_described(exchange.response),
            query=exchange.query,
            request=exchange.request,
        )
        found += [f"{exchange.method} {exchange.path}: {problem}" for problem in problems]
    return found


def _as_described(response: object) -> object:
    """Leave out what the description has no place for.

    Spotify gives a member's local files with nulls throughout, and null for a track without audio features.
    """
    if not isinstance(response, dict):
        return response
    if isinstance(response.get("audio_features"), list):
        return {**response, "audio_features": [one for one in response["audio_features"] if one is not None]}
    if isinstance(response.get("items"), list):
        kept = [item for item in response["items"] if not (isinstance(item, dict) and item.get("is_local"))]
        return {**response, "items": kept}
    return response
