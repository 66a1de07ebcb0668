from typing import Any

from pdpyras import APISession, ChangeEventsAPISession, EventsAPISession

from tests.real.receivers import Place


def _maker(cls: Any) -> Any:
    def made(place: Place) -> Any:
        session = cls("k")
        session.url = place.url
        session.max_network_attempts = 0
        return session

    return made


MAKERS = {cls.__name__: _maker(cls) for cls in (APISession, ChangeEventsAPISession, EventsAPISession)}
