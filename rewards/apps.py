from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RewardsConfig(AppConfig):
    name = "rewards"
    label = "rewards"
    verbose_name = _("Rewards")

    def ready(self) -> None:
        import_module("rewards.checks")  # Registers itself; needs the models.
