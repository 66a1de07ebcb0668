from pyairtable import Api

MAKERS = {
    "pyairtable.Api": lambda place: Api("k", endpoint_url=place.url),
    "pyairtable.Base": lambda place: Api("k", endpoint_url=place.url).base("a"),
    "pyairtable.Table": lambda place: Api("k", endpoint_url=place.url).table("a", "b"),
}
