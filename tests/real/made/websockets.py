import asyncio
import threading

import websockets
from websockets.sync.client import connect
from websockets.sync.server import serve


def _connected(far):
    """Either end of a line whose handshake has been answered, by a server of our own."""
    ends = []
    there = threading.Event()

    def handle(end):
        ends.append(end)
        there.set()
        threading.Event().wait()

    server = serve(handle, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = connect(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/")
    ends.append(client)
    there.wait(5)
    return next(end for end in ends if (end is client) is not far)


async def _async_connected(far):
    ends = []
    there = asyncio.Event()

    async def handle(end):
        ends.append(end)
        there.set()
        await asyncio.Event().wait()

    server = await websockets.serve(handle, "127.0.0.1", 0)
    client = await websockets.connect(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    await there.wait()
    return ends[0] if far else client


MAKERS = {
    "ClientConnection": lambda place: _connected(False),
    "ServerConnection": lambda place: _connected(True),
    "websockets.ClientConnection": lambda place: _async_connected(False),
    "websockets.ServerConnection": lambda place: _async_connected(True),
}
