"""Makes the product's models loadable; import it before them."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")
django.setup()
