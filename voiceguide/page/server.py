"""Serves the page, in a thread of its own: whatever a browser does, the guide goes on.

The guide leaves the latest picture and goes on; what a slow browser misses is replaced by what comes next, as each
picture is whole. On any address but this machine's own a browser is let in by a code that works once. Nothing but
the page's own files goes out, and nothing but the name of a command comes in.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import queue
import secrets
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from voiceguide.drawing.strokes import STROKES
from voiceguide.errors import VoiceguideError
from voiceguide.language.command import Command
from voiceguide.language.language import Language
from voiceguide.page import document
from voiceguide.page.view import TOUCHES, Picture

log = logging.getLogger(__name__)

PORT = 8380
PORTS = range(PORT, PORT + 10)
"""Taken in turn until one is free."""
VIEWERS = 8
CONNECTIONS = 48
"""All that are open at a time, those of viewers included: more are cut."""
SLOW_S = 10.0
"""A connection that has not asked for anything for so long is cut."""
LARGEST = 256
"""Bytes of what may be sent: the name of a command, or a code."""
TRIES = 5
"""So many wrong codes, and no further browser is let in."""
BEAT_S = 15.0
"""A sign of life on each stream after so long without news; it also finds out that a browser has vanished."""
WRITE_S = 5.0
"""A browser that takes nothing for so long is cut off."""
TOUCHES_WAITING = 8
"""Commands that wait for the guide; more are dropped."""
COOKIE = "voiceguide"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without one, a form would be sent with no Origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
STATIC = Path(__file__).with_name("static")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page is served."""

    host: str
    port: int

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        return f"http://{self.authority}/"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class PageServer:
    """``start`` it, ``show`` pictures, ask for what was ``touched``, and ``close`` it. Never waits for a browser."""

    def __init__(
        self, host: str, language: Language, title: str, note: Callable[[str], None], *, codes: bool | None = None
    ) -> None:
        """``host``: an address of this machine. ``note`` gets a line for the user: the code for the next browser.
        ``codes``: whether it takes a code to be let in; by default everywhere but on this machine itself.

        Raises VoiceguideError if it isn't an address."""
        try:
            given = ipaddress.ip_address(host)
        except ValueError:
            given = ipaddress.IPv4Address(0)
        if given.is_unspecified or given.is_multicast:
            raise VoiceguideError(f"--page-host takes one address of this machine, as 192.168.1.20, not {host!r}")
        self._codes = codes if codes is not None else not given.is_loopback
        self._host = host
        self._language = language
        self._title = title
        self._note = note
        self._touches: queue.Queue[Command] = queue.Queue(TOUCHES_WAITING)
        self._lock = threading.Lock()
        self._latest = "{}"
        self._told = False
        """Whether the server has been told that there's a new picture, and hasn't looked yet."""
        self._changed: asyncio.Condition
        self._number = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event
        self._started: queue.Queue[Address | OSError] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._address = Address(host, PORT)
        self._cookies: set[str] = set()
        self._code = ""
        self._wrong = 0
        self._viewers = 0
        self._since: dict[web.RequestHandler, float] = {}
        """Since when each connection has been waiting for a request."""

    def start(self) -> Address:
        """Serve. Raises VoiceguideError if the address can't be had."""
        self._thread.start()
        started = self._started.get()
        if isinstance(started, OSError):
            why = started.strerror or started
            raise VoiceguideError(f"the page can't be served on {self._host} ({why}); is it this machine's address?")
        self._address = started
        if self._codes:
            self._new_code()
        return started

    def show(self, picture: Picture) -> None:
        """What the page shows from now on. Takes microseconds, whatever the browsers do."""
        with self._lock:
            self._latest = json.dumps(picture, ensure_ascii=False)
            if self._told or self._loop is None:
                return
            self._told = True
        try:
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._tell()))
        except RuntimeError:  # it has been closed
            log.info("the page is closed")

    def touched(self) -> Command | None:
        """What was touched, one after the other; None when there's nothing more."""
        try:
            return self._touches.get_nowait()
        except queue.Empty:
            return None

    def close(self) -> None:
        """Stop serving; browsers see that it's over."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(SLOW_S)

    # In the thread of the server

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._changed = asyncio.Condition()
        app = web.Application(middlewares=[self._guarded], client_max_size=LARGEST)
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/events", self._events),
                web.post("/touch", self._touch),
                web.post("/pair", self._pair),
                web.get("/{how:drawing|still}/{name}", self._drawing),
                web.get("/{name:page\\.(?:js|css)}", self._file),
            ]
        )
        runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=SLOW_S,
            handle_signals=False,
            max_line_size=2048,
            max_field_size=4096,
        )
        await runner.setup()
        failed = OSError("no free port")
        for port in PORTS:
            try:
                await web.TCPSite(runner, self._host, port, backlog=CONNECTIONS).start()
            except OSError as error:
                failed = error
            else:
                self._address = Address(self._host, port)
                self._started.put(self._address)
                break
        else:
            await runner.cleanup()
            self._started.put(failed)
            return
        sweeper = asyncio.ensure_future(self._sweep(runner))
        await self._stop.wait()
        sweeper.cancel()
        async with self._changed:
            self._changed.notify_all()
        await runner.cleanup()

    async def _sweep(self, runner: web.AppRunner) -> None:
        """Cut connections that only wait, and those that are too many."""
        assert runner.server is not None and self._loop is not None
        while True:
            now = self._loop.time()
            there = list(runner.server.connections)
            self._since = {one: self._since.get(one, now) for one in there}
            late = [one for one in there if now - self._since[one] > SLOW_S]
            many = sorted(there, key=lambda one: self._since[one], reverse=True)[: max(0, len(there) - CONNECTIONS)]
            for one in {*late, *(one for one in many if self._since[one] != float("inf"))}:
                if one.transport is not None:
                    one.transport.abort()
            await asyncio.sleep(0.5)

    async def _tell(self) -> None:
        async with self._changed:
            with self._lock:
                self._told = False
            self._number += 1
            self._changed.notify_all()

    def _new_code(self) -> None:
        self._code = f"{secrets.randbelow(10**6):06}"
        self._note(f"The page is at {self._address.url} - the code for the next screen is {self._code}")

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only requests that were meant for this page, from this page; and the headers that keep it so."""
        assert self._loop is not None
        connection = request.protocol
        self._since[connection] = float("inf")
        try:
            response = self._refused(request) or await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.reason)
        finally:
            self._since[connection] = self._loop.time()
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _refused(self, request: web.Request) -> web.Response | None:
        hosts = {self._address.authority} | ({f"localhost:{self._address.port}"} if self._address.local else set())
        if request.host not in hosts:
            return web.Response(status=421, text="This page has another address.")
        origin = request.headers.get("Origin")
        if request.method != "GET" and origin not in {f"http://{host}" for host in hosts}:
            return web.Response(status=403, text="Not from another page.")
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return web.Response(status=403, text="Not from another page.")
        if not self._let_in(request) and request.path not in ("/", "/pair", "/page.css"):
            return web.Response(status=401, text="This screen has not been let in.")
        return None

    def _let_in(self, request: web.Request) -> bool:
        given = request.cookies.get(COOKIE, "")
        return not self._codes or any(secrets.compare_digest(given.encode(), one.encode()) for one in self._cookies)

    async def _page(self, request: web.Request) -> web.Response:
        made = document.page if self._let_in(request) else document.door
        return web.Response(text=made(self._language, self._title), content_type="text/html")

    async def _pair(self, request: web.Request) -> web.Response:
        code = str((await request.post()).get("code", ""))
        right = (
            self._wrong < TRIES and bool(self._code) and secrets.compare_digest(code.encode(), self._code.encode())
        )
        if not right:
            self._wrong += 1
            if self._wrong == TRIES:
                self._code = ""
                self._note("too many wrong codes: no further screen is let in until the guide starts again")
            await asyncio.sleep(1.0)  # who guesses, waits
            return web.Response(
                text=document.door(self._language, self._title, wrong=True), content_type="text/html", status=403
            )
        cookie = secrets.token_urlsafe(32)
        self._cookies.add(cookie)
        self._new_code()  # a code works once
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", path="/")
        return response

    async def _touch(self, request: web.Request) -> web.Response:
        command = TOUCHES.get((await request.content.read(LARGEST)).decode("utf-8", "replace"))
        if command is None:
            return web.Response(status=400, text="No such command.")
        try:
            self._touches.put_nowait(command)
        except queue.Full:
            return web.Response(status=429, text="One at a time.")
        return web.Response(status=204)

    async def _drawing(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in STROKES:
            raise web.HTTPNotFound
        return web.Response(
            text=document.stroke(name, moving=request.match_info["how"] == "drawing"), content_type="image/svg+xml"
        )

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        kind = "text/javascript" if name.endswith(".js") else "text/css"
        return web.Response(text=document.file(name), content_type=kind)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._viewers >= VIEWERS:
            return web.Response(status=503, text="full")
        self._viewers += 1
        try:
            response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
            await response.prepare(request)
            seen = -1
            while not self._stop.is_set():
                with self._lock:
                    latest = self._latest
                if seen != self._number:
                    seen = self._number
                    await asyncio.wait_for(response.write(f"data: {latest}\n\n".encode()), WRITE_S)
                else:
                    await asyncio.wait_for(response.write(b": \n\n"), WRITE_S)
                async with self._changed:
                    if seen == self._number and not self._stop.is_set():
                        try:
                            await asyncio.wait_for(self._changed.wait(), BEAT_S)
                        except TimeoutError:
                            continue
            return response
        except (ConnectionError, TimeoutError):
            if request.transport is not None:
                request.transport.abort()
            return response
        finally:
            self._viewers -= 1
