"""Callers that the service's own code does not have: sessions for its functions, a client for its endpoints."""


def with_session(function, *args):
    from app.db import SessionLocal
    from app.models import Order

    with SessionLocal() as session:
        session.add(Order(total=1))
        session.commit()
        function(session, *args)


async def with_async_session(function):
    from app.db import AsyncSessionLocal

    async with AsyncSessionLocal() as session:
        await function(session)


def call(method, url):
    from app.main import app
    from fastapi.testclient import TestClient

    with TestClient(app) as client:
        response = client.request(method, url)
    assert response.status_code == 200, response.text
