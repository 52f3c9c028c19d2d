"""
Every setting the app reads, in one file. Values that differ between installs come
from the environment; docs/configuration.md lists each one (a test keeps it honest).
"""

from datetime import timedelta
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")

# Core ---------------------------------------------------------------------

SECRET_KEY = env("SECRET_KEY")  # No default: refuse to boot without one.
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must be at least 50 characters of random text.")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
SITE_URL = env("SITE_URL", default="http://localhost:8000").rstrip("/")  # For links in messages.
DEMO = env.bool("DEMO", default=False)  # Shows the mailbox page and the demo's sign-in hints.

ROOT_URLCONF = "loyalty.urls"
WSGI_APPLICATION = "loyalty.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "ninja",
    "loyalty.shop",
    "loyalty.programme",
    "customers",
    "loyalty.ledger",
    "loyalty.tiers",
    "rewards",
    "loyalty.purchases",
    "campaigns",
    "loyalty.reports",
    "loyalty.care",
    "loyalty.integrations",
    "loyalty.operations",
    "loyalty.web",
]

MIDDLEWARE = [
    "loyalty.web.api.chain.ShortChain",  # Other programs go no further down.
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "loyalty.web.shared.middleware.AdminPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "loyalty.web.shared.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "loyalty.web.shared.middleware.ShopMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    },
]

# Data ---------------------------------------------------------------------

# The role loyalty_app, which owns nothing and carries its own time-outs (scripts/roles.sql).
# `migrate` runs with the owner's address instead.
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"]["ENGINE"] = "loyalty.postgres"
DATABASES["default"]["CONN_MAX_AGE"] = 60  # Seconds.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Lets loyalty.statements prepare what it calls; Django's own cursors never do.
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5

REDIS_URL = env("REDIS_URL", default="redis://localhost:6379/0")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

# Language and time --------------------------------------------------------

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["loyalty.web.shared.local_formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # The shop's own time zone is in the database; pages activate it.

# Static files -------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".local" / "static"))()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Sign-in ------------------------------------------------------------------

AUTH_USER_MODEL = "shop.User"  # Staff. Customers never are users.
LOGIN_URL = "counter:sign-in"
LOGIN_REDIRECT_URL = "counter:sale"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 12 * 60 * 60  # Seconds: one working day at the till.
MEMBER_SESSION_AGE = timedelta(days=180)  # Members sign in rarely, on their own phone.

# Security -----------------------------------------------------------------

# Off only for plain HTTP on one's own machine, as in the demo.
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=True)
if DEBUG and SECURE_COOKIES:
    raise ImproperlyConfigured("DEBUG shows errors in full: only with SECURE_COOKIES=False.")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_NAME = "__Host-staff" if SECURE_COOKIES else "staff"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_COOKIES else "csrf"
MEMBER_COOKIE_NAME = "__Host-member" if SECURE_COOKIES else "member"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_COOKIES
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # Probes speak plain HTTP inside the network.
# Set it only behind a proxy that always overwrites this header.
if env.bool("TRUST_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# The admin's own scripts need both; no page outside /admin/ gets them.
ADMIN_CONTENT_SECURITY_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}

# Other programs -------------------------------------------------------------

API_REQUESTS_A_MINUTE = env.int("API_REQUESTS_A_MINUTE", default=6_000)  # Of one key.
API_LARGEST_BODY = 2_000_000  # Bytes: a thousand sales.
# The only hosts that may be told of events; empty: any public one.
WEBHOOK_HOSTS = env.list("WEBHOOK_HOSTS", default=[])
# For tests and demos: webhooks to this machine by plain HTTP. Others stay forbidden.
WEBHOOKS_ALLOW_HTTP_LOOPBACK = env.bool("WEBHOOKS_ALLOW_HTTP_LOOPBACK", default=False)

# Messages -----------------------------------------------------------------

EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env("EMAIL_FROM", default="loyalty@localhost")
EMAIL_TIMEOUT = 20  # Seconds.
SMS_BACKEND = env("SMS_BACKEND", default="console")  # console or file.
# Where the file backends put messages, and where the demo's mailbox page reads them.
MAILBOX_DIR = env.path("MAILBOX_DIR", default=str(BASE_DIR / ".local" / "mailbox"))()

# Back office --------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": _("Back office"),
    "SITE_HEADER": _("Back office"),
    "SITE_SYMBOL": "storefront",
    "SITE_URL": None,
    "ACCOUNT": {"navigation": "loyalty.shop.backoffice.ways_out"},
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": "loyalty.shop.backoffice.favicon",
        }
    ],
    "STYLES": [lambda _request: static("css/backoffice.css")],
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"navigation": "loyalty.shop.backoffice.menu"},
    # The indigo of static/css/tokens.css, in the eleven steps the back office wants.
    "COLORS": {
        "primary": {
            "50": "#f3f5fb",
            "100": "#e8ecf8",
            "200": "#cdd6ef",
            "300": "#adc1fa",
            "400": "#7f96d6",
            "500": "#4a66b4",
            "600": "#253f86",
            "700": "#1f3573",
            "800": "#182a5c",
            "900": "#131f45",
            "950": "#0c1530",
        }
    },
}

# Background jobs ----------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # Tasks are safe to run twice; losing one is not.
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600  # Seconds; well under the broker's visibility timeout.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6000}  # Seconds.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "enqueue-journeys": {"task": "campaigns.enqueue_journeys", "schedule": timedelta(minutes=10)},
    "send-messages": {"task": "campaigns.send_messages", "schedule": timedelta(seconds=30)},
    "expire-points": {"task": "ledger.expire_points", "schedule": crontab(minute=5)},
    # Every hour, so that a tier changes soon after midnight whatever the shop's time zone is.
    "review-tiers": {"task": "tiers.review", "schedule": crontab(minute=10)},
    "run-referrals": {"task": "purchases.run_referrals", "schedule": crontab(minute=15)},
    "work-uploads": {
        "task": "purchases.work_uploads",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},  # The next one does the same.
    },
    "give-bonuses": {"task": "rewards.give_bonuses", "schedule": crontab(minute=20)},
    "verify-tiers": {"task": "tiers.verify", "schedule": crontab(hour=20, minute=45)},
    "verify-sales": {"task": "purchases.verify", "schedule": crontab(hour=21, minute=0)},
    "verify-rewards": {"task": "rewards.verify", "schedule": crontab(hour=21, minute=15)},
    "send-webhooks": {
        "task": "integrations.send_webhooks",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},  # The next one does the same.
    },
    "forget-events": {"task": "integrations.forget_events", "schedule": crontab(minute=35)},
    "forget-answers": {"task": "integrations.forget_answers", "schedule": crontab(minute=25)},
    "verify-ledger": {"task": "ledger.verify", "schedule": crontab(hour=20, minute=30)},
}
