"""The change that the fixture does not see."""


def change():
    from TX106_m2m_changed import Order, Tag

    Order.objects.create().tags.add(Tag.objects.create(name="red"))
