import socket

from google.api_core import operation, operation_async, page_iterator
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

STARTED = operations_pb2.Operation(name="operations/1")


def _operation(place):
    def ask(*args, **kwargs):
        socket.create_connection(("127.0.0.1", place.port))

    return operation.Operation(STARTED, ask, ask, empty_pb2.Empty)


def _async_operation(place):
    async def ask(*args, **kwargs):
        socket.create_connection(("127.0.0.1", place.port))

    return operation_async.AsyncOperation(STARTED, ask, ask, empty_pb2.Empty)


def _pages(place):
    def ask(*args, **kwargs):
        socket.create_connection(("127.0.0.1", place.port))

    return page_iterator.HTTPIterator(None, ask, "/", lambda pages, item: item)


MAKERS = {"Operation": _operation, "AsyncOperation": _async_operation, "HTTPIterator": _pages}
