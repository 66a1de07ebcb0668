from google.cloud import secretmanager

from tests.real.made.google import client

MAKERS = {
    "secretmanager.SecretManagerServiceAsyncClient": lambda place: client(place, secretmanager.SecretManagerServiceAsyncClient),
    "secretmanager.SecretManagerServiceClient": lambda place: client(place, secretmanager.SecretManagerServiceClient),
}
