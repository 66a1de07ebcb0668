from typing import Any

from azure.cosmos import CosmosClient, aio
from azure.cosmos._global_endpoint_manager import _GlobalEndpointManager as Manager


def _client(place: Any) -> Any:
    """Without asking for the regions of the account, which a client does when it is made."""
    Manager.force_refresh_on_startup = Manager._GetDatabaseAccount = lambda self, *args, **kwargs: None
    Manager.refresh_endpoint_list = lambda self, *args, **kwargs: None
    return CosmosClient(place.url, "a2V5", consistency_level="Session")


MAKERS = {"CosmosClient": _client, "aio.CosmosClient": lambda place: aio.CosmosClient(place.url, "a2V5")}
