import atlassian
from atlassian.rest_client import AtlassianRestAPI

MAKERS = {"atlassian.rest_client.AtlassianRestAPI": lambda place: AtlassianRestAPI(place.url, username="u", password="p")} | {
    f"atlassian.{name}": lambda place, name=name: getattr(atlassian, name)(place.url, username="u", password="p") for name in ["Jira", "ServiceDesk"]
}
