import bugzilla
from bugzilla._backendrest import _BackendREST
from bugzilla._session import _BugzillaSession


def _client(place):
    client = bugzilla.Bugzilla(url=None, api_key="k", use_creds=False)
    client.url = f"{place.url}/rest"
    session = _BugzillaSession(
        url=client.url, user_agent="a", sslverify=True, cert=None, tokencache=None, api_key="k", is_redhat_bugzilla=False
    )
    client._backend = _BackendREST(client.url, session)
    client._session = session
    return client


MAKERS = {"bugzilla.Bugzilla": _client}
