"""How to make what the fixtures' functions take: by the text of a parameter's annotation (`=name` for one without), else the class
itself without arguments.

Each maker gets the ``Place``: a temporary folder and a port of this machine where something listens. It may be a coroutine function.
What it makes has not been used: a client that connects when it is made does so unheard. What only one library needs may stand in
``made/<library>.py`` instead: its ``MAKERS``, a function ``prepare(place)``, and ``APPS`` where its fixture wants a Django project."""

from __future__ import annotations

import importlib
import os
import sys
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
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


def make(annotation: str, library: str, module: types.ModuleType, place: Place) -> Any:
    """What to pass for a parameter of this annotation in this fixture. Raises LookupError where nobody knows."""
    maker = _own(library, "MAKERS", {}).get(annotation) or MAKERS.get(annotation)
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
        "AWS_MAX_ATTEMPTS": "1",
        "OPENAI_API_KEY": "k",
        "KAFKA": place.host,
    }
    apps = _own(library, "APPS", APPS.get(library))
    if apps is not None:
        _django(library, apps, place)
    if prepare := _own(library, "prepare", PREPARE.get(library)):
        prepare(place)


def _own(library: str, name: str, default: Any) -> Any:
    """What ``made/<library>.py`` says, if there is one."""
    if not Path(__file__).with_name("made").joinpath(f"{library}.py").exists():
        return default
    return getattr(importlib.import_module(f"tests.real.made.{library}"), name, default)


def _module(name: str) -> Any:
    return importlib.import_module(name)


# -- Django: a project with a database in the folder, Redis as cache and queue, mail over SMTP --

MAILS = ("emails/adhoc-subject.html", "emails/adhoc-body-text.html", "emails/welcome-subject.html", "emails/welcome-body-text.html")
APPS = {
    "allauth": ["allauth", "allauth.account"],
    "anymail": ["anymail"],
    "celery": [],
    "django": [],
    "django_celery_outbox": ["django_celery_outbox"],
    "django_elasticsearch_dsl": ["django_elasticsearch_dsl"],
    "django_q": ["django_q"],
    "django_redis": [],
    "django_rq": [],
    "django_services": [],
    "django_softdelete": [],
    "django_subatomic": [],
    "django_tasks": [],
    "djmail": ["djmail"],
    "haystack": ["haystack"],
    "huey": [],
    "mailer": ["mailer"],
    "post_office": ["post_office"],
    "reversion": [],
}
"""Fixtures that need a project -> its apps, beside those of Django."""


def _django(library: str, apps: list[str], place: Place) -> None:
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
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", *apps],
        MEDIA_ROOT=place.folder,
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"] if library == "allauth" else [],
        ANYMAIL={"POSTMARK_SERVER_TOKEN": "t", "MAILGUN_API_KEY": "k", "MAILGUN_SENDER_DOMAIN": "example.com"},
        Q_CLUSTER={"redis": {"host": "127.0.0.1", "port": place.port}},
        RQ_QUEUES={name: {"HOST": "127.0.0.1", "PORT": place.port, "DB": 0} for name in ("default", "high")},
        SECRET_KEY="k",
        SITE_ID=1,
        ROOT_URLCONF=types.ModuleType("urls"),
        TASKS={"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", dict.fromkeys(("a", *MAILS), "a"))]},
            }
        ],
        USE_TZ=True,
    )
    settings.ROOT_URLCONF.urlpatterns = []
    django.setup()


# -- what other libraries want to be told before --


def _stripe(place: Place) -> None:
    _module("stripe").api_key = "sk_test"


def _generated_stub(place: Place) -> None:
    """The two modules that the protocol compiler would have made; and every channel leads to this machine."""
    grpc = _module("grpc")
    channel = grpc.insecure_channel
    grpc.insecure_channel = lambda target, *args, **kwargs: channel(place.host, *args, **kwargs)
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


def _braintree_settings(place: Place) -> None:
    braintree = _module("braintree")
    braintree.Configuration.configure(braintree.Environment.Sandbox, "m", "p", "k")


def _paypal_settings(place: Place) -> None:
    _module("paypalrestsdk").configure({"mode": "sandbox", "client_id": "a", "client_secret": "b"})


def _tables(place: Place) -> None:
    """Those of all models of the project's apps."""
    connection, apps = _module("django.db").connection, _module("django.apps").apps
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            editor.create_model(model)


def _a_user(place: Place) -> None:
    _tables(place)
    _module("django.contrib.auth.models").User.objects.create_user("a")


def _manifest(place: Place) -> None:
    """To create in the cluster: a file of the working directory."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n"
    _module("pathlib").Path("a.yaml").write_text(pod, encoding="utf-8")


def _a_file(place: Place) -> None:
    """To copy and remove: ``a``, in the working directory."""
    _module("pathlib").Path("a").write_text("x", encoding="utf-8")


def _posthog(place: Place) -> None:
    """The module's own client, with an interval that nobody has to wait for."""
    posthog = _module("posthog")
    posthog.project_api_key = "k"
    posthog.default_client = posthog.Client("k", flush_interval=1)


def _mongo_settings(place: Place) -> None:
    _module("mongoengine").connect("shop", host="127.0.0.1", port=place.port, serverSelectionTimeoutMS=500)


PREPARE: dict[str, Maker] = {
    "braintree": _braintree_settings,
    "mongoengine": _mongo_settings,
    "paypalrestsdk": _paypal_settings,
    "django_celery_outbox": _tables,
    "django_elasticsearch_dsl": _elasticsearch,
    "dramatiq": _dramatiq,
    "elasticsearch_dsl": _elasticsearch,
    "firebase_admin": _firebase,
    "fsspec": _a_file,
    "grpc": _generated_stub,
    "haystack": _a_user,
    "kubernetes": _manifest,
    "opensearchpy": _opensearch,
    "post_office": _tables,
    "posthog": _posthog,
    "stripe": _stripe,
}


# -- receivers --


def _celery_app(place: Place) -> Any:
    app = _module("celery").Celery("shop", broker=f"redis://{place.host}/0", backend=f"redis://{place.host}/1")
    app.set_current()
    return app


def _celery_task(place: Place) -> Any:
    task = _celery_app(place).task(name="shop.ship")(_task)
    task.push_request(called_directly=False, id="1", args=(), kwargs={}, delivery_info={}, is_eager=False)
    return task


def _blob(place: Place) -> dict[str, Any]:
    return {"account_url": place.url, "credential": {"account_name": "a", "account_key": "a2V5"}, "retry_total": 0}


def _container(place: Place) -> Any:
    models = _module("docker.models.containers")
    return models.Container(attrs={"Id": "a", "Config": {"Image": "a"}}, client=_docker(place))


def _of_docker(place: Place, module: str, name: str) -> Any:
    return getattr(_module(module), name)(attrs={"Id": "a", "ID": "a"}, client=_docker(place))


def _docker(place: Place) -> Any:
    return _module("docker").DockerClient(base_url=f"tcp://{place.host}", version="1.40")


def _channel(place: Place, kind: str, of: str) -> Any:
    return getattr(_module(of).insecure_channel(place.host), kind)("/a", request_serializer=lambda request: b"x")


def _kubernetes(place: Place, api: str) -> Any:
    client = _module("kubernetes.client")
    return getattr(client, api)(client.ApiClient(client.Configuration(host=place.url)))


def _pyramid_request(place: Place) -> Any:
    """A request of an application that has a mailer."""
    mailer = _module("pyramid_mailer.mailer").Mailer(
        host="127.0.0.1", port=place.port, queue_path=f"{place.folder}/queue", default_sender="a@example.com"
    )
    request = _module("pyramid.request").Request.blank("/")
    request.registry = _module("pyramid.registry").Registry()
    request.registry.registerUtility(mailer, _module("pyramid_mailer.interfaces").IMailer)
    request.mailer = mailer
    return request


def _dynamic_kubernetes(place: Place) -> Any:
    """A client that has asked which resources there are."""
    dynamic, client = _module("kubernetes.dynamic.client"), _module("kubernetes.client")
    made = dynamic.DynamicClient.__new__(dynamic.DynamicClient)
    made.configuration = client.Configuration(host=place.url)
    made.client = client.ApiClient(made.configuration)
    return made


def _pods(place: Place) -> Any:
    resource = _module("kubernetes.dynamic.resource").Resource
    return resource("api", "", "v1", "Pod", namespaced=True, name="pods", client=_dynamic_kubernetes(place))


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


def _motor(place: Place) -> Any:
    return _module("motor.motor_asyncio").AsyncIOMotorClient(port=place.port, connect=False, serverSelectionTimeoutMS=500)


def _thread_target() -> None:
    return None


def _meilisearch(place: Place) -> Any:
    return _module("meilisearch").Client(place.url)


def _slack(place: Place) -> Any:
    return _module("slack_sdk").WebClient("t", base_url=f"{place.url}/")


def _jira(place: Place) -> Any:
    return _module("jira").JIRA(place.url, token_auth="t", get_server_info=False, max_retries=0)


def _jira_issue(place: Place) -> Any:
    client = _jira(place)
    return _module("jira").Issue(client._options, client._session, {"self": f"{place.url}/rest/api/2/issue/1", "id": "1", "fields": {}})


def _requests_hardened() -> Any:
    hardened = _module("requests_hardened")
    config = hardened.Config(ip_filter_enable=False, ip_filter_allow_loopback_ips=True, never_redirect=True, default_timeout=(2, 2))
    return hardened.Manager(config)


def _rq_queue(place: Place) -> Any:
    return _module("rq").Queue(connection=_module("redis").Redis(port=place.port))


def _rq_job(place: Place) -> Any:
    return _module("rq.job").Job.create(_task, connection=_module("redis").Redis(port=place.port), origin="default", id="a")


def _twilio_message(place: Place, name: str, *arguments: Any) -> Any:
    version = _module("twilio.rest").Client("AC1", "t").api.v2010
    return getattr(_module("twilio.rest.api.v2010.account.message"), name)(version, *arguments)


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


def _imap(place: Place, state: str = "SELECTED") -> Any:
    client = _module("imaplib").IMAP4("127.0.0.1", brokers.imap())
    client.state = state
    return client


def _openai(place: Place, asynchronous: bool = False) -> Any:
    return (_module("openai").AsyncOpenAI if asynchronous else _module("openai").OpenAI)(api_key="k")


def _anthropic(place: Place, asynchronous: bool = False) -> Any:
    return (_module("anthropic").AsyncAnthropic if asynchronous else _module("anthropic").Anthropic)(api_key="k")


def _stripe_client(place: Place) -> Any:
    return _module("stripe").StripeClient("sk_test").v1


def _ldap(place: Place) -> Any:
    """A connection that is open, and bound as somebody."""
    ldap3 = _module("ldap3")
    connection = ldap3.Connection(ldap3.Server("127.0.0.1", port=place.port, get_info=ldap3.NONE), user="cn=a", password="x")
    connection.socket, connection.closed, connection.listening, connection.bound = brokers.connected(place.port), False, True, True
    connection.strategy._outstanding = {}
    return connection


def _google_publisher(place: Place) -> Any:
    publisher = _module("google.cloud.pubsub_v1")
    transports = _module("google.pubsub_v1.services.publisher.transports.grpc")
    return publisher.PublisherClient(transport=transports.PublisherGrpcTransport(channel=_module("grpc").insecure_channel(place.host)))


def _task(number: int = 0) -> None:
    print(number)


def _actor(place: Place) -> Any:
    dramatiq = _module("dramatiq")
    return dramatiq.actor(_task, actor_name="ship") if "ship" not in dramatiq.get_broker().actors else dramatiq.get_broker().actors["ship"]


def _broker(place: Place) -> Any:
    _actor(place)
    return _module("dramatiq").get_broker()


def _password_reset_form(place: Place) -> Any:
    models, connection = _module("django.contrib.auth.models"), _module("django.db").connection
    with connection.schema_editor() as editor:
        for model in (_module("django.contrib.contenttypes.models").ContentType, models.Permission, models.Group, models.User):
            editor.create_model(model)
    models.User.objects.create_user("a", "a@example.com", "x")
    form = _module("django.contrib.auth.forms").PasswordResetForm({"email": "a@example.com"})
    form.full_clean()
    return form


def _field_file(place: Place) -> Any:
    files, storage = _module("django.db.models.fields.files"), _module("django.core.files.storage")
    field = files.FileField(storage=storage.FileSystemStorage(place.folder))
    field.attname = field.name = "file"
    return files.FieldFile(types.SimpleNamespace(file=None), field, "a")


def _letter(place: Place) -> Any:
    letter = _module("email.message").EmailMessage()
    letter["From"], letter["To"] = "a@example.com", "b@example.com"
    return letter


def _mailer(place: Place) -> Any:
    """An SMTP client that has said hello already."""
    client = _smtp(place)
    client.ehlo_resp, client.esmtp_features, client.does_esmtp = b"ok", {}, True
    return client


class _Channel:
    """What Paramiko's clients take for a channel of a connection that stands."""

    def __init__(self, port: int) -> None:
        self.line = brokers.connected(port)
        self.send, self.recv, self.closed = self.line.send, self.line.recv, False

    def get_name(self) -> str:
        return "1"


def _sftp(place: Place) -> Any:
    """An SFTP client that has agreed on a version already."""
    module = _module("paramiko.sftp_client")
    client = module.SFTPClient.__new__(module.SFTPClient)
    module.BaseSFTP.__init__(client)
    client.sock, client.ultra_debug, client.request_number, client._cwd = _Channel(place.port), False, 1, None
    client._lock, client._expecting = _module("threading").Lock(), _module("weakref").WeakValueDictionary()
    return client


def _ssh(place: Place) -> Any:
    """An SSH client that has agreed on keys already."""
    paramiko = _module("paramiko")
    client, transport = paramiko.SSHClient(), paramiko.Transport(brokers.connected(place.port))
    transport.active, client._transport = True, transport
    transport.clear_to_send.set()
    return client


def _kafka(place: Place) -> Any:
    producer = _module("kafka").KafkaProducer(bootstrap_servers=brokers.kafka(), api_version=(1, 0))
    producer.partitions_for("orders")
    return producer


def _kafka_consumer(place: Place) -> Any:
    kafka = _module("kafka")
    consumer = kafka.KafkaConsumer(bootstrap_servers=brokers.kafka(), group_id="a", api_version=(1, 0))
    consumer.assign([kafka.TopicPartition("orders", 0)])
    return consumer


async def _aiokafka_consumer(place: Place) -> Any:
    consumer = _module("aiokafka").AIOKafkaConsumer(bootstrap_servers=brokers.kafka(), group_id="a", api_version=(1, 0))
    await consumer.start()
    consumer.assign([_module("aiokafka").TopicPartition("orders", 0)])
    return consumer


async def _aiokafka(place: Place) -> Any:
    producer = _module("aiokafka").AIOKafkaProducer(bootstrap_servers=brokers.kafka(), api_version=(1, 0))
    await producer.start()
    await producer.partitions_for("orders")
    return producer


def _confluent(place: Place) -> Any:
    """librdkafka sends from threads that Python does not see: its own report of the delivery is the evidence."""

    def delivered(error: Any, message: Any) -> None:
        if error is None:
            sys.audit("socket.arrived")

    producer = _module("confluent_kafka").Producer({"test.mock.num.brokers": 1, "on_delivery": delivered, "linger.ms": 300})
    producer.list_topics("orders", 5)

    def poll() -> None:
        while True:
            producer.poll(0.1)

    _module("threading").Thread(target=poll, daemon=True).start()
    return producer


def _pika(place: Place) -> Any:
    pika = _module("pika")
    return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", brokers.amqp())).channel()


async def _aiosmtplib(place: Place) -> Any:
    client = _module("aiosmtplib").SMTP(hostname="127.0.0.1", port=brokers.smtp(), start_tls=False)
    await client.connect()
    return client


def _flask_connection(place: Place) -> Any:
    """One that has been opened."""
    mail = sys.modules["uses_flask_mail"].mail
    mail.state.port = brokers.smtp()
    return mail.connect().__enter__()


async def _aio_pika(place: Place) -> Any:
    connection = await _module("aio_pika").connect(f"amqp://guest:guest@127.0.0.1:{brokers.amqp()}/")
    return (await connection.channel()).default_exchange


def _kombu(place: Place) -> Any:
    return _module("kombu").Connection(f"amqp://guest:guest@127.0.0.1:{brokers.amqp()}//")


def _simple_queue(place: Place) -> Any:
    return _module("kombu").Connection(f"redis://127.0.0.1:{brokers.redis()}/0").SimpleQueue("orders")


def _mqtt(place: Place) -> Any:
    module = _module("paho.mqtt.client")
    client = module.Client(module.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", brokers.mqtt())
    client.loop_start()
    while not client.is_connected():
        _module("time").sleep(0.01)
    return client


async def _aiomqtt(place: Place) -> Any:
    return await _module("aiomqtt").Client("127.0.0.1", brokers.mqtt()).__aenter__()


async def _nats(place: Place) -> Any:
    return await _module("nats").connect(f"nats://127.0.0.1:{brokers.nats()}")


async def _nats_message(place: Place) -> Any:
    message = _module("nats.aio.msg")
    return message.Msg(await _nats(place), "a", "$JS.ACK.a.b.1.1.1.1.1")


async def _nats_bucket(place: Place, module: str, name: str) -> Any:
    """A bucket that the server is taken to have."""
    made, stream = _module(module), await _jetstream(place)
    if name == "KeyValue":
        return made.KeyValue(name="a", stream="KV_a", pre="$KV.a.", js=stream, direct=False)
    return made.ObjectStore(name="a", stream="OBJ_a", js=stream)


async def _jetstream(place: Place) -> Any:
    return (await _nats(place)).jetstream()


def _any_stripe(place: Place, base: str, construct: Callable[[Any], Any]) -> Any:
    """An object of whichever class has the method that is called: the catalog says it of all."""
    stripe = _module("stripe")
    root = getattr(_module(base.rpartition(".")[0]), base.rpartition(".")[2])
    folder = _module("pathlib").Path(stripe.__file__).parent

    class Any_:
        def __getattr__(self, name: str) -> Any:
            for path in sorted(folder.rglob("_*.py")):
                if path.stem.endswith("_api_resource") or f" def {name}(" not in path.read_text(encoding="utf-8"):
                    continue
                module = _module(".".join(("stripe", *path.relative_to(folder).with_suffix("").parts)))
                for cls in vars(module).values():
                    if isinstance(cls, type) and issubclass(cls, root) and cls is not root and name in vars(cls):
                        return _with_arguments(getattr(construct(cls), name))
            return getattr(construct(stripe.Customer), name)  # what all have

    return Any_()


def _with_arguments(method: Any) -> Any:
    """The method; where it insists on arguments, they are strings."""
    inspect = _module("inspect")

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except TypeError:
            wanted = [
                parameter.name
                for parameter in inspect.signature(method).parameters.values()
                if parameter.default is parameter.empty and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.POSITIONAL_ONLY)
            ]
            given = [{} if name == "params" else "x_1" for name in wanted[len(args) :] if name not in kwargs]
            return method(*args, *given, **kwargs)

    return call


def _stripe_resource(place: Place) -> Any:
    def changed(cls: Any) -> Any:
        made = cls.construct_from({"id": "x_1"}, "sk_test")
        made.update({"name": "a"})  # or there is nothing to save
        return made

    return _any_stripe(place, "stripe._api_resource.APIResource", changed)


def _stripe_service(place: Place) -> Any:
    return _any_stripe(place, "stripe._stripe_service.StripeService", lambda cls: cls(_module("stripe").StripeClient("sk_test")._requestor))


def _servicebus(place: Place, asynchronous: bool) -> Any:
    module = _module("azure.servicebus.aio" if asynchronous else "azure.servicebus")
    key = "Endpoint=sb://127.0.0.1/;SharedAccessKeyName=a;SharedAccessKey=a2V5"
    return module.ServiceBusClient.from_connection_string(key, retry_total=0)


def _chancy_job(place: Place) -> Any:
    return _module("chancy").Job(func="shop.ship", kwargs={}, queue="default")


def _chancy(place: Place) -> Any:
    return _module("chancy").Chancy(f"postgresql://{place.host}/shop")


def _curl_multi(place: Place) -> Any:
    multi = _module("pycurl").CurlMulti()
    multi.add_handle(_curl(place))
    return multi


def _curl(place: Place) -> Any:
    pycurl = _module("pycurl")
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, place.url)
    curl.setopt(pycurl.TIMEOUT, 2)
    return curl


def _wsdl(place: Place) -> str:
    return f"""<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:t"
     xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><message name="in"><part name="n" type="x:int"/></message>
     <portType name="P"><operation name="Book"><input message="t:in"/></operation></portType>
     <binding name="B" type="t:P"><s:binding style="rpc" transport="http://schemas.xmlsoap.org/soap/http"/><operation name="Book">
     <s:operation soapAction="a"/><input><s:body use="literal" namespace="urn:t"/></input></operation></binding>
     <service name="S"><port name="P" binding="t:B"><s:address location="{place.url}"/></port></service></definitions>"""


def _zeep(place: Place) -> Any:
    return _module("zeep").Client(_module("io").BytesIO(_wsdl(place).encode()))


def _suds(place: Place) -> Any:
    store = _module("suds.store").DocumentStore()
    store.update({"wsdl": _wsdl(place).encode()})
    client = _module("suds.client")
    return client.Client("suds://wsdl", documentStore=store, cache=None)


def _rpyc(place: Place) -> Any:
    protocol, stream = _module("rpyc.core.protocol"), _module("rpyc.core.stream")
    channel = _module("rpyc.core.channel").Channel(stream.SocketStream(brokers.connected(place.port)))
    return protocol.Connection(_module("rpyc").VoidService(), channel)


def _braintree(place: Place) -> Any:
    braintree = _module("braintree")
    return braintree.BraintreeGateway(braintree.Configuration(braintree.Environment.Sandbox, "m", "p", "k"))


def _paypal(place: Place) -> Any:
    auth = _module("paypalserversdk.http.auth.o_auth_2").ClientCredentialsAuthCredentials("a", "b")
    return _module("paypalserversdk.paypal_serversdk_client").PaypalServersdkClient(client_credentials_auth_credentials=auth)


def _faststream(kind: str, name: str) -> Maker:
    """A broker of FastStream's before it has been started connects with its first message, or says that it was not."""

    async def maker(place: Place) -> Any:
        urls = {
            "redis": f"redis://127.0.0.1:{brokers.redis()}",
            "nats": f"nats://127.0.0.1:{brokers.nats()}",
            "rabbit": f"amqp://guest:guest@127.0.0.1:{brokers.amqp()}/",
        }
        broker = getattr(_module(f"faststream.{kind}"), name)(urls.get(kind) or brokers.kafka())
        await broker.connect()
        return broker

    return maker


def _typesense(place: Place) -> Any:
    node = {"host": "127.0.0.1", "port": str(place.port), "protocol": "http"}
    return _module("typesense").Client({"nodes": [node], "api_key": "k", "num_retries": 0})


def _weaviate(place: Place) -> Any:
    """A client that has connected. Its two ports must differ; what is sent to that of HTTP is heard before it is needed."""
    where = _module("weaviate.connect").ConnectionParams.from_url(f"http://127.0.0.1:{place.port + 1}", grpc_port=place.port)
    client = _module("weaviate").WeaviateClient(where, skip_init_checks=True)
    connection = client._connection
    connection._client, connection._connected = connection._make_client("sync"), True
    connection.open_connection_grpc("sync")
    return client


class _Named:
    """A file with a name, whose content is in memory."""

    def __new__(cls) -> Any:
        file = _module("io").BytesIO(b"x")
        named = _module("io").BufferedReader(file)
        file.name = "a.pdf"
        return named


async def _temporal(place: Place) -> Any:
    return await _module("temporalio.client").Client.connect(place.host, lazy=True)


async def _workflow(place: Place) -> Any:
    return (await _temporal(place)).get_workflow_handle("a")


def _connection_of_http(place: Place) -> Any:
    return _module("thrift.transport.THttpClient").THttpClient(f"{place.url}/")


def _git_repository(place: Place) -> Any:
    repo = _module("git").Repo.init(place.folder)
    repo.create_remote("origin", f"{place.url}/shop.git")
    repo.index.commit("first")
    return repo


def _git_submodule(place: Place) -> Any:
    repo = _git_repository(place)
    part = _module("git").Submodule(repo, repo.head.commit.binsha, name="part", path="part", url=f"{place.url}/part.git")
    part._branch_path = "refs/heads/main"
    return part


MAKERS: dict[str, Maker] = {
    "aiosmtplib.SMTP": _aiosmtplib,
    "flask_mail.Connection": _flask_connection,
    "paramiko.SSHClient": _ssh,
    "temporalio.client.Client": _temporal,
    "temporalio.client.WorkflowHandle": _workflow,
    "zeep.Client": _zeep,
    "=delta": lambda place: timedelta(seconds=5),
    "=job": _rq_job,
    "=key": lambda place: "k",
    "=user": lambda place: _module("django.contrib.auth.models").User(id=1, username="a", email="a@example.com"),
    "=when": lambda place: datetime.now(UTC) + timedelta(hours=1),
    "ObjectSummary": lambda place: _module("boto3").resource("s3").ObjectSummary("b", "k"),
    "Queue": lambda place: _module("boto3").resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/1/q"),
    "ArqRedis": lambda place: _module("arq").ArqRedis(port=place.port),
    "AsyncEngine": lambda place: None,
    "algoliasearch.search.client.SearchClient": lambda place: _module("algoliasearch.search.client").SearchClient("a", "k"),
    "algoliasearch.search.client.SearchClientSync": lambda place: _module("algoliasearch.search.client").SearchClientSync("a", "k"),
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
    "Request": _pyramid_request,
    "client.ApiClient": lambda place: _module("kubernetes.client").ApiClient(_module("kubernetes.client").Configuration(host=place.url)),
    "dynamic.DynamicClient": _dynamic_kubernetes,
    "imaplib.IMAP4": _imap,
    "imaplib.IMAP4_SSL": lambda place: _imap(place, "NONAUTH"),
    "jira.Issue": _jira_issue,
    "jira.JIRA": _jira,
    "jira.Role": lambda place: _module("jira").Role({}, _jira(place)._session, {"self": f"{place.url}/rest/api/2/role/1"}),
    "kubernetes.dynamic.resource.Resource": _pods,
    "client.AppsV1Api": lambda place: _kubernetes(place, "AppsV1Api"),
    "client.BatchV1Api": lambda place: _kubernetes(place, "BatchV1Api"),
    "client.CoreV1Api": lambda place: _kubernetes(place, "CoreV1Api"),
    "client.CustomObjectsApi": lambda place: _kubernetes(place, "CustomObjectsApi"),
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
    "docker.DockerClient": _docker,
    "docker.models.images.Image": lambda place: _of_docker(place, "docker.models.images", "Image"),
    "docker.models.services.Service": lambda place: _of_docker(place, "docker.models.services", "Service"),
    "dramatiq.Actor": _actor,
    "dramatiq.Broker": _broker,
    "dramatiq.group": lambda place: _module("dramatiq").group([_actor(place).message(1)]),
    "dramatiq.pipeline": lambda place: _module("dramatiq").pipeline([_actor(place).message(1)]),
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
    "huey.Huey": lambda place: sys.modules["uses_huey"].app,  # its tasks are known to it alone
    "huey.api.TaskWrapper": lambda place: _huey(place).task()(_task),
    "kombu.Connection": _kombu,
    "kombu.Exchange": lambda place: _module("kombu").Exchange("orders", channel=_kombu(place).channel()),
    "kombu.Queue": lambda place: _module("kombu").Queue("orders", channel=_kombu(place).channel()),
    "kombu.Producer": lambda place: _module("kombu").Connection(f"amqp://{place.host}").Producer(auto_declare=False),
    "kombu.simple.SimpleBase": _simple_queue,
    "ldap3.Connection": _ldap,
    "meilisearch.Client": _meilisearch,
    "meilisearch.index.Index": lambda place: _meilisearch(place).index("a"),
    "motor.motor_asyncio.AsyncIOMotorClient": _motor,
    "motor.motor_asyncio.AsyncIOMotorCollection": lambda place: _motor(place)["d"]["c"],
    "multiprocessing.Process": lambda place: _module("multiprocessing").Process(target=_thread_target),
    "mypy_boto3_s3.Client": lambda place: _module("boto3").client("s3"),
    "mypy_boto3_s3.ServiceResource": lambda place: _module("boto3").resource("s3"),
    "openai.resources.chat.completions.Completions": lambda place: _openai(place).chat.completions,
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
    "requests_hardened.Manager": lambda place: _requests_hardened(),
    "requests_oauthlib.OAuth2Session": lambda place: _module("requests_oauthlib").OAuth2Session("a", token={"refresh_token": "t"}),
    "rq.Queue": _rq_queue,
    "rq.job.Job": _rq_job,
    "sendgrid.SendGridAPIClient": lambda place: _module("sendgrid").SendGridAPIClient("k"),
    "slack_bolt.Complete": lambda place: _module("slack_bolt").Complete(_slack(place), "F1"),
    "slack_bolt.Fail": lambda place: _module("slack_bolt").Fail(_slack(place), "F1"),
    "slack_bolt.Respond": lambda place: _module("slack_bolt").Respond(response_url=place.url),
    "slack_bolt.Say": lambda place: _module("slack_bolt").Say(_slack(place), "C1"),
    "slack_bolt.async_app.AsyncRespond": lambda place: _module("slack_bolt.async_app").AsyncRespond(response_url=place.url),
    "slack_bolt.async_app.AsyncSay": lambda place: _module("slack_bolt.async_app").AsyncSay(
        _module("slack_sdk.web.async_client").AsyncWebClient("t", base_url=f"{place.url}/"), "C1"
    ),
    "slack_sdk.WebhookClient": lambda place: _module("slack_sdk").WebhookClient(place.url),
    "slack_sdk.web.async_client.AsyncWebClient": lambda place: _module("slack_sdk.web.async_client").AsyncWebClient("t"),
    "slack_sdk.webhook.async_client.AsyncWebhookClient": lambda place: _module("slack_sdk.webhook.async_client").AsyncWebhookClient(
        place.url
    ),
    "smtplib.SMTP": _mailer,
    "socket.socket": lambda place: brokers.connected(place.port),
    "stripe.ChargeService": lambda place: _stripe_client(place).charges,
    "stripe.PaymentIntentService": lambda place: _stripe_client(place).payment_intents,
    "stripe.PayoutService": lambda place: _stripe_client(place).payouts,
    "stripe.RefundService": lambda place: _stripe_client(place).refunds,
    "stripe.SubscriptionService": lambda place: _stripe_client(place).subscriptions,
    "stripe.TopupService": lambda place: _stripe_client(place).topups,
    "stripe.TransferService": lambda place: _stripe_client(place).transfers,
    "Repo": _git_repository,
    "Submodule": _git_submodule,
    "threading.Thread": lambda place: _module("threading").Thread(target=_thread_target),
    "token": lambda place: "t",
    "twilio.rest.api.v2010.account.message.MessageContext": lambda place: _twilio_message(place, "MessageContext", "AC1", "SM1"),
    "twilio.rest.api.v2010.account.message.MessageInstance": lambda place: _twilio_message(place, "MessageInstance", {"sid": "SM1"}, "AC1"),
    "urllib.request.OpenerDirector": lambda place: _module("urllib.request").build_opener(),
    "urllib3.HTTPConnectionPool": lambda place: _module("urllib3").HTTPConnectionPool("127.0.0.1", place.port),
    "xmlrpc.client.ServerProxy": lambda place: _module("xmlrpc.client").ServerProxy(place.url),
    "django.contrib.auth.forms.PasswordResetForm": _password_reset_form,
    "django.db.models.fields.files.FieldFile": _field_file,
    "email.message.EmailMessage": _letter,
    "paramiko.SFTPClient": _sftp,
    "kafka.KafkaConsumer": _kafka_consumer,
    "aiokafka.AIOKafkaConsumer": _aiokafka_consumer,
    "kafka.KafkaProducer": _kafka,
    "aiokafka.AIOKafkaProducer": _aiokafka,
    "confluent_kafka.Producer": _confluent,
    "pika.adapters.blocking_connection.BlockingChannel": _pika,
    "pika.channel.Channel": lambda place: _pika(place)._impl,
    "aio_pika.abc.AbstractExchange": _aio_pika,
    "paho.mqtt.client.Client": _mqtt,
    "aiomqtt.Client": _aiomqtt,
    "nats.aio.client.Client": _nats,
    "nats.js.client.JetStreamContext": _jetstream,
    "nats.aio.msg.Msg": _nats_message,
    "nats.js.kv.KeyValue": lambda place: _nats_bucket(place, "nats.js.kv", "KeyValue"),
    "nats.js.object_store.ObjectStore": lambda place: _nats_bucket(place, "nats.js.object_store", "ObjectStore"),
    "stripe.APIResource": _stripe_resource,
    "stripe.StripeService": _stripe_service,
    "asyncio.AbstractEventLoop": lambda place: _module("asyncio").new_event_loop(),
    "int": lambda place: 1,
    "str": lambda place: "a",
    "Exception": lambda place: ValueError(),
    "datetime": lambda place: datetime.now(UTC) + timedelta(hours=1),
    "azure.servicebus.ServiceBusClient": lambda place: _servicebus(place, False),
    "azure.servicebus.ServiceBusSender": lambda place: _servicebus(place, False).get_queue_sender("orders"),
    "azure.servicebus.aio.ServiceBusSender": lambda place: _servicebus(place, True).get_queue_sender("orders"),
    "chancy.Chancy": _chancy,
    "chancy.Job": _chancy_job,
    "pycurl.Curl": _curl,
    "pycurl.CurlMulti": _curl_multi,
    "Client": _suds,
    "TSocket.TSocket": lambda place: _module("thrift.transport.TSocket").TSocket("127.0.0.1", place.port),
    "THttpClient.THttpClient": _connection_of_http,
    "rpyc.Connection": _rpyc,
    "fabric.Connection": lambda place: _module("fabric").Connection("127.0.0.1", user="a", port=place.port),
    "fabric.SerialGroup": lambda place: _module("fabric").SerialGroup("127.0.0.1", "127.0.0.1"),
    "braintree.BraintreeGateway": _braintree,
    "PaypalServersdkClient": _paypal,
    "cohere.AsyncClient": lambda place: _module("cohere").AsyncClient("k", base_url=place.url),
    "cohere.Client": lambda place: _module("cohere").Client("k", base_url=place.url),
    "cohere.ClientV2": lambda place: _module("cohere").ClientV2("k", base_url=place.url),
    "faststream.redis.RedisBroker": _faststream("redis", "RedisBroker"),
    "faststream.nats.NatsBroker": _faststream("nats", "NatsBroker"),
    "faststream.rabbit.RabbitBroker": _faststream("rabbit", "RabbitBroker"),
    "faststream.kafka.KafkaBroker": _faststream("kafka", "KafkaBroker"),
    "faststream.confluent.KafkaBroker": _faststream("confluent", "KafkaBroker"),
    "socketio.RedisManager": lambda place: _module("socketio").RedisManager(f"redis://{place.host}/0", write_only=True),
    "socketio.AsyncRedisManager": lambda place: _module("socketio").AsyncRedisManager(f"redis://{place.host}/0", write_only=True),
    "cent.Client": lambda place: _module("cent").Client(place.url, "k"),
    "cent.AsyncClient": lambda place: _module("cent").AsyncClient(place.url, "k"),
    "pymemcache.Client": lambda place: _module("pymemcache").Client(("127.0.0.1", place.port)),
    "pymemcache.HashClient": lambda place: _module("pymemcache").HashClient([("127.0.0.1", place.port)]),
    "pymemcache.PooledClient": lambda place: _module("pymemcache").PooledClient(("127.0.0.1", place.port)),
    "typesense.Client": _typesense,
    "pysolr.Solr": lambda place: _module("pysolr").Solr(place.url),
    "open": lambda place: _Named(),
    "qdrant_client.QdrantClient": lambda place: _module("qdrant_client").QdrantClient(place.url, check_compatibility=False),
    "qdrant_client.AsyncQdrantClient": lambda place: _module("qdrant_client").AsyncQdrantClient(place.url, check_compatibility=False),
    "Pinecone": lambda place: _module("pinecone").Pinecone(api_key="k"),
    "weaviate.WeaviateClient": _weaviate,
    "neo4j.Driver": lambda place: _module("neo4j").GraphDatabase.driver(f"bolt://{place.host}"),
    "neo4j.AsyncDriver": lambda place: _module("neo4j").AsyncGraphDatabase.driver(f"bolt://{place.host}"),
    "neo4j.AsyncSession": lambda place: _module("neo4j").AsyncGraphDatabase.driver(f"bolt://{place.host}").session(),
    "BaseSearchBackend": lambda place: _module("haystack").connections["default"].get_backend(),
    "Endpoint": lambda place: _module("mailgun.client").Client(auth=("api", "k")).messages,
    "AsyncEndpoint": lambda place: _module("mailgun.client").AsyncClient(auth=("api", "k")).messages,
    "treq.client.HTTPClient": lambda place: _module("treq.client").HTTPClient(
        _module("twisted.web.client").Agent(_module("twisted.internet.reactor"))
    ),
}
