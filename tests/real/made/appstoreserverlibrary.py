from appstoreserverlibrary.api_client import AppStoreServerAPIClient, AsyncAppStoreServerAPIClient
from appstoreserverlibrary.models.Environment import Environment
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def _client(kind):
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return kind(key, "k", "i", "com.shop", Environment.SANDBOX)


MAKERS = {
    "AppStoreServerAPIClient": lambda place: _client(AppStoreServerAPIClient),
    "AsyncAppStoreServerAPIClient": lambda place: _client(AsyncAppStoreServerAPIClient),
}
