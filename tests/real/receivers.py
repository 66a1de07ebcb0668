"""How to make what the fixtures' functions take: by the text of a parameter's annotation (`=name` for one without), else the class
itself without arguments.

Each maker gets the ``Place``: a temporary folder and a port of this machine where something listens. It may be a coroutine function.
What it makes has not been used: a client that connects when it is made does so unheard."""

from __future__ import annotations

import importlib
import os
import sys
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tests.real import brokers


class Place(NamedTuple):
    """``folder`` is empty and the working directory; ``port`` is that of the listener."""

    folder: str
    port: int

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"


Maker = Callable[[Place], Any]


def make(annotation: str, module: types.ModuleType, place: Place) -> Any:
    """What to pass for a parameter of this annotation in this fixture. Raises LookupError where nobody knows."""
    maker = MAKERS.get(annotation)
    if maker is not None:
        return maker(place)
    if annotation.startswith("="):
        raise LookupError(f"no receiver for the parameter {annotation[1:]}")
    return eval(annotation, vars(module))()


def set_up(library: str, place: Place) -> None:
    """Before the fixture is loaded: settings and environment."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "OPENAI_API_KEY": "k",
        "KAFKA": place.host,
    }
    if library in APPS:
        _django(library, place)
    if prepare := PREPARE.get(library):
        prepare(place)


def _module(name: str) -> Any:
    return importlib.import_module(name)


# -- Django: a project with a database in the folder, Redis as cache and queue, mail over SMTP --

APPS = {
    "allauth": ["allauth", "allauth.account"],
    "anymail": ["anymail"],
    "celery": [],
    "django_celery_outbox": [],
    "django_elasticsearch_dsl": ["django_elasticsearch_dsl"],
    "django_q": ["django_q"],
    "django_redis": [],
    "django_rq": [],
    "django_services": [],
    "django_tasks": [],
    "haystack": ["haystack"],
    "huey": [],
    "mailer": ["mailer"],
    "post_office": ["post_office"],
    "reversion": [],
}
"""Fixtures that need a project -> its apps, beside those of Django."""


def _django(library: str, place: Place) -> None:
    try:
        import django
        from django.conf import settings
    except ImportError:
        return
    cache = "django_redis.cache.RedisCache" if library == "django_redis" else "django.core.cache.backends.redis.RedisCache"
    redis = {"BACKEND": cache, "LOCATION": f"redis://{place.host}/0"}
    settings.configure(
        ADMINS=[("a", "a@example.com")],
        MANAGERS=[("a", "a@example.com")],
        ALLOWED_HOSTS=["*"],
        CACHES={"default": redis},
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{place.folder}/db.sqlite3"}},
        DEFAULT_FROM_EMAIL="a@example.com",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        ELASTICSEARCH_DSL={"default": {"hosts": place.url}},
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=place.port,
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.solr_backend.SolrEngine", "URL": f"{place.url}/solr"}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", *APPS.get(library, ())],
        MEDIA_ROOT=place.folder,
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"] if library == "allauth" else [],
        ANYMAIL={"POSTMARK_SERVER_TOKEN": "t", "MAILGUN_API_KEY": "k", "MAILGUN_SENDER_DOMAIN": "example.com"},
        Q_CLUSTER={"redis": {"host": "127.0.0.1", "port": place.port}},
        RQ_QUEUES={name: {"HOST": "127.0.0.1", "PORT": place.port, "DB": 0} for name in ("default", "high")},
        SECRET_KEY="k",
        SITE_ID=1,
        ROOT_URLCONF=types.ModuleType("urls"),
        TASKS={"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        USE_TZ=True,
    )
    settings.ROOT_URLCONF.urlpatterns = []
    django.setup()


# -- what other libraries want to be told before --


def _stripe(place: Place) -> None:
    _module("stripe").api_key = "sk_test"


def _generated_stub(place: Place) -> None:
    """The two modules that the protocol compiler would have made."""
    messages, stubs = types.ModuleType("shop_pb2"), types.ModuleType("shop_pb2_grpc")

    class AddRequest:
        def __init__(self, item: int) -> None:
            self.item = item

    class CartStub:
        def __init__(self, channel: Any) -> None:
            self.Add = channel.unary_unary("/shop.Cart/Add", request_serializer=lambda request: b"x")

    messages.AddRequest = AddRequest  # type: ignore[attr-defined]
    stubs.CartStub = CartStub  # type: ignore[attr-defined]
    sys.modules["shop_pb2"], sys.modules["shop_pb2_grpc"] = messages, stubs


def _dramatiq(place: Place) -> None:
    dramatiq = _module("dramatiq")
    dramatiq.set_broker(_module("dramatiq.brokers.redis").RedisBroker(port=place.port))


def _elasticsearch(place: Place) -> None:
    _module("elasticsearch_dsl").connections.create_connection(hosts=[place.url])


def _opensearch(place: Place) -> None:
    _module("opensearchpy").connections.create_connection(hosts=[place.url])


def _firebase(place: Place) -> None:
    app = _module("firebase_admin")
    app.initialize_app(_FirebaseCredentials(), {"projectId": "p"})


class _Token:
    """What Google's libraries take for credentials."""

    def __new__(cls) -> Any:
        return _module("google.oauth2.credentials").Credentials("t")


def _FirebaseCredentials() -> Any:
    base = _module("firebase_admin.credentials").Base

    class Given(base):  # type: ignore[misc, valid-type]
        def get_credential(self) -> Any:
            return _Token()

    return Given()


PREPARE: dict[str, Maker] = {
    "django_elasticsearch_dsl": _elasticsearch,
    "dramatiq": _dramatiq,
    "elasticsearch_dsl": _elasticsearch,
    "firebase_admin": _firebase,
    "grpc": _generated_stub,
    "opensearchpy": _opensearch,
    "stripe": _stripe,
}


# -- receivers --


def _celery_app(place: Place) -> Any:
    app = _module("celery").Celery("shop", broker=f"redis://{place.host}/0", backend=f"redis://{place.host}/1")
    app.set_current()
    return app


def _celery_task(place: Place) -> Any:
    task = _celery_app(place).task(name="shop.print")(print)
    task.push_request(called_directly=False, id="1", args=(), kwargs={}, delivery_info={}, is_eager=False)
    return task


def _blob(place: Place) -> dict[str, Any]:
    return {"account_url": place.url, "credential": {"account_name": "a", "account_key": "a2V5"}, "retry_total": 0}


def _container(place: Place) -> Any:
    models = _module("docker.models.containers")
    return models.Container(attrs={"Id": "a", "Config": {"Image": "a"}}, client=_docker(place))


def _docker(place: Place) -> Any:
    return _module("docker").DockerClient(base_url=f"tcp://{place.host}", version="1.40")


def _channel(place: Place, kind: str, of: str) -> Any:
    return getattr(_module(of).insecure_channel(place.host), kind)("/a", request_serializer=lambda request: b"x")


def _kubernetes(place: Place, api: str) -> Any:
    client = _module("kubernetes.client")
    return getattr(client, api)(client.ApiClient(client.Configuration(host=place.url)))


def _google_request(place: Place) -> Any:
    http = _module("googleapiclient.http")
    return http.HttpRequest(_module("httplib2").Http(), lambda response, content: content, place.url)


def _google_batch(place: Place) -> Any:
    batch = _module("googleapiclient.http").BatchHttpRequest(batch_uri=place.url)
    batch.add(_google_request(place))
    return batch


def _bucket(place: Place) -> Any:
    return _google_storage(place).bucket("b")


def _google_storage(place: Place) -> Any:
    return _module("google.cloud.storage").Client(project="p", credentials=_Token(), client_options={"api_endpoint": place.url})


def _google_grpc(place: Place, client: str, transport: str, asynchronous: bool = False) -> Any:
    """A client of Google's over a channel without TLS."""
    module = _module(client.rpartition(".")[0])
    grpc = _module("grpc.aio" if asynchronous else "grpc")
    made = _module(transport.rpartition(".")[0])
    return getattr(module, client.rpartition(".")[2])(
        transport=getattr(made, transport.rpartition(".")[2])(channel=grpc.insecure_channel(place.host))
    )


def _consumer(place: Place, name: str, asynchronous: bool) -> Any:
    """A websocket consumer whose far end is a socket."""
    consumer = getattr(_module("channels.generic.websocket"), name)()
    line = brokers.connected(place.port)

    async def send_later(message: Any) -> None:
        line.send(b"x")

    consumer.base_send = send_later if asynchronous else lambda message: line.send(b"x")
    return consumer


def _layer(place: Place) -> Any:
    """A layer of the kind that projects use; the one that ships with channels is in memory."""
    redis = _module("redis.asyncio").Redis(port=place.port)

    class Layer(_module("channels.layers").BaseChannelLayer):  # type: ignore[misc]
        async def send(self, channel: str, message: Any) -> None:
            await redis.execute_command("ZADD", channel, 1, "x")

        group_send = send

    return Layer()


def _opensearch_client(place: Place) -> Any:
    return _module("opensearchpy").OpenSearch(place.url)


def _elastic_client(place: Place) -> Any:
    return _module("elasticsearch").Elasticsearch(place.url)


def _in_index(module: str, name: str) -> Maker:
    def maker(place: Place) -> Any:
        made = _module(module)

        class Order(made.Document):  # type: ignore[misc, name-defined]
            class Index:
                name = "orders"

        return Order(meta={"id": 1}) if name == "Document" else getattr(made, name)(*(["orders"] if name == "Index" else []))

    return maker


def _mongo(place: Place) -> Any:
    return _module("pymongo").MongoClient(port=place.port, connect=False, serverSelectionTimeoutMS=500)


def _thread_target() -> None:
    return None


def _meilisearch(place: Place) -> Any:
    return _module("meilisearch").Client(place.url)


def _rq_queue(place: Place) -> Any:
    return _module("rq").Queue(connection=_module("redis").Redis(port=place.port))


def _rq_job(place: Place) -> Any:
    return _module("rq.job").Job.create(print, connection=_module("redis").Redis(port=place.port), origin="default", id="a")


def _twilio(place: Place) -> Any:
    return _module("twilio.rest").Client("AC1", "t").api.v2010.account


def _twilio_async(place: Place) -> Any:
    http = _module("twilio.http.async_http_client").AsyncTwilioHttpClient()
    return _module("twilio.rest").Client("AC1", "t", http_client=http).api.v2010.account


def _zeep(place: Place) -> Any:
    return None


def _huey(place: Place) -> Any:
    return _module("huey").RedisHuey("shop", port=place.port)


def _smtp(place: Place) -> Any:
    client = _module("smtplib").SMTP()
    client.sock = brokers.connected(place.port)
    return client


def _ftp(place: Place) -> Any:
    client = _module("ftplib").FTP()
    client.sock = brokers.connected(place.port)
    client.af = client.sock.family
    client.file = client.sock.makefile("r")
    return client


def _openai(place: Place, asynchronous: bool = False) -> Any:
    return (_module("openai").AsyncOpenAI if asynchronous else _module("openai").OpenAI)(api_key="k")


def _anthropic(place: Place, asynchronous: bool = False) -> Any:
    return (_module("anthropic").AsyncAnthropic if asynchronous else _module("anthropic").Anthropic)(api_key="k")


def _stripe_client(place: Place) -> Any:
    return _module("stripe").StripeClient("sk_test").v1


def _ldap(place: Place) -> Any:
    ldap3 = _module("ldap3")
    return ldap3.Connection(ldap3.Server("127.0.0.1", port=place.port, connect_timeout=1), client_strategy=ldap3.RESTARTABLE)


MAKERS: dict[str, Maker] = {
    "=delta": lambda place: timedelta(seconds=5),
    "=job": _rq_job,
    "=when": lambda place: datetime.now(UTC) + timedelta(hours=1),
    "ArqRedis": lambda place: _module("arq").ArqRedis(port=place.port),
    "AsyncEngine": lambda place: None,
    "algoliasearch.search.client.SearchClient": lambda place: _module("algoliasearch.search.client").SearchClient("a", "k"),
    "algoliasearch.search.client.SearchClientSync": lambda place: _module("algoliasearch.search.client").SearchClientSync("a", "k"),
    "anthropic.resources.messages.AsyncMessages": lambda place: _anthropic(place, True).messages,
    "anthropic.resources.messages.Messages": lambda place: _anthropic(place).messages,
    "azure.storage.blob.BlobClient": lambda place: _module("azure.storage.blob").BlobClient(
        container_name="c", blob_name="b", **_blob(place)
    ),
    "azure.storage.blob.BlobServiceClient": lambda place: _module("azure.storage.blob").BlobServiceClient(**_blob(place)),
    "azure.storage.blob.ContainerClient": lambda place: _module("azure.storage.blob").ContainerClient(container_name="c", **_blob(place)),
    "celery.Celery": _celery_app,
    "celery.Signature": lambda place: _celery_task(place).s(),
    "celery.Task": _celery_task,
    "celery.app.control.Control": lambda place: _celery_app(place).control,
    "celery.chain": lambda place: _module("celery").chain(_celery_task(place).s(), _celery_task(place).s()),
    "celery.chord": lambda place: _module("celery").chord([_celery_task(place).s()], _celery_task(place).s()),
    "celery.group": lambda place: _module("celery").group(_celery_task(place).s(), _celery_task(place).s()),
    "celery.result.AsyncResult": lambda place: _celery_app(place).AsyncResult("a"),
    "channels.generic.websocket.AsyncJsonWebsocketConsumer": lambda place: _consumer(place, "AsyncJsonWebsocketConsumer", True),
    "channels.generic.websocket.AsyncWebsocketConsumer": lambda place: _consumer(place, "AsyncWebsocketConsumer", True),
    "channels.generic.websocket.JsonWebsocketConsumer": lambda place: _consumer(place, "JsonWebsocketConsumer", False),
    "channels.generic.websocket.WebsocketConsumer": lambda place: _consumer(place, "WebsocketConsumer", False),
    "channels.layers.BaseChannelLayer": _layer,
    "client.AppsV1Api": lambda place: _kubernetes(place, "AppsV1Api"),
    "client.BatchV1Api": lambda place: _kubernetes(place, "BatchV1Api"),
    "client.CoreV1Api": lambda place: _kubernetes(place, "CoreV1Api"),
    "client.CustomObjectsApi": lambda place: _kubernetes(place, "CustomObjectsApi"),
    "client.NetworkingV1Api": lambda place: _kubernetes(place, "NetworkingV1Api"),
    "client.RbacAuthorizationV1Api": lambda place: _kubernetes(place, "RbacAuthorizationV1Api"),
    "concurrent.futures.Executor": lambda place: _module("concurrent.futures").ThreadPoolExecutor(),
    "django.contrib.auth.models.AbstractUser": lambda place: _module("django.contrib.auth.models").User(email="a@example.com"),
    "django.core.cache.backends.base.BaseCache": lambda place: _module("django.core.cache").cache,
    "django.core.files.storage.Storage": lambda place: _module("django.core.files.storage").FileSystemStorage(place.folder),
    "django.core.mail.EmailMessage": lambda place: _module("django.core.mail").EmailMessage("a", "b", to=["a@example.com"]),
    "django.core.mail.backends.base.BaseEmailBackend": lambda place: _module("django.core.mail").get_connection(),
    "django_q.tasks.AsyncTask": lambda place: _module("django_q.tasks").AsyncTask(print, 1),
    "django_q.tasks.Chain": lambda place: _module("django_q.tasks").Chain([(print, (1,))]),
    "django_q.tasks.Iter": lambda place: _module("django_q.tasks").Iter(print, [1]),
    "docker.models.containers.Container": _container,
    "docker.models.containers.ContainerCollection": lambda place: _docker(place).containers,
    "docker.models.images.ImageCollection": lambda place: _docker(place).images,
    "dramatiq.Actor": lambda place: _module("dramatiq").actor(print),
    "dramatiq.Broker": lambda place: _module("dramatiq").get_broker(),
    "dramatiq.group": lambda place: _module("dramatiq").group([_module("dramatiq").actor(print).message(1)]),
    "dramatiq.pipeline": lambda place: _module("dramatiq").pipeline([_module("dramatiq").actor(print).message(1)]),
    "elasticsearch.AsyncElasticsearch": lambda place: _module("elasticsearch").AsyncElasticsearch(place.url),
    "elasticsearch.Elasticsearch": _elastic_client,
    "elasticsearch.client.IndicesClient": lambda place: _elastic_client(place).indices,
    "elasticsearch_dsl.Document": _in_index("elasticsearch_dsl", "Document"),
    "elasticsearch_dsl.Index": _in_index("elasticsearch_dsl", "Index"),
    "ftplib.FTP": _ftp,
    "google.cloud.pubsub_v1.PublisherClient": lambda place: _google_publisher(place),
    "google.cloud.storage.Blob": lambda place: _bucket(place).blob("a"),
    "google.cloud.storage.Bucket": _bucket,
    "google.cloud.storage.Client": _google_storage,
    "google.cloud.tasks_v2.CloudTasksAsyncClient": lambda place: _google_grpc(
        place,
        "google.cloud.tasks_v2.CloudTasksAsyncClient",
        "google.cloud.tasks_v2.services.cloud_tasks.transports.CloudTasksGrpcAsyncIOTransport",
        True,
    ),
    "google.cloud.tasks_v2.CloudTasksClient": lambda place: _google_grpc(
        place, "google.cloud.tasks_v2.CloudTasksClient", "google.cloud.tasks_v2.services.cloud_tasks.transports.CloudTasksGrpcTransport"
    ),
    "grpc.StreamStreamMultiCallable": lambda place: _channel(place, "stream_stream", "grpc"),
    "grpc.StreamUnaryMultiCallable": lambda place: _channel(place, "stream_unary", "grpc"),
    "grpc.UnaryStreamMultiCallable": lambda place: _channel(place, "unary_stream", "grpc"),
    "grpc.UnaryUnaryMultiCallable": lambda place: _channel(place, "unary_unary", "grpc"),
    "grpc.aio.StreamStreamMultiCallable": lambda place: _channel(place, "stream_stream", "grpc.aio"),
    "grpc.aio.StreamUnaryMultiCallable": lambda place: _channel(place, "stream_unary", "grpc.aio"),
    "grpc.aio.UnaryStreamMultiCallable": lambda place: _channel(place, "unary_stream", "grpc.aio"),
    "grpc.aio.UnaryUnaryMultiCallable": lambda place: _channel(place, "unary_unary", "grpc.aio"),
    "http.BatchHttpRequest": _google_batch,
    "http.HttpRequest": _google_request,
    "http.client.HTTPConnection": lambda place: _module("http.client").HTTPConnection("127.0.0.1", place.port),
    "huey.Huey": _huey,
    "huey.api.TaskWrapper": lambda place: _huey(place).task()(print),
    "kombu.Producer": lambda place: _module("kombu").Connection(f"amqp://{place.host}").Producer(auto_declare=False),
    "kombu.simple.SimpleBase": lambda place: None,
    "ldap3.Connection": _ldap,
    "meilisearch.Client": _meilisearch,
    "meilisearch.index.Index": lambda place: _meilisearch(place).index("a"),
    "multiprocessing.Process": lambda place: _module("multiprocessing").Process(target=_thread_target),
    "openai.resources.AsyncEmbeddings": lambda place: _openai(place, True).embeddings,
    "openai.resources.AsyncImages": lambda place: _openai(place, True).images,
    "openai.resources.Embeddings": lambda place: _openai(place).embeddings,
    "openai.resources.Images": lambda place: _openai(place).images,
    "openai.resources.chat.completions.AsyncCompletions": lambda place: _openai(place, True).chat.completions,
    "openai.resources.chat.completions.Completions": lambda place: _openai(place).chat.completions,
    "openai.resources.responses.AsyncResponses": lambda place: _openai(place, True).responses,
    "openai.resources.responses.Responses": lambda place: _openai(place).responses,
    "opensearchpy.AsyncOpenSearch": lambda place: _module("opensearchpy").AsyncOpenSearch(place.url),
    "opensearchpy.Document": _in_index("opensearchpy", "Document"),
    "opensearchpy.Index": _in_index("opensearchpy", "Index"),
    "opensearchpy.OpenSearch": _opensearch_client,
    "opensearchpy.client.IndicesClient": lambda place: _opensearch_client(place).indices,
    "pathlib.Path": lambda place: _module("pathlib").Path("x"),
    "pusher.Pusher": lambda place: _module("pusher").Pusher("1", "k", "s", host="127.0.0.1", port=place.port, ssl=False),
    "pymongo.MongoClient": _mongo,
    "pymongo.collection.Collection": lambda place: _mongo(place)["d"]["c"],
    "pymongo.database.Database": lambda place: _mongo(place)["d"],
    "redis.Redis": lambda place: _module("redis").Redis(port=place.port),
    "redis.asyncio.client.Pipeline": lambda place: _module("redis.asyncio").Redis(port=place.port).pipeline().set("a", 1),
    "redis.asyncio.lock.Lock": lambda place: _module("redis.asyncio").Redis(port=place.port).lock("a"),
    "redis.client.Pipeline": lambda place: _module("redis").Redis(port=place.port).pipeline().set("a", 1),
    "redis.lock.Lock": lambda place: _module("redis").Redis(port=place.port).lock("a"),
    "requests_oauthlib.OAuth2Session": lambda place: _module("requests_oauthlib").OAuth2Session("a", token={"refresh_token": "t"}),
    "rq.Queue": _rq_queue,
    "rq.job.Job": _rq_job,
    "sendgrid.SendGridAPIClient": lambda place: _module("sendgrid").SendGridAPIClient("k"),
    "slack_sdk.WebhookClient": lambda place: _module("slack_sdk").WebhookClient(place.url),
    "slack_sdk.web.async_client.AsyncWebClient": lambda place: _module("slack_sdk.web.async_client").AsyncWebClient("t"),
    "slack_sdk.webhook.async_client.AsyncWebhookClient": lambda place: _module("slack_sdk.webhook.async_client").AsyncWebhookClient(
        place.url
    ),
    "smtplib.SMTP": _smtp,
    "socket.socket": lambda place: brokers.connected(place.port),
    "stripe.ChargeService": lambda place: _stripe_client(place).charges,
    "stripe.PaymentIntentService": lambda place: _stripe_client(place).payment_intents,
    "stripe.PayoutService": lambda place: _stripe_client(place).payouts,
    "stripe.RefundService": lambda place: _stripe_client(place).refunds,
    "stripe.SubscriptionService": lambda place: _stripe_client(place).subscriptions,
    "stripe.TopupService": lambda place: _stripe_client(place).topups,
    "stripe.TransferService": lambda place: _stripe_client(place).transfers,
    "threading.Thread": lambda place: _module("threading").Thread(target=_thread_target),
    "token": lambda place: "t",
    "twilio.rest.api.v2010.account.call.CallList": lambda place: _twilio(place).calls,
    "twilio.rest.api.v2010.account.message.MessageList": lambda place: _twilio(place).messages,
    "urllib.request.OpenerDirector": lambda place: _module("urllib.request").build_opener(),
    "urllib3.HTTPConnectionPool": lambda place: _module("urllib3").HTTPConnectionPool("127.0.0.1", place.port),
    "xmlrpc.client.ServerProxy": lambda place: _module("xmlrpc.client").ServerProxy(place.url),
}


def _google_publisher(place: Place) -> Any:
    publisher = _module("google.cloud.pubsub_v1")
    transports = _module("google.pubsub_v1.services.publisher.transports.grpc")
    return publisher.PublisherClient(transport=transports.PublisherGrpcTransport(channel=_module("grpc").insecure_channel(place.host)))
