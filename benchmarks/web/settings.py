"""The product's settings with one view more: the hello world that the API is measured against."""

from loyalty.settings import *  # noqa: F403, TID251

ROOT_URLCONF = "benchmarks.web.urls"
