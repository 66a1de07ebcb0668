"""Rows that the shop's proofs start from."""


def new_customer():
    from orders.models import Customer

    return Customer.objects.create(name="Ada", email=f"ada{Customer.objects.count()}@example.com")


def new_order():
    from orders.models import Order

    return Order.objects.create(customer=new_customer(), total=10)


def new_product():
    from orders.models import Product

    return Product(sku="A1", title="Ashtray", price=3)


def new_tag():
    from orders.models import Tag

    return Tag.objects.create(name="red")


def new_attachment():
    from django.core.files.base import ContentFile
    from orders.models import Attachment

    return Attachment.objects.create(order=new_order(), file=ContentFile(b"x", name="a.txt"))


def new_picture():
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from orders.models import Picture

    return Picture.objects.create(name=default_storage.save("picture.png", ContentFile(b"x")))


def new_review():
    from orders.models import Review

    product = new_product()
    product.save()
    return Review.objects.create(product=product, text="Good")
