"""Views read from URLconfs: every way of wiring that real projects use, and what is left out of ATOMIC_REQUESTS."""

# ruff: noqa: E501 -- a case is one line
from __future__ import annotations

from textwrap import dedent

import pytest

from tests.files import GivenFiles
from txlint.config import Config
from txlint.frameworks.django.paths import Start
from txlint.frameworks.django.settings import DjangoSettings, read_settings
from txlint.frameworks.django.urls import ViewEntry, atomic_views, read_views
from txlint.lower import lower_source
from txlint.model.facts import FileFacts
from txlint.model.kinds import Confidence

SETTINGS = 'ROOT_URLCONF = "shop.urls"\nDATABASES = {"default": {"ATOMIC_REQUESTS": True}}\nDEBUG = False\nINSTALLED_APPS = []\n'
VIEWS = """\
    from django.db import transaction
    from django.views import View
    from django.views.generic import CreateView
    from rest_framework.viewsets import ModelViewSet
    def one(request): ...
    def two(request): ...
    class Orders(View):
        def get(self, request): ...
    class Invoices(Orders): ...
    class OrderSet(ModelViewSet): ...
    class LineSet(ModelViewSet): ...
    """


def project(texts: dict[str, str]) -> dict[str, FileFacts]:
    files = {"shop/__init__.py": "", "shop/settings.py": SETTINGS, "shop/views.py": VIEWS} | texts
    found: dict[str, FileFacts] = {}
    for path, text in files.items():
        module = path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        facts = lower_source(dedent(text).encode(), path, module, path.endswith("/__init__.py"))
        assert isinstance(facts, FileFacts), facts
        found[module] = facts
    return found


def views(texts: dict[str, str] | str) -> tuple[tuple[ViewEntry, ...], DjangoSettings]:
    if isinstance(texts, str):
        texts = {"shop/urls.py": texts}
    facts = project(texts)
    settings = read_settings(facts, GivenFiles({}), Config())
    return read_views(facts, settings), settings


def wired(texts: dict[str, str] | str) -> list[str]:
    """``call name`` of each view that is certain, without the first part of its name."""
    found, _ = views(texts)
    return [f"{view.call} {view.target.qualname}" for view in found if view.confidence is Confidence.CERTAIN]


HEAD = "from django.urls import include, path, re_path\nfrom . import views\nfrom .views import one, two, Orders, OrderSet, LineSet\n"

WIRED: dict[str, tuple[str, list[str]]] = {
    "functions": ('urlpatterns = [path("a", one), re_path("b", view=views.two)]', ["function one", "function two"]),
    "classes": ('urlpatterns = [path("a", Orders.as_view()), path("b", views.Invoices.as_view())]', ["as_view Orders", "as_view Invoices"]),
    "tuple of routes": ('urlpatterns = (path("a", one), path("b", two))', ["function one", "function two"]),
    "added": ('urlpatterns = [path("a", one)]\nurlpatterns += [path("b", two)]', ["function one", "function two"]),
    "added by +": ('more = [path("b", two)]\nurlpatterns = [path("a", one)] + more', ["function one", "function two"]),
    "appended": ('urlpatterns = []\nurlpatterns.append(path("a", one))\nurlpatterns.extend([path("b", two)])', ["function one", "function two"]),
    "starred": ('more = [path("a", one)]\nurlpatterns = [*more, path("b", two)]', ["function one", "function two"]),
    "included list": ('urlpatterns = [path("a", include([path("b", one)]))]', ["function one"]),
    "included tuple": ('more = [path("b", one)]\nurlpatterns = [path("a", include((more, "shop"), namespace="x"))]', ["function one"]),
    "bare tuple": ('more = [path("b", one)]\nurlpatterns = [path("a", (more, "app", "space"))]', ["function one"]),
    "language": (
        'from django.conf.urls.i18n import i18n_patterns\nurlpatterns = i18n_patterns(path("a", one), path("b", two))',
        ["function one", "function two"],
    ),
    "language added": (
        'from django.conf.urls.i18n import i18n_patterns\nurlpatterns = [path("a", one)]\nurlpatterns += i18n_patterns(path("b", two))',
        ["function one", "function two"],
    ),
    "static files": (
        'from django.conf.urls.static import static\nurlpatterns = [path("a", one)] + static("/media/", document_root="x")',
        ["function one"],
    ),
    "loop": ('urlpatterns = []\nfor name, view in [("a", one), ("b", two)]:\n    urlpatterns.append(path(name, view))', ["function one", "function two"]),
    "comprehension": ('urlpatterns = [path(n, v) for n, v in {"a": one, "b": two}.items()]', ["function one", "function two"]),
    "decorated": (
        "from django.contrib.auth.decorators import login_required\nfrom django.views.decorators.cache import cache_page\n"
        'urlpatterns = [path("a", login_required(one)), path("b", cache_page(60)(Orders.as_view()))]',
        ["function one", "as_view Orders"],
    ),
    "decorated by the project": (
        'from functools import wraps\ndef staff(view):\n    @wraps(view)\n    def inner(r):\n        return view(r)\n    return inner\n'
        'urlpatterns = [path("a", staff(one))]',
        ["function one"],
    ),
    "a name for a view": ('start = Orders.as_view()\nurlpatterns = [path("a", start)]', ["as_view Orders"]),
    "made by a function": (
        'def crud(name, view):\n    return [path(name, view), path(name + "/x", two)]\nurlpatterns = [*crud("a", one)]',
        ["function one", "function two"],
    ),
    "a factory of views": ('def make(text):\n    def show(request): ...\n    return show\nurlpatterns = [path("a", make("x"))]', ["function make.show"]),
    "lambda": ('urlpatterns = [path("a", lambda r: None)]', ["function <lambda>:4"]),
    "partial": ('from functools import partial\nurlpatterns = [path("a", partial(one, x=1))]', ["function one"]),
    "a method": ('class Site:\n    def index(self, r): ...\nsite = Site()\nurlpatterns = [path("a", site.index)]', ["function Site.index"]),
    "an instance": ('class Feed:\n    def __call__(self, r): ...\nurlpatterns = [path("a", Feed())]', ["__call__ Feed"]),
    "a feed": (
        'from django.contrib.syndication.views import Feed\nclass News(Feed):\n    def items(self): ...\nurlpatterns = [path("a", News())]',
        ["__call__ News"],
    ),
    "router": (
        'from rest_framework.routers import DefaultRouter\nrouter = DefaultRouter()\nrouter.register("o", OrderSet, basename="o")\n'
        'router.register("l", viewset=LineSet)\nurlpatterns = [path("api", include(router.urls))]',
        ["as_view OrderSet", "as_view LineSet"],
    ),
    "router added": (
        'from rest_framework.routers import SimpleRouter\nr = SimpleRouter()\nr.register("o", OrderSet)\nurlpatterns = [path("a", one)]\n'
        "urlpatterns += r.urls",
        ["function one", "as_view OrderSet"],
    ),
    "router is the list": (
        'from rest_framework.routers import SimpleRouter\nr = SimpleRouter()\nr.register("o", OrderSet)\nurlpatterns = r.urls',
        ["as_view OrderSet"],
    ),
    "router in a loop": (
        'from rest_framework.routers import SimpleRouter\nr = SimpleRouter()\nfor name, v in (("o", OrderSet), ("l", LineSet)):\n'
        "    r.register(name, v)\nurlpatterns = r.urls",
        ["as_view OrderSet", "as_view LineSet"],
    ),
    "nested routers": (
        "from rest_framework_nested.routers import NestedSimpleRouter, SimpleRouter\nr = SimpleRouter()\n"
        'r.register("o", OrderSet)\nn = NestedSimpleRouter(r, "o", lookup="o")\nn.register("l", LineSet)\n'
        'urlpatterns = [path("", include(r.urls)), path("", include(n.urls))]',
        ["as_view OrderSet", "as_view LineSet"],
    ),
    "chained routers": (
        'from rest_framework_extensions.routers import ExtendedSimpleRouter\nr = ExtendedSimpleRouter()\n'
        'r.register("o", OrderSet).register("l", LineSet)\nurlpatterns = r.urls',
        ["as_view OrderSet", "as_view LineSet"],
    ),
    "registry of another router": (
        'from rest_framework.routers import SimpleRouter\na = SimpleRouter()\na.register("o", OrderSet)\nb = SimpleRouter()\n'
        "b.registry.extend(a.registry)\nurlpatterns = b.urls",
        ["as_view OrderSet"],
    ),
    "suffixes": (
        'from rest_framework.urlpatterns import format_suffix_patterns\nurlpatterns = format_suffix_patterns([path("a", one)])',
        ["function one"],
    ),
    "strings": (
        'from django.conf.urls import patterns, url\nurlpatterns = patterns("", url(r"^a$", "shop.views.one"), (r"^b$", "shop.views.two"))',
        ["function one", "function two"],
    ),
    "admin": ('from django.contrib import admin\nurlpatterns = [path("admin/", admin.site.urls)]', ["admin django.contrib.admin.site.urls"]),
    "own admin site": (
        "from django.contrib.admin import AdminSite\nclass Mine(AdminSite): ...\nmine = Mine()\n"
        'urlpatterns = [path("admin/", mine.urls)]',
        ["admin Mine"],
    ),
    "library": ('urlpatterns = [path("a", include("allauth.urls"))]', ["library allauth.urls"]),
    "library view": (
        'from django.views.generic import TemplateView\nurlpatterns = [path("a", TemplateView.as_view(template_name="x"))]',
        ["as_view django.views.generic.TemplateView"],
    ),
    "switched off": ('from django.conf import settings\nurlpatterns = [path("a", one)]\nif settings.DEBUG:\n    urlpatterns += [path("b", two)]', ["function one"]),
    "old form": ('from django.conf.urls import url\nurlpatterns = [url(regex=r"^a$", view=one)]', ["function one"]),
    "ninja": (
        "from ninja import NinjaAPI, Router\napi = NinjaAPI()\nrouter = Router()\n"
        '@api.get("/a")\ndef first(request): ...\n@router.post("/b")\ndef second(request): ...\napi.add_router("/r", router)\n'
        'urlpatterns = [path("api/", api.urls)]',
        ["function first", "function second"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WIRED)
def test_wired(case: str) -> None:
    text, expected = WIRED[case]
    assert wired(HEAD + text) == expected


def test_included_modules_and_packages() -> None:
    texts = {
        "shop/urls.py": """\
            from django.urls import include, path
            import shop.api.urls
            from shop.pay import urls as pay
            urlpatterns = [path("", include("shop.front.urls")), path("", include(shop.api.urls)), path("", include(pay))]
            """,
        "shop/front/__init__.py": "",
        "shop/front/urls/__init__.py": "from .main import *\n",
        "shop/front/urls/main.py": 'from django.urls import path\nfrom shop.views import one\nurlpatterns = [path("", one)]\n',
        "shop/api/__init__.py": "",
        "shop/api/urls.py": 'from django.urls import path\nfrom ..views import two as second\nurlpatterns = [path("", second)]\n',
        "shop/pay/__init__.py": "from shop.views import Orders\n",
        "shop/pay/urls.py": 'from django.urls import path\nfrom . import Orders\nurlpatterns = [path("", Orders.as_view())]\n',
    }
    assert wired(texts) == ["function one", "function two", "as_view Orders"]


def test_a_router_that_others_fill() -> None:
    texts = {
        "shop/urls.py": 'from django.urls import include, path\nfrom shop.routers import router\nurlpatterns = [path("", include(router.urls))]\n',
        "shop/routers.py": "from rest_framework.routers import DefaultRouter\nrouter = DefaultRouter()\n",
        "shop/lines.py": 'from shop.routers import router\nfrom shop.views import LineSet\nrouter.register("l", LineSet)\n',
        "shop/apps.py": """\
            class Config:
                def ready(self):
                    from .routers import router
                    from .views import OrderSet
                    router.register("o", OrderSet)
            """,
    }
    assert sorted(wired(texts)) == ["as_view LineSet", "as_view OrderSet"]


def test_where_it_is_wired() -> None:
    found, _ = views(HEAD + 'urlpatterns = [\n    path("a", one),\n    path(\n        "b",\n        two),\n]')
    assert [(view.path, view.line) for view in found if view.call == "function"] == [("shop/urls.py", 5), ("shop/urls.py", 6)]


def test_arguments_of_as_view() -> None:
    text = """\
        from django.urls import path
        from .views import CreateView, OrderSet
        class Form: ...
        urlpatterns = [
            path("a", CreateView.as_view(form_class=Form, template_name="x")),
            path("b", OrderSet.as_view({"get": "list", "post": "create"})),
        ]
        """
    first, second, *_ = views(text)[0]
    assert {name: target.dotted for name, target in first.keywords.items()} == {"form_class": "shop.urls.Form"}
    assert second.actions == (("get", "list"), ("post", "create"))


def test_routes_that_nothing_reaches_are_likely() -> None:
    texts = {
        "shop/urls.py": HEAD + 'urlpatterns = [path("a", one)]\n',
        "shop/other_urls.py": HEAD + 'urlpatterns = [path("b", two)]\n',
        "shop/admin.py": """\
            from django.contrib import admin
            from django.urls import path
            class OrderAdmin(admin.ModelAdmin):
                def get_urls(self):
                    return [path("x/", self.admin_site.admin_view(self.export))] + super().get_urls()
                def export(self, request): ...
            """,
        "shop/tests/urls.py": HEAD + 'urlpatterns = [path("c", lambda r: None)]\n',
        "shop/plugin.py": "from shop.views import Orders\n@register('x')\nclass Registered(Orders): ...\n",
    }
    found, _ = views(texts)
    likely = {view.target.qualname: view for view in found if view.confidence is Confidence.LIKELY}
    assert {"two", "OrderAdmin.export", "Registered"} <= set(likely)
    assert likely["OrderAdmin.export"].receiver is not None
    assert "Orders" not in likely  # a base of another
    assert not any(view.path.startswith("shop/tests") for view in found)


def test_without_root_urlconf() -> None:
    found, _ = views(
        {"shop/settings.py": "DATABASES = {}\nROOT_URLCONF = load()\n", "shop/urls.py": HEAD + 'urlpatterns = [path("a", one)]'}
    )
    assert [(view.target.qualname, view.confidence.word) for view in found if view.call == "function"] == [("one", "likely")]


ATOMIC = """\
    from django.db import transaction
    from django.db.transaction import non_atomic_requests
    from django.utils.decorators import method_decorator
    from django.views import View
    from django.views.decorators.csrf import csrf_exempt
    from rest_framework.decorators import api_view
    from functools import wraps

    def kept(view):
        @wraps(view)
        def inner(request):
            return view(request)
        return inner

    def lost(view):
        def inner(request):
            return view(request)
        return inner

    def own(view):
        return transaction.non_atomic_requests(csrf_exempt(view))

    def plain(request): ...

    @transaction.non_atomic_requests
    def bare(request): ...

    @non_atomic_requests(using="other")
    def other(request): ...

    @non_atomic_requests(using="default")
    def named(request): ...

    @csrf_exempt
    @kept
    @transaction.non_atomic_requests
    def below(request): ...

    @lost
    @transaction.non_atomic_requests
    def behind(request): ...

    @api_view(["GET"])
    @transaction.non_atomic_requests
    def behind_drf(request): ...

    @own
    def by_own(request): ...

    async def waits(request): ...

    @method_decorator(transaction.non_atomic_requests, name="dispatch")
    class OnClass(View): ...

    class Inherits(OnClass): ...

    class Overrides(OnClass):
        def dispatch(self, request): ...

    @method_decorator([csrf_exempt, non_atomic_requests], name="dispatch")
    class InList(View): ...

    @method_decorator(transaction.non_atomic_requests, name="post")
    class OnPost(View): ...

    class OnDispatch(View):
        @method_decorator(transaction.non_atomic_requests)
        def dispatch(self, request): ...

    class AsyncView(View):
        async def get(self, request): ...
    """
EXEMPT = {"bare", "named", "below", "by_own", "waits", "OnClass", "Inherits", "InList", "OnDispatch", "AsyncView", "in_urls", "in_urls_too"}


def test_what_is_left_out_of_atomic_requests() -> None:
    names = ["plain", "bare", "other", "named", "below", "behind", "behind_drf", "by_own", "waits"]
    classes = ["OnClass", "Inherits", "Overrides", "InList", "OnPost", "OnDispatch", "AsyncView"]
    routes = [f'path("{name}", views.{name})' for name in names] + [f'path("{name}", views.{name}.as_view())' for name in classes]
    more = "from django.db import transaction\ndef in_urls(r): ...\ndef in_urls_too(r): ...\n"
    routes += [
        'path("y", transaction.non_atomic_requests(in_urls))',
        'path("z", transaction.non_atomic_requests(using="default")(in_urls_too))',
    ]
    text = f"from django.urls import path\nfrom . import views\n{more}urlpatterns = [{', '.join(routes)}]"
    found, settings = views({"shop/urls.py": text, "shop/views.py": ATOMIC})
    atomic = {view.target.qualname for view, alias in atomic_views(found, settings) if alias == "default"}
    everything = {*names, *classes, "in_urls", "in_urls_too"}
    assert {view.target.qualname for view in found} == everything
    assert everything - atomic == EXEMPT


def test_nothing_is_atomic_where_it_is_off() -> None:
    found, settings = views(
        {
            "shop/settings.py": 'ROOT_URLCONF = "shop.urls"\nDATABASES = {"default": {}}',
            "shop/urls.py": HEAD + 'urlpatterns = [path("a", one)]',
        }
    )
    assert found
    assert not list(atomic_views(found, settings))


def test_cycles_end() -> None:
    texts = {
        "shop/urls.py": HEAD + 'urlpatterns = [path("a", one), path("b", include("shop.more"))]',
        "shop/more.py": HEAD
        + 'from .urls import urlpatterns as up\nurlpatterns = [path("c", include("shop.urls")), path("d", include(up))]\n',
    }
    assert wired(texts) == ["function one"]


def test_what_paths_begin_with() -> None:
    texts = {
        "shop/urls.py": HEAD
        + "from .more import routes\n"
        + 'urlpatterns = [path("a/", one), path("b/<int:pk>/", include("shop.more")), re_path(r"^c/?$", two), path("d/", include("shop.last"))'
        + ', path("e/", include("shop.last"))]\n',
        "shop/more.py": HEAD + 'routes = []\nurlpatterns = [path("x/", Orders.as_view())]\n',
        "shop/last.py": HEAD + 'urlpatterns = [path("y/", views.Invoices.as_view())]\n',
    }
    found, _ = views(texts)
    starts = {view.target.qualname: view.start for view in found if view.confidence is Confidence.CERTAIN}
    assert starts == {"one": ("/a/", True), "Orders": ("/b/", False), "two": ("/c", False), "Invoices": None}


@pytest.mark.parametrize(
    ("start", "text", "begins", "equals"),
    [
        (Start("/a/", True), "/a", (True,), (False,)),
        (Start("/a/", True), "/a/b", (False,), (False,)),
        (Start("/a/", False), "/a/b", (), ()),
        (Start("/a/", False), "/b", (False,), (False,)),
        (Start("/a/", False), "/a/", (True,), ()),
    ],
)
def test_texts_that_paths_begin_with(start: Start, text: str, begins: tuple[bool, ...], equals: tuple[bool, ...]) -> None:
    assert (start.begins(text), start.equals(text)) == (begins, equals)
