from typing import Any

from llama_index.core import VectorStoreIndex
from llama_index.core.schema import TextNode
from llama_index.embeddings.openai import OpenAIEmbedding


def _index(place: Any) -> VectorStoreIndex:
    """One that holds something already, so that a question has to be embedded."""
    return VectorStoreIndex([TextNode(text="a", embedding=[1.0])], embed_model=OpenAIEmbedding(api_key="k", max_retries=0))


MAKERS = {"VectorStoreIndex": _index}
