"""Django's PostgreSQL with a cheaper look at a kept connection. DATABASES names this package."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """
        Whether a connection kept since the last request still stands. Django asks the server SELECT 1,
        which costs a request as much as what it came for. A server that went away, restarted or threw
        the connection out has said so, or has closed the line: then there is something to read on a
        connection that nobody has asked anything. No trip; what only time-outs show, a trip would
        wait for too.
        """
        if self.connection is None or self.connection.closed:
            return False
        line = select.poll()
        line.register(self.connection.fileno(), select.POLLIN)
        return not line.poll(0)
