from gocardless_pro import Client

MAKERS = {"MandatesService": lambda place: Client(access_token="t", base_url=place.url).mandates}
