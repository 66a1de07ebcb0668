import Adyen


def prepare(place):
    Adyen.checkout.payments_api.client.xapikey = "k"
    Adyen.checkout.payments_api.client.platform = "test"
