import greenstalk

from tests.real import brokers

MAKERS = {"greenstalk.Client": lambda place: greenstalk.Client(brokers.connected(place.port))}
