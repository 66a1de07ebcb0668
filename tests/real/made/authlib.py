from types import SimpleNamespace

from authlib.integrations import django_client, flask_client, httpx_client, requests_client, starlette_client


class Query(dict):
    def dict(self):
        return dict(self)


QUERY = Query(code="c", state="s", oauth_token="t", oauth_verifier="v")
DJANGO = SimpleNamespace(method="GET", GET=QUERY, POST={}, session={})
STARLETTE = SimpleNamespace(query_params=QUERY, session={}, scope={"method": "GET"})
TOKEN = {"access_token": "t", "refresh_token": "r", "token_type": "Bearer"}


def prepare(place):
    from django.conf import settings

    if not settings.configured:
        settings.configure()


def _flask():
    import flask

    app = flask.Flask("shop")
    app.secret_key = "k"
    app.test_request_context("/?" + "&".join(f"{key}={value}" for key, value in QUERY.items())).push()
    return app


def _app(module, kind):
    def maker(place):
        oauth = module.OAuth(*([_flask()] if module is flask_client else []))
        where = {key: f"{place.url}/{key}" for key in ("access_token_url", "authorize_url", "request_token_url", "api_base_url")}
        if kind == 2:
            del where["request_token_url"]
            where["server_metadata_url"] = f"{place.url}/meta"
        oauth.register("shop", client_id="i", client_secret="s", client_kwargs={}, **where)
        app = oauth.create_client("shop")
        kept = {"data": {"redirect_uri": "http://a", "request_token": TOKEN | {"oauth_token": "t"}}, "exp": 9e9}
        for request in (DJANGO, STARLETTE):
            request.session = dict.fromkeys(("_state_shop_s", "_state_shop_t"), kept)
        if module is flask_client:
            import flask

            flask.session.update(DJANGO.session)
        return app

    return maker


def _token(cls):
    return lambda place: cls("id", "secret", token=TOKEN, token_endpoint=f"{place.url}/t")


MAKERS = {
    "AsyncOAuth2Client": _token(httpx_client.AsyncOAuth2Client),
    "DjangoOAuth1App": _app(django_client, 1),
    "DjangoOAuth2App": _app(django_client, 2),
    "FlaskOAuth1App": _app(flask_client, 1),
    "FlaskOAuth2App": _app(flask_client, 2),
    "OAuth2Client": _token(httpx_client.OAuth2Client),
    "OAuth2Session": _token(requests_client.OAuth2Session),
    "StarletteOAuth1App": _app(starlette_client, 1),
    "StarletteOAuth2App": _app(starlette_client, 2),
    "=django": lambda place: DJANGO,
    "=starlette": lambda place: STARLETTE,
}
