"""Rows that the proofs ask for."""


def new_order():
    from shop.models import Order

    return Order.objects.bulk_create([Order(name="x")])[0]


def loud():
    from shop.models import Order

    Order(name="x").save(quiet=False)


def line_gone():
    from shop.models import Line

    Line.objects.bulk_create([Line(order=new_order(), text="x")])[0].delete()


def new_page():
    from shop.models import Page

    Page(text="x").save()


def kept_gone():
    from shop.models import Kept

    Kept.objects.create(text="x").delete()


def order_with_line():
    from shop.models import Line

    order = new_order()
    Line.objects.create(order=order, text="a")
    return order
