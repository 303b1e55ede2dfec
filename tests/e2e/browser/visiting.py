"""A visitor in a browser: signed in or not, watched for everything a page of ours must not do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

from tests.e2e.browser.hostile import FOREIGN

PREFIXES = ("/dashboard", "/review", "/v1/")
# Runs before a page's own scripts: what the policy refused, and how far things moved.
WATCHING = """
window.__shifts = [];
document.addEventListener("securitypolicyviolation", (e) =>
  console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.__shifts.push({
    value: shift.value,
    what: shift.sources.map((one) => one.node?.parentElement ? `${one.node.nodeName}#${one.node.id}` : "?").join(" "),
  });
}).observe({type: "layout-shift", buffered: true});
"""
# Elements that would load or open something of another host.
LEADING_ELSEWHERE = """
(host) => [...document.querySelectorAll("[src], [href], [action], [hx-get], [sse-connect]")].filter((e) =>
  ["src", "href", "action", "hx-get", "sse-connect"].some((name) =>
    e.hasAttribute(name) && URL.parse(e.getAttribute(name), location)?.host.includes(host))
).map((e) => e.outerHTML.slice(0, 200))
"""
SERIOUS = ("serious", "critical")

_cookies: dict[tuple[str, str], str] = {}


def cookie_of(url: str, key: str) -> dict[str, str]:
    """The cookie of a session, made once for a key; signing in by hand is a test of its own."""
    if (url, key) not in _cookies:
        answer = httpx.post(f"{url}/dashboard/sign-in", data={"key": key, "next": ""}, trust_env=False)
        assert answer.status_code == 303, answer.text
        _cookies[url, key] = answer.cookies["tracejudge_session"]
    return {"name": "tracejudge_session", "value": _cookies[url, key], "url": url}


@dataclass
class Visit:
    """One browser context and its first page. `expected`: texts of console errors that are meant to be."""

    context: BrowserContext
    page: Page
    origin: str
    expected: tuple[str, ...] = ()
    wrong: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.context.on("console", self._console)
        self.context.on("dialog", self._dialog)
        self.context.on("request", self._request)
        self.context.on("weberror", lambda error: self.wrong.append(f"script: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in self.expected):
            self.wrong.append(f"console: {message.text}")

    async def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _request(self, request: Request) -> None:
        found = urlsplit(request.url)
        self.asked.append(found.path)
        ours = f"{found.scheme}://{found.netloc}" == self.origin and found.path.startswith(PREFIXES)
        if not ours and found.scheme != "data":
            self.wrong.append(f"request: {request.url[:200]}")

    async def go(self, path: str, status: int = 200) -> Response:
        """Open an address of ours; its answer, which must have this status."""
        answer = await self.page.goto(self.origin + path, wait_until="load")
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}, wanted {status}"
        return answer

    async def text(self) -> str:
        return await self.page.locator("main").inner_text()

    async def shifts(self) -> list[dict[str, Any]]:
        """What has moved without anybody's doing, and how far, as browsers measure it."""
        moved: list[dict[str, Any]] = await self.page.evaluate("window.__shifts")
        return moved

    async def is_untouched(self) -> None:
        """No text became a script, an element that loads something, or an attribute that runs."""
        assert await self.page.evaluate("typeof window.pwned") == "undefined"
        assert not await self.page.evaluate(
            "[...document.querySelectorAll('*')].filter((e) => [...e.attributes].some("
            "(a) => a.name.startsWith('on') || /^javascript:/i.test(a.value))).map((e) => e.outerHTML.slice(0, 200))"
        )
        assert not await self.page.evaluate(LEADING_ELSEWHERE, FOREIGN)
        assert await self.page.locator("script:not([src]), style, iframe").count() == 0
        self.is_clean()

    def is_clean(self) -> None:
        assert not self.wrong, "\n".join(self.wrong)

    async def violations(self, rules: list[str] | None = None) -> list[str]:
        """What axe-core finds serious or critical on the page as it is."""
        if not await self.page.evaluate("typeof window.axe === 'object'"):
            await self.page.evaluate(AXE_SCRIPT)
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": rules}
        found = await self.page.evaluate(f"axe.run({json.dumps(options)}).then((r) => r.violations)")
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]}"
            for one in found
            if one["impact"] in SERIOUS
            for node in one["nodes"][:3]
        ]

    async def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        wider: int = await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return wider
