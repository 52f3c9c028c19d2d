"""The product's settings, with what a test run needs otherwise."""

import os
from uuid import uuid4

os.environ["SECURE_COOKIES"] = "False"  # The test client speaks plain HTTP.
os.environ["DEBUG"] = "False"
os.environ["DEMO"] = "False"

from loyalty.settings import *  # noqa: F403
from loyalty.settings import CACHES, DATABASES, INSTALLED_APPS, STORAGES

# Several people may run tests on the same servers, each with a suffix of their own; so do the
# processes of one run.
DATABASES["default"]["NAME"] = (
    "test_loyalty"
    + os.environ.get("TEST_DB_SUFFIX", "")
    + os.environ.get("PYTEST_XDIST_WORKER", "")
)
OWNER_DATABASE_URL = os.environ.get("OWNER_DATABASE_URL", "")  # scripts/stack.py gives it.

# What one run has counted is nothing to the next.
CACHES["default"] |= {"KEY_PREFIX": uuid4().hex}
INSTALLED_APPS = ["tests.support", *INSTALLED_APPS]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Fast; tests sign in a lot.
STORAGES = STORAGES | {
    # The manifest of hashed names exists only after collectstatic.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
