import atlassian
from atlassian.rest_client import AtlassianRestAPI


def _maker(cls):
    return lambda place: cls(place.url, username="u", password="p")


MAKERS = {
    "atlassian.Confluence": _maker(atlassian.Confluence),
    "atlassian.Jira": _maker(atlassian.Jira),
    "atlassian.ServiceDesk": _maker(atlassian.ServiceDesk),
    "atlassian.rest_client.AtlassianRestAPI": _maker(AtlassianRestAPI),
}
