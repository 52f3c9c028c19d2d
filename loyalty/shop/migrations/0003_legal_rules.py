from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

DECREE_91 = "Decree 91/2020/ND-CP"
# Two numbers are stricter than the law: adverts go 08:00-20:00 (the law allows SMS 07-22).
RULES = {
    "advert_hour_from": ("8", f"{DECREE_91} art. 13: from 07:00; kept stricter"),
    "advert_hour_to": ("20", f"{DECREE_91} art. 13: to 22:00; kept stricter"),
    "advert_cap_24_hours": ("3", f"{DECREE_91} art. 13: per number or address"),
    "advert_label": ("[QC]", f"{DECREE_91} art. 14-15: first in the content"),
}
IN_FORCE = date(2020, 10, 1)


def add(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rule = apps.get_model("shop", "LegalRule")
    for key, (value, source) in RULES.items():
        rule.objects.create(key=key, value=value, valid_from=IN_FORCE, source=source)


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("shop", "LegalRule").objects.filter(key__in=RULES, valid_from=IN_FORCE).delete()


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_append_only")]

    operations = [migrations.RunPython(add, remove)]
