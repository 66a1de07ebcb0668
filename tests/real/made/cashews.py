from cashews import Cache


def _cache(place):
    made = Cache()
    made.setup(f"redis://{place.host}/0", suppress=False)
    return made


MAKERS = {"Cache": _cache}
