"""The deletion that the fixture does not see."""


def remove():
    from TX107_post_delete import File

    File.objects.all().delete()
