"""Models for the proofs of Django's entries."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Tag(models.Model):
    text = models.CharField(max_length=20, default="")


class Mark(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()


class Order(models.Model):
    total = models.IntegerField(default=0)
    tags = models.ManyToManyField(Tag)
    marks = GenericRelation(Mark)


class Note(models.Model):
    order = models.ForeignKey(Order, related_name="notes", null=True, on_delete=models.CASCADE)
