from google.cloud import kms

from tests.real.made.google import client

MAKERS = {
    "kms.KeyManagementServiceAsyncClient": lambda place: client(place, kms.KeyManagementServiceAsyncClient),
    "kms.KeyManagementServiceClient": lambda place: client(place, kms.KeyManagementServiceClient),
}
