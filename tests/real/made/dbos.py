from dbos import DBOSClient
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


def _client(place):
    url = f"postgresql+psycopg://u:p@{place.host}/d?connect_timeout=2"
    return DBOSClient(system_database_url=url, lazy=True, retry_connection_errors=False)


MAKERS = {"DBOSClient": _client, "Session": lambda place: Session(create_engine("sqlite://"))}
