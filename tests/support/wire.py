"""The wire between the product and its database, which can be cut where an answer was on its way."""

import socket
import threading
from contextlib import suppress


class CuttingProxy:
    """
    Passes everything on, until told to `cut`: then so many answers come through, and the next one is
    swallowed, after the server has done what it answers, and the line is dead.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.left: int | None = None
        self.was_cut = False
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.door.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *, after: int) -> None:
        self.left, self.was_cut = after, False

    def mend(self) -> None:
        self.left = None

    def close(self) -> None:
        self.door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _address = self.door.accept()
                theirs = socket.create_connection(self.target)
                for way in ((ours, theirs, False), (theirs, ours, True)):
                    threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError), source, target:
            while came := source.recv(65_536):
                if is_answer and self._swallows():
                    # Shut down first: the other thread still waits on both.
                    for end in (source, target):
                        end.shutdown(socket.SHUT_RDWR)
                    return
                target.sendall(came)
            target.shutdown(socket.SHUT_RDWR)

    def _swallows(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        if self.left >= 0:
            return False
        self.left, self.was_cut = None, True
        return True
