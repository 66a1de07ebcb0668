from typing import ClassVar

from django.conf import settings

APPS = []


def prepare(place):
    settings.ALGOLIA = {"APPLICATION_ID": "a", "API_KEY": "k", "RAISE_EXCEPTIONS": True}
    from algoliasearch_django import AlgoliaIndex, register
    from django.contrib.auth.models import User
    from django.core.management import call_command

    class UserIndex(AlgoliaIndex):
        fields = ("username",)
        settings: ClassVar = {"searchableAttributes": ["username"]}

    register(User, UserIndex, auto_indexing=False)
    call_command("migrate", verbosity=0)
    User.objects.bulk_create([User(pk=1, username="a")])


def _index(place):
    from algoliasearch_django import get_adapter
    from django.contrib.auth.models import User

    return get_adapter(User)


MAKERS = {"AlgoliaIndex": _index}
