"""A real browser, driven by its own protocol: Chromium without a window."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

GIVE_UP_S = 600.0
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


class Browser:
    """One tab. Every call waits until it's answered."""

    def __init__(self, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._number = 0
        self._wait(self._connect(port))

    def call(self, method: str, **parameters: object) -> Any:
        return self._wait(self._call(method, parameters))

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, url: str, width: int = 500, height: int = 900) -> None:
        self.size(width, height)
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def size(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def wait_for(self, script: str) -> None:
        """Until a JavaScript expression is true."""
        until = self._loop.time() + GIVE_UP_S
        while not self.run(f"Boolean({script})"):
            assert self._loop.time() < until, script
            self._wait(asyncio.sleep(0.05))

    def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                text=text * (kind == "keyDown"),
            )

    def picture(self) -> bytes:
        """The tab as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def names(self) -> list[tuple[str, str]]:
        """The role and name of everything that a screen reader tells."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]
        ]

    def close(self) -> None:
        self._wait(self._session.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(GIVE_UP_S)

    async def _connect(self, port: int) -> None:
        self._session = aiohttp.ClientSession()
        async with self._session.get(f"http://127.0.0.1:{port}/json") as answer:
            tab = next(one for one in await answer.json() if one["type"] == "page")
        self._socket = await self._session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0)

    async def _call(self, method: str, parameters: dict[str, object]) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async for message in self._socket:
            answer = json.loads(message.data)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
        raise AssertionError("the browser has gone")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, which is gone afterwards. Skips the test where there's none."""
    if CHROMIUM is None:
        pytest.skip("needs the Debian package chromium")
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [
                CHROMIUM, "--headless", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run",
                "--disable-background-networking", f"--user-data-dir={folder}",
                *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank",
            ],
            env={**os.environ, "HOME": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = Path(folder, "DevToolsActivePort")
            while not port.exists() or not port.read_text().strip():
                if process.poll() is not None:
                    pytest.skip("this machine doesn't let Chromium start")
                threading.Event().wait(0.05)
            browser = Browser(int(port.read_text().split()[0]))
            yield browser
            browser.close()
        finally:
            process.terminate()
            process.wait(GIVE_UP_S)
