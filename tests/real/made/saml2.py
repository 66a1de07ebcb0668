import shutil
from typing import Any

from saml2 import BINDING_SOAP
from saml2.client import Saml2Client
from saml2.config import Config
from saml2.entity import create_artifact
from saml2.s_utils import factory
from saml2.saml import NameID

from tests.real.receivers import Place

IDP = "http://idp.example/"
CONTEXT = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'


def _service(name: str, url: str) -> str:
    return f'<md:{name} Binding="{BINDING_SOAP}" Location="{url}" index="1"/>'.replace(
        ' index="1"', ' index="1"' if "Artifact" in name else ""
    )


def _client(place: Place) -> Saml2Client:
    parts = {
        "IDPSSODescriptor": ["ArtifactResolutionService", "SingleLogoutService", "SingleSignOnService"],
        "AuthnAuthorityDescriptor": ["AuthnQueryService"],
        "AttributeAuthorityDescriptor": ["AttributeService"],
        "PDPDescriptor": ["AuthzService"],
    }
    body = "".join(f"<md:{role} {CONTEXT}>{''.join(_service(n, place.url) for n in names)}</md:{role}>" for role, names in parts.items())
    xml = f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}">{body}</md:EntityDescriptor>'
    service = {"sp": {"endpoints": {"assertion_consumer_service": [(place.url, BINDING_SOAP)]}}}
    known: dict[str, Any] = {"entityid": "a", "service": service, "metadata": {"inline": [xml]}, "xmlsec_binary": shutil.which("true")}
    client = Saml2Client(Config().load(known))
    client.users.add_information_about_person({"name_id": _name(place), "issuer": IDP, "not_on_or_after": 2**31, "ava": {}})
    return client


def _name(place: Place) -> NameID:
    return factory(NameID, text="a")


MAKERS = {"Saml2Client": _client, "=name_id": _name, "=artifact": lambda place: create_artifact(IDP, b"a" * 20, 1)}
