import sys

from neomodel import get_config


def prepare(place):
    get_config().database_url = f"bolt://a:b@{place.host}"


def _saved(kind):
    def make(place):
        made = getattr(sys.modules["uses_neomodel"], kind)(name="a")
        made.element_id_property = "1"
        return made

    return make


MAKERS = {"Order": _saved("Order"), "Visit": _saved("Visit")}
