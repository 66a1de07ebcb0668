from checkout_sdk.checkout_sdk import CheckoutSdk


def _transfers(place):
    sdk = CheckoutSdk.builder().secret_key("sk_sbox_abcdefghijklmnopqrstuvwxyz*").environment_subdomain("abc123").build()
    return sdk.transfers


MAKERS = {"TransfersClient": _transfers}
