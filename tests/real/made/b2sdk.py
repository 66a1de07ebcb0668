from types import SimpleNamespace

from b2sdk._internal import b2http
from b2sdk.v2 import B2Api, Bucket, InMemoryAccountInfo, UploadSourceBytes


def _api(place):
    b2http.time = SimpleNamespace(sleep=lambda seconds: None, time=lambda: 0.0, monotonic=lambda: 0.0)  # it tries again and again
    account = InMemoryAccountInfo()
    account.set_auth_data(
        account_id="a",
        auth_token="t",
        api_url=place.url,
        download_url=place.url,
        recommended_part_size=100_000_000,
        absolute_minimum_part_size=5_000_000,
        application_key="k",
        realm="production",
        s3_api_url=place.url,
        allowed={"buckets": None, "capabilities": ["writeFiles"], "namePrefix": None, "bucketId": None, "bucketName": None},
        application_key_id="k",
    )
    return B2Api(account)


def _file(place):
    return _api(place).file_version_factory.from_api_response(
        {
            "accountId": "a",
            "action": "upload",
            "bucketId": "b",
            "contentSha1": "0" * 40,
            "contentLength": 1,
            "contentType": "text/plain",
            "fileId": "f",
            "fileRetention": {"isClientAuthorizedToRead": False, "value": None},
            "legalHold": {"isClientAuthorizedToRead": False, "value": None},
            "fileInfo": {},
            "fileName": "a",
            "uploadTimestamp": 1,
        }
    )


MAKERS = {
    "B2Api": _api,
    "Bucket": lambda place: Bucket(_api(place), "b", name="b"),
    "FileVersion": _file,
    "=key": lambda place: SimpleNamespace(id_="k"),
    "=source": lambda place: UploadSourceBytes(b"x"),
}
