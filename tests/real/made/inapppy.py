from inapppy import GooglePlayVerifier
from inapppy.asyncio import AppStoreValidator


def _verifier(place):
    import httplib2

    made = GooglePlayVerifier.__new__(GooglePlayVerifier)
    made.bundle_id, made.http = "com.shop", httplib2.Http()
    return made


async def _entered(place):
    """One inside of whose `async with` the line stands."""
    made = AppStoreValidator(bundle_id="com.shop")
    await made.__aenter__()
    return made


MAKERS = {"AsyncValidator": _entered, "GooglePlayVerifier": _verifier}
