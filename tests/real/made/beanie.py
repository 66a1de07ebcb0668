import sys
from unittest.mock import AsyncMock, patch

from beanie import init_beanie
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase


async def _order(place):
    database = AsyncMongoClient("127.0.0.1", place.port, serverSelectionTimeoutMS=1000)["shop"]
    kind = sys.modules["uses_beanie"].Order
    kind.Settings = type("Settings", (), {"use_state_management": True})
    answers = {"command": AsyncMock(return_value={"version": "7.0"}), "list_collection_names": AsyncMock(return_value=["Order"])}
    with patch.multiple(AsyncDatabase, **answers):  # it asks which version the server has, and which collections
        await init_beanie(database=database, document_models=[kind], skip_indexes=True)
    made = kind(id=ObjectId(), total=1)
    made._save_state()
    made.total = 2
    return made


MAKERS = {"Order": _order}
