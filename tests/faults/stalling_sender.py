"""
`manage.py send_messages` with a gateway that takes the text it is told to hang on, and then never
answers. Arguments: which text, counted from 1; then those of the command.
"""

import sys
import time

import django
from django.core.management import call_command


def main(hang_on: int, arguments: list[str]) -> None:
    django.setup()
    # Only now: they bring models.
    from campaigns.channels import sms
    from campaigns.channels.outcomes import Outcome

    taken = 0

    class Gateway(sms.FileBackend):
        def send(self, phone: str, text: str, reference: str) -> Outcome:
            nonlocal taken
            outcome = super().send(phone, text, reference)
            taken += 1
            if taken == hang_on:
                time.sleep(3600)
            return outcome

    sms.BACKENDS["file"] = Gateway
    call_command("send_messages", *arguments)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
