from ringcentral import SDK


def _platform(place):
    platform = SDK("k", "s", place.url).platform()
    platform.auth().set_data(
        {"access_token": "t", "token_type": "bearer", "refresh_token": "r", "expires_in": 9999, "refresh_token_expires_in": 9999}
    )
    return platform


MAKERS = {"ringcentral.platform.Platform": _platform}
