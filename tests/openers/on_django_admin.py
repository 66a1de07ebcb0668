"""The admin's openers and hooks, by requests to it; and what a migration runs."""

from __future__ import annotations

from typing import Any

from tests.openers import Seen, project
from tests.openers.project import is_open

ADMIN = "django.contrib.admin.ModelAdmin"
INSIDE = (
    "construct_change_message",
    "delete_model",
    "get_deleted_objects",
    "log_addition",
    "log_change",
    "log_deletion",
    "log_deletions",
    "response_add",
    "response_change",
    "response_delete",
    "response_post_save_add",
    "response_post_save_change",
    "save_form",
    "save_formset",
    "save_model",
    "save_related",
)
OUTSIDE = ("delete_queryset", "history_view", "response_action")


def prove() -> Seen:
    project.up()
    from django.contrib import admin
    from django.contrib.auth.admin import UserAdmin
    from django.contrib.auth.models import User
    from django.test import Client

    from tests.openers.models import Note, Order

    heard: dict[str, list[bool]] = {}

    class Notes(admin.TabularInline):  # type: ignore[type-arg]
        model = Note
        extra = 0

    class Orders(admin.ModelAdmin):  # type: ignore[type-arg]
        fields = ("total",)
        inlines = (Notes,)

    def listening(name: str) -> Any:
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            heard.setdefault(name, []).append(is_open())
            return getattr(admin.ModelAdmin, name)(self, *args, **kwargs)

        return method

    for name in (*INSIDE, *OUTSIDE):
        if hasattr(admin.ModelAdmin, name):
            setattr(Orders, name, listening(name))

    class Users(UserAdmin):
        def save_model(self, *args: Any) -> None:
            heard.setdefault("user", []).append(is_open())
            super().save_model(*args)

    admin.site.register(Order, Orders)
    admin.site.unregister(User)
    admin.site.register(User, Users)
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "x"))
    inline = {"notes-TOTAL_FORMS": "0", "notes-INITIAL_FORMS": "0"}
    client.post("/admin/openers/order/add/", {"total": "1", **inline})
    order = Order.objects.get()
    client.post(f"/admin/openers/order/{order.pk}/change/", {"total": "2", **inline})
    client.get(f"/admin/openers/order/{order.pk}/history/")
    client.post(f"/admin/openers/order/{order.pk}/delete/", {"post": "yes"})
    deleting = heard.get("delete_model", [])
    of_the_view = {name: list(answers) for name, answers in heard.items()}
    order = Order.objects.create()
    client.post("/admin/openers/order/", {"action": "delete_selected", "_selected_action": [order.pk], "post": "yes"})
    client.post("/admin/auth/user/add/", {"username": "a", "password1": "a-Long-1", "password2": "a-Long-1", "usable_password": "true"})

    seen: Seen = {}
    for name in INSIDE:
        seen[f"{ADMIN}.{name}"] = (False, all(of_the_view[name])) if name in of_the_view else "this release does not call it"
    for name in OUTSIDE:
        seen[f"{ADMIN}.{name}"] = False, any(heard[name])
    seen[f"{ADMIN}.changeform_view"] = is_open(), all(of_the_view["save_model"])
    seen[f"{ADMIN}.delete_view"] = is_open(), bool(deleting) and all(deleting)
    seen["django.contrib.auth.admin.UserAdmin.add_view"] = is_open(), all(heard["user"])
    seen["django.db.migrations.RunPython"] = _migrated()
    return seen


def _migrated() -> tuple[bool, bool]:
    """As the executor applies a migration."""
    from django.db import connection, migrations
    from django.db.migrations.state import ProjectState

    heard: list[bool] = []

    class Migration(migrations.Migration):
        operations = (migrations.RunPython(lambda apps, editor: heard.append(is_open())),)

    migration = Migration("0001", "openers")
    before = is_open()
    with connection.schema_editor(atomic=migration.atomic) as editor:
        migration.apply(ProjectState(), editor)
    return before, all(heard) and bool(heard)
