from typing import Any

from exchangelib import DELEGATE, NTLM, Account, Build, Configuration, Credentials, Version


def account(place: Any) -> Account:
    version = Version(build=Build(15, 1, 2248, 0))
    config = Configuration(service_endpoint=f"{place.url}/ews", credentials=Credentials("u", "p"), auth_type=NTLM, version=version)
    return Account("a@example.com", config=config, autodiscover=False, access_type=DELEGATE)


MAKERS = {"Account": account}
