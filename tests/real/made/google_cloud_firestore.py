from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.services import firestore as service
from google.oauth2.credentials import Credentials

from tests.real.made.google import client as generated


def _client(place: Any, kind: Any) -> Any:
    """Over a channel without TLS."""
    made = kind(project="p", credentials=Credentials("t"))
    asynchronous = kind is firestore.AsyncClient
    made._firestore_api_internal = generated(place, service.FirestoreAsyncClient if asynchronous else service.FirestoreClient)
    return made


MAKERS = {
    "firestore.AsyncClient": lambda place: _client(place, firestore.AsyncClient),
    "firestore.Client": lambda place: _client(place, firestore.Client),
}
