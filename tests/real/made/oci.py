from importlib import import_module

import oci
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
CONFIG = {
    "user": "ocid1.user.oc1..a",
    "tenancy": "ocid1.tenancy.oc1..a",
    "fingerprint": ":".join(["aa"] * 16),
    "region": "eu-frankfurt-1",
    "key_content": KEY.decode(),
}
HOMES = {
    "ComputeClient": "core",
    "EmailDPClient": "email_data_plane",
    "KmsCryptoClient": "key_management",
    "NosqlClient": "nosql",
    "NotificationDataPlaneClient": "ons",
    "ObjectStorageClient": "object_storage",
    "QueueClient": "queue",
    "ResourceSearchClient": "resource_search",
    "StreamClient": "streaming",
}


def _client(place, name):
    made = getattr(import_module(f"oci.{HOMES[name]}"), name)
    options = {"retry_strategy": oci.retry.NoneRetryStrategy()}
    if name not in ("ComputeClient", "ResourceSearchClient"):
        options["service_endpoint"] = place.url
    found = made(CONFIG, **options)
    found.base_client.endpoint = place.url
    return found


def _response(place):
    request = oci.request.Request("GET", f"{place.url}/i")
    return oci.Response(200, {}, oci.core.models.Instance(lifecycle_state="STARTING"), request)


MAKERS = {name: lambda place, name=name: _client(place, name) for name in HOMES} | {
    "ComputeClientCompositeOperations": lambda place: oci.core.ComputeClientCompositeOperations(_client(place, "ComputeClient")),
    "oci.Response": _response,
}
