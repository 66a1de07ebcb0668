from facebook_business.api import FacebookAdsApi, FacebookRequest


def prepare(place):
    FacebookAdsApi.init(access_token="t", crash_log=False)


MAKERS = {
    "FacebookAdsApi": lambda place: FacebookAdsApi.get_default_api(),
    "FacebookRequest": lambda place: FacebookRequest("1", "GET", "/a", api=FacebookAdsApi.get_default_api()),
}
