"""The page's server: who is let in, what is refused, and that nobody holds up the guide."""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

pytest.importorskip("aiohttp", reason="the page needs the extra `page`: no aiohttp")

from voiceguide.errors import VoiceguideError
from voiceguide.language.command import Command
from voiceguide.language.language import load_language
from voiceguide.page import server as module
from voiceguide.page.server import COOKIE, TRIES, VIEWERS, Address, PageServer

GIVE_UP_S = 600.0


class Served:
    """A server under test, and a plain client."""

    def __init__(self, codes: bool) -> None:
        self.notes: list[str] = []
        self.server = PageServer("127.0.0.1", load_language("en"), "Infant massage", self.notes.append, codes=codes)
        self.address = self.server.start()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """A request as the page itself would send it, but for ``headers``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.address.port, timeout=600)
        given = {"Host": self.address.authority, **({"Origin": self.address.url[:-1]} if method == "POST" else {})}
        connection.request(method, path, body, given | (headers or {}))
        return connection.getresponse()

    def code(self) -> str:
        return re.findall(r"code for the next screen is (\d{6})", "\n".join(self.notes))[-1]

    def pair(self, code: str) -> http.client.HTTPResponse:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", "/pair", f"code={code}".encode(), kind)

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.address.port), timeout=600)

    def viewer(self, headers: str = "") -> socket.socket:
        """Somebody who watches: the socket, after the head of the stream."""
        one = self.socket()
        one.sendall(f"GET /events HTTP/1.1\r\nHost: {self.address.authority}\r\n{headers}\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = one.recv(1)
            assert more, head
            head += more
        assert b" 200 " in head
        return one


@contextmanager
def serving(*, codes: bool = False) -> Iterator[Served]:
    served = Served(codes)
    try:
        yield served
    finally:
        served.server.close()


@pytest.fixture
def local() -> Iterator[Served]:
    with serving() as served:
        yield served


def until_received(one: socket.socket, wanted: bytes, times: int = 1) -> bytes:
    received = b""
    while received.count(wanted) < times:
        more = one.recv(4096)
        assert more, received
        received += more
    return received


def wait_until(so: Callable[[], bool]) -> None:
    until = time.monotonic() + GIVE_UP_S
    while not so():
        assert time.monotonic() < until
        time.sleep(0.05)


def gone(one: socket.socket) -> bool:
    """Whether the other side has ended the connection."""
    try:
        while one.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def test_the_page_comes_with_nothing_from_elsewhere_and_a_strict_policy(local: Served) -> None:
    for path, kind in [
        ("/", "text/html"),
        ("/page.js", "text/javascript"),
        ("/page.css", "text/css"),
        ("/drawing/sole", "image/svg+xml"),
        ("/still/sole", "image/svg+xml"),
    ]:
        answer = local.ask("GET", path)
        text = answer.read().decode()
        assert answer.status == 200 and answer.headers["Content-Type"].startswith(kind)
        links = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')> ]+)", text)
        assert all(link.startswith(("/", "#")) for link in links), links
        assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), path
        policy = answer.headers["Content-Security-Policy"]
        assert (
            policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_viewer_gets_what_is_shown_now_and_whatever_comes(local: Served) -> None:
    local.server.show({"state": "guiding", "n": 1})
    with closing(local.viewer()) as one:
        until_received(one, b'"n": 1')
        local.server.show({"state": "guiding", "n": 2})
        until_received(one, b'"n": 2')


def test_what_is_touched_is_a_command(local: Served) -> None:
    assert local.ask("POST", "/touch", b"crying").status == 204
    assert local.ask("POST", "/touch", b"next").status == 204
    assert local.server.touched() == Command("stress", sign="crying")
    assert local.server.touched() == Command("next")
    assert local.server.touched() is None


@pytest.mark.parametrize("body", [b"", b"no such thing", b"goto", b"\xff\xfe", b"next\n", b'{"name": "next"}'])
def test_anything_else_is_no_command(local: Served, body: bytes) -> None:
    assert local.ask("POST", "/touch", body).status == 400
    assert local.server.touched() is None


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {"Host": "evil.example"}, 421),
        ("GET", "/events", {"Host": "evil.example:8380"}, 421),
        ("POST", "/touch", {"Host": "evil.example"}, 421),
        ("POST", "/touch", {"Origin": "http://evil.example"}, 403),
        ("POST", "/touch", {"Origin": "null"}, 403),
        ("POST", "/touch", {"Origin": ""}, 403),
        ("POST", "/touch", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", "/", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", "/events", {"Sec-Fetch-Site": "same-site"}, 403),
        ("GET", "/drawing/../server.py", {}, 404),
        ("GET", "/drawing/%2e%2e%2fserver.py", {}, 404),
        ("GET", "/page.py", {}, 404),
        ("GET", "/static/page.js", {}, 404),
        ("PUT", "/touch", {"Origin": "http://127.0.0.1:{port}"}, 405),
        ("DELETE", "/", {"Origin": "http://127.0.0.1:{port}"}, 405),
    ],
)
def test_what_was_not_meant_for_this_page_is_refused(
    local: Served, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    filled = {name: value.format(port=local.address.port) for name, value in headers.items()}
    assert local.ask(method, path, b"next" if method == "POST" else None, filled).status == status
    assert local.server.touched() is None


def test_what_is_too_large_is_refused(local: Served) -> None:
    assert local.ask("GET", "/" + "x" * 100_000).status == 400
    assert local.ask("GET", "/", headers={"X-Large": "x" * 100_000}).status == 400
    with closing(local.socket()) as one:
        head = f"POST /pair HTTP/1.1\r\nHost: {local.address.authority}\r\nOrigin: {local.address.url[:-1]}\r\n"
        one.sendall(
            (head + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 999999999\r\n\r\n").encode()
        )
        try:
            for _ in range(100):
                one.sendall(b"x" * 10_000)
        except ConnectionError:
            pass
        assert gone(one)
    assert local.ask("GET", "/").status == 200


def test_who_asks_slowly_is_cut(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.5)
    with closing(local.socket()) as idle, closing(local.socket()) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert gone(idle) and gone(slow)
    assert local.ask("GET", "/").status == 200


def test_a_viewer_who_waits_is_not_cut(local: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.5)
    monkeypatch.setattr(module, "BEAT_S", 0.3)
    with closing(local.viewer()) as one, closing(local.socket()) as idle:
        assert gone(idle)
        until_received(one, b": \n\n", times=3)
        local.server.show({"state": "guiding", "n": 7})
        until_received(one, b'"n": 7')


def test_at_most_eight_watch_and_who_has_left_makes_room(local: Served) -> None:
    watching = [local.viewer() for _ in range(VIEWERS)]
    assert local.ask("GET", "/events").status == 503
    watching.pop().close()

    def there_is_room() -> bool:
        local.server.show({"state": "guiding", "n": time.monotonic()})  # what is written finds out that nobody reads
        with closing(local.socket()) as one:
            one.sendall(f"GET /events HTTP/1.1\r\nHost: {local.address.authority}\r\n\r\n".encode())
            return b" 200 " in one.recv(64)

    wait_until(there_is_room)
    for one in watching:
        one.close()


def test_a_thousand_connections_change_nothing_for_who_watches(local: Served) -> None:
    with closing(local.viewer()) as one:
        many = []
        for _ in range(1000):
            try:
                many.append(socket.create_connection(("127.0.0.1", local.address.port), timeout=600))
            except OSError:
                break
        local.server.show({"state": "guiding", "n": 3})
        until_received(one, b'"n": 3')
        for other in many:
            other.close()
    wait_until(lambda: local.ask("GET", "/").status == 200)


def test_who_does_not_read_holds_up_nobody(local: Served) -> None:
    """The guide leaves its pictures, and the others get them."""
    with closing(local.viewer()) as deaf, closing(local.viewer()) as one:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        large = "x" * 4000
        shown = threading.Event()

        def show() -> None:
            for n in range(5000):
                local.server.show({"state": "guiding", "text": large, "n": n})
            local.server.show({"state": "guiding", "n": "last"})
            shown.set()

        thread = threading.Thread(target=show)
        thread.start()
        until_received(one, b'"n": "last"')
        assert shown.wait(600)
        thread.join()


def test_touching_without_end_is_slowed_down(local: Served) -> None:
    statuses = [local.ask("POST", "/touch", b"next").status for _ in range(20)]
    assert statuses.count(204) == module.TOUCHES_WAITING and set(statuses) == {204, 429}


def test_elsewhere_a_screen_is_let_in_by_a_code_that_works_once() -> None:
    with serving(codes=True) as served:
        for method, path in (("GET", "/events"), ("POST", "/touch"), ("GET", "/page.js"), ("GET", "/drawing/sole")):
            assert served.ask(method, path, b"next" if method == "POST" else None).status == 401, path
        door = served.ask("GET", "/")
        assert door.status == 200 and 'name="code"' in door.read().decode()
        code = served.code()
        answer = served.pair(code)
        assert answer.status == 303
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        let_in = {"Cookie": cookie.partition(";")[0]}
        assert served.ask("POST", "/touch", b"next", let_in).status == 204
        assert served.ask("GET", "/page.js", headers=let_in).status == 200
        assert served.pair(code).status == 403, "it worked once"
        assert served.code() != code, "the next screen has its own"
        assert served.ask("POST", "/touch", b"next", {"Cookie": f"{COOKIE}=guessed"}).status == 401


def test_who_guesses_codes_ends_it_for_everybody() -> None:
    with serving(codes=True) as served:
        right = served.code()
        wrong = f"{(int(right) + 1) % 10**6:06}"
        assert [served.pair(wrong).status for _ in range(TRIES)] == [403] * TRIES
        assert served.pair(right).status == 403
        assert "no further screen" in served.notes[-1]


@pytest.mark.parametrize("host", ["kitchen", "0.0.0.0", "::", "224.0.0.1", "", "127.0.0.1:80"])
def test_what_is_no_single_address_is_refused(host: str) -> None:
    with pytest.raises(VoiceguideError, match="takes one address of this machine"):
        PageServer(host, load_language("en"), "", print)


def test_an_address_that_is_not_ours_is_one_clear_line() -> None:
    with pytest.raises(VoiceguideError, match="is it this machine's address"):
        PageServer("192.0.2.1", load_language("en"), "", print).start()


def test_two_guides_have_two_ports(local: Served) -> None:
    with serving() as other:
        assert other.address.port != local.address.port


@pytest.mark.parametrize(
    ("address", "url"),
    [(Address("127.0.0.1", 8380), "http://127.0.0.1:8380/"), (Address("::1", 1), "http://[::1]:1/")],
)
def test_an_address_is_shown_as_a_browser_takes_it(address: Address, url: str) -> None:
    assert address.url == url and address.local


def test_at_the_end_viewers_are_told(local: Served) -> None:
    with closing(local.viewer()) as one:
        local.server.show({"state": "finished"})
        until_received(one, json.dumps({"state": "finished"}).encode())
        local.server.close()
        assert gone(one)


def test_showing_after_the_end_is_harmless(local: Served) -> None:
    local.server.close()
    local.server.show({"state": "guiding"})
    assert local.server.touched() is None
