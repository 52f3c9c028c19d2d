"""The entrance of the measured web server: the product's, with the settings that have a hello."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.web.settings"

from loyalty.wsgi import application

__all__ = ["application"]
