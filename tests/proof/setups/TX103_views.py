"""Rows that the views are about."""


def new_order():
    from shop.models import Order

    return Order.objects.create(name="x")


def new_note():
    from shop.models import Note

    return Note.objects.create(text="x")
