"""The web server's settings however it is started: gunicorn looks for this file by itself."""

import re
from typing import Any

from gunicorn.glogging import Logger


class DiscreetLogger(Logger):
    """
    Logs which page was asked for and no more: what somebody searches for is personal, and so is the
    key in a link that refuses adverts, or the code of a voucher.
    """

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> Any:
        found = super().atoms(resp, req, environ, request_time)
        page = environ["RAW_URI"].partition("?")[0]
        page = re.sub(r"^/u/.+", "/u/…", page)
        return found | {"U": re.sub(r"^(/api/v1/vouchers/)[^/]+", r"\1…", page)}


logger_class = DiscreetLogger
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s "%(a)s"'
