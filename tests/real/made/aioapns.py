from pathlib import Path
from typing import Any

import aioapns
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def key(place: Any) -> str:
    """The path of a private key."""
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = Path(place.folder, "key.p8")
    path.write_bytes(pem)
    return str(path)


async def client(place: Any) -> aioapns.APNs:
    return aioapns.APNs(key=key(place), key_id="k", team_id="t", topic="shop", max_connection_attempts=1)


MAKERS = {"APNs": client}
