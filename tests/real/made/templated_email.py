from typing import Any

APPS = ["templated_email"]
MAIL = "{% block subject %}paid{% endblock %}{% block plain %}thank you{% endblock %}"


def prepare(place: Any) -> None:
    from django.conf import settings

    (loader,) = settings.TEMPLATES[0]["OPTIONS"]["loaders"]
    loader[1]["templated_email/paid.email"] = MAIL
