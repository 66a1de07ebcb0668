from types import SimpleNamespace

from ebaysdk.finding import Connection


def _found(place):
    """A connection that has found a first page of two."""
    made = Connection(appid="a", config_file=None)
    page = SimpleNamespace(pageNumber="1", totalPages="2")
    made.response = SimpleNamespace(reply=SimpleNamespace(paginationOutput=page))
    made._request_dict, made.verb = {}, "findItemsAdvanced"
    return made


MAKERS = {"Finding": _found}
