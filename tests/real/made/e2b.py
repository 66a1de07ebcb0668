import os

from e2b import AsyncSandbox, Sandbox
from e2b.connection_config import ConnectionConfig
from packaging.version import Version


def prepare(place):
    os.environ |= {"E2B_API_KEY": "e2b_" + "0" * 40, "E2B_API_URL": place.url, "E2B_SANDBOX_URL": place.url}


def _made(kind):
    return kind(
        sandbox_id="s",
        sandbox_domain="example.com",
        envd_version=Version("0.5.0"),
        envd_access_token=None,
        traffic_access_token=None,
        connection_config=ConnectionConfig(),
    )


MAKERS = {"AsyncSandbox": lambda place: _made(AsyncSandbox), "Sandbox": lambda place: _made(Sandbox)}
