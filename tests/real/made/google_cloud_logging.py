import google.cloud.logging
from google.auth.credentials import AnonymousCredentials


def _client(place):
    found = google.cloud.logging.Client(
        project="p", credentials=AnonymousCredentials(), _use_grpc=False, client_options={"api_endpoint": place.url}
    )
    return found


MAKERS = {"google.cloud.logging.Client": _client}
