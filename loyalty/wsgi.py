"""The web server's entrance."""

import os

from django.core.wsgi import get_wsgi_application

from loyalty.celery import app as celery
from loyalty.web.shared.encoding import always_utf8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")

__all__ = ["application", "celery"]  # Celery is here so that requests can wake its workers.

application = always_utf8(get_wsgi_application())
