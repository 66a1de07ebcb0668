from google.api_core import operation, operation_async, page_iterator
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from tests.real.brokers import connected

STARTED = operations_pb2.Operation(name="operations/1")


def _ask(place):
    return lambda *args, **kwargs: connected(place.port)


def _async_operation(place):
    async def ask(*args, **kwargs):
        connected(place.port)

    return operation_async.AsyncOperation(STARTED, ask, ask, empty_pb2.Empty)


MAKERS = {
    "Operation": lambda place: operation.Operation(STARTED, _ask(place), _ask(place), empty_pb2.Empty),
    "AsyncOperation": _async_operation,
    "HTTPIterator": lambda place: page_iterator.HTTPIterator(None, _ask(place), "/", lambda pages, item: item),
}
