from azure.core.async_paging import AsyncItemPaged
from azure.core.paging import ItemPaged
from azure.core.polling import AsyncLROPoller, AsyncPollingMethod, LROPoller, PollingMethod

from tests.real.brokers import connected


def _async_pages(place):
    async def ask(token):
        connected(place.port)

    return AsyncItemPaged(ask, iter)


class _Method(PollingMethod):
    def __init__(self, place):
        self.place = place

    def initialize(self, *args):
        pass

    def run(self):
        connected(self.place.port)

    def status(self):
        return "running"

    def finished(self):
        return False

    def resource(self):
        return None


class _AsyncMethod(_Method, AsyncPollingMethod):
    async def run(self):
        connected(self.place.port)


async def _async_poller(place):  # being awaitable, it would be awaited itself
    return AsyncLROPoller(None, None, lambda given: given, _AsyncMethod(place))


MAKERS = {
    "ItemPaged": lambda place: ItemPaged(lambda token: connected(place.port), iter),
    "AsyncItemPaged": _async_pages,
    "LROPoller": lambda place: LROPoller(None, None, lambda given: given, _Method(place)),
    "AsyncLROPoller": _async_poller,
}
