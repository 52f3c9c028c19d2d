"""A receiver of webhooks in fifteen lines: python docs/receiver.py 8080 whsec_…"""

import base64
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

PORT, KEY = int(sys.argv[1]), base64.b64decode(sys.argv[2].removeprefix("whsec_"))
seen: set[str] = set()  # In a real shop a table, kept for some days.


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name, moment = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        digest = hmac.digest(KEY, f"{name}.{moment}.".encode() + body, "sha256")
        expected = f"v1,{base64.b64encode(digest).decode()}"
        given = self.headers["webhook-signature"].split()
        genuine = any(hmac.compare_digest(expected, one) for one in given)
        fresh = genuine and abs(time.time() - int(moment)) < 300
        self.send_response(204 if fresh else 401)
        self.end_headers()
        if fresh and name not in seen:
            seen.add(name)
            print(json.loads(body)["type"], body.decode(), flush=True)


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
