from hcloud import Client
from hcloud.actions.client import BoundAction
from hcloud.firewalls.client import BoundFirewall
from hcloud.floating_ips.client import BoundFloatingIP
from hcloud.servers.client import BoundServer
from hcloud.volumes.client import BoundVolume


def _client(place):
    return Client(token="t", api_endpoint=place.url)


MAKERS = {
    "BoundAction": lambda place: BoundAction(_client(place).actions, {"id": 1, "status": "running"}),
    "BoundFirewall": lambda place: BoundFirewall(_client(place).firewalls, {"id": 1}),
    "BoundFloatingIP": lambda place: BoundFloatingIP(_client(place).floating_ips, {"id": 1}),
    "BoundServer": lambda place: BoundServer(_client(place).servers, {"id": 1}),
    "BoundVolume": lambda place: BoundVolume(_client(place).volumes, {"id": 1}),
}
