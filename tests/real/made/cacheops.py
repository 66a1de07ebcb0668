from django.conf import settings

APPS = []


def prepare(place):
    settings.CACHEOPS_REDIS = f"redis://{place.host}/0"
    from cacheops.transaction import install_cacheops_transaction_support

    install_cacheops_transaction_support()
