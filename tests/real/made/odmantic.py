from motor.motor_asyncio import AsyncIOMotorClient
from odmantic import AIOEngine, SyncEngine
from pymongo import MongoClient


async def _engine(place):
    return AIOEngine(AsyncIOMotorClient("127.0.0.1", place.port, serverSelectionTimeoutMS=1000), "shop")


MAKERS = {
    "AIOEngine": _engine,
    "SyncEngine": lambda place: SyncEngine(MongoClient("127.0.0.1", place.port, connect=False, serverSelectionTimeoutMS=1000), "shop"),
}
