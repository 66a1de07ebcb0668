"""A client for the endpoints."""


def call(url):
    from fastapi.testclient import TestClient

    with TestClient(app) as client:  # noqa: F821 -- the fixture's
        response = client.post(url)
    assert response.status_code == 200, response.text
