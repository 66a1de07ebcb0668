from whoosh.fields import ID, TEXT, Schema
from whoosh.index import create_in

MAKERS = {"IndexWriter": lambda place: create_in(place.folder, Schema(id=ID(unique=True), text=TEXT)).writer()}
