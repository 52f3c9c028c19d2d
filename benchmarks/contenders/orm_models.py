"""Django's view of the reference tables. No app: nothing is migrated."""

from typing import ClassVar

from django.db import models


class Member(models.Model):
    objects: ClassVar[models.Manager["Member"]] = models.Manager()
    balance = models.BigIntegerField()
    progress = models.BigIntegerField()
    tier = models.SmallIntegerField()
    purchases = models.IntegerField()
    last_on = models.DateField(null=True)

    class Meta:
        app_label, managed, db_table = "reference", False, 'reference"."member'


class Purchase(models.Model):
    objects: ClassVar[models.Manager["Purchase"]] = models.Manager()
    member = models.ForeignKey(Member, models.DO_NOTHING)
    amount = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        app_label, managed, db_table = "reference", False, 'reference"."purchase'


class Ledger(models.Model):
    objects: ClassVar[models.Manager["Ledger"]] = models.Manager()
    member = models.ForeignKey(Member, models.DO_NOTHING)
    points = models.IntegerField()
    kind = models.CharField(max_length=1)
    ref = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        app_label, managed, db_table = "reference", False, 'reference"."ledger'


class Lot(models.Model):
    objects: ClassVar[models.Manager["Lot"]] = models.Manager()
    member = models.ForeignKey(Member, models.DO_NOTHING)
    remaining = models.IntegerField()
    expires_on = models.DateField()

    class Meta:
        app_label, managed, db_table = "reference", False, 'reference"."lot'


class Reward(models.Model):
    objects: ClassVar[models.Manager["Reward"]] = models.Manager()
    id = models.IntegerField(primary_key=True)
    cost = models.IntegerField()
    stock = models.BigIntegerField()

    class Meta:
        app_label, managed, db_table = "reference", False, 'reference"."reward'
