"""What tests ask of the stand-in's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

GONE = {"available_markets", "popularity", "linked_from", "label", "preview_url", "email", "country", "product"}


def keys_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys_in(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in keys_in(inner)}
    return set()


def everything(client: httpx.Client, path: str, **params: int) -> list[Any]:
    page = client.get(path, params=params).json()
    found = page["items"]
    while page["next"]:
        assert page["next"].startswith("http://127.0.0.1:")
        page = client.get(page["next"]).json()
        assert page["items"], "a link led to an empty page"
        found += page["items"]
    assert len(found) == page["total"]
    return found


def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["status"] == answer.status_code
    return answer.status_code, error["message"]
