import gitlab
from gitlab.v4 import objects


def _client(place):
    return gitlab.Gitlab(place.url, private_token="t")


def _project(place):
    return objects.Project(_client(place).projects, {"id": 1})


MAKERS = {
    "gitlab.Gitlab": _client,
    "gitlab.base.RESTManager": lambda place: _client(place).projects,
    "gitlab.base.RESTObject": _project,
}
