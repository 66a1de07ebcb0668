def asked_by_member(view):
    from django.contrib.auth import get_user_model
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = get_user_model().objects.create(username="ann", email="ann@shop.example")
    view(request)
