"""What the live page adds to and changes in the files that SimCord's Preview sends to the browser."""

from __future__ import annotations

from collections.abc import Mapping

# A visitor tries a bot; browsing, refreshing, capturing and inspecting are for those who write tests. Discord's apps
# keep a thumbnail beside its text on narrow screens too.
STYLE = """
#refresh, #capture-open, #inspector-toggle, #inspector-panel, .session-menu, #back-activity, #view-action-output,
.channel-context, #layout-label, .message-navigation, #message-search-form, #message-picker-empty, .advanced-search {
  display: none !important;
}
.live-channels { display: flex; flex-direction: column; gap: 2px; padding: 8px; }
.live-channels a { color: inherit; text-decoration: none; opacity: .7; padding: 6px 8px; border-radius: 4px; }
.live-channels a:hover, .live-channels a[aria-current] { opacity: 1; background: rgb(255 255 255 / 10%); }
.component-section { grid-template-columns: minmax(0, 1fr) auto !important; }
@media (max-width: 760px) { .preview-shell { --toolbar-height: 72px; } }
"""

# The capability stays in the fragment, so a link to another channel only has to carry it on.
SCRIPT = """
{
  const { guild, channels } = PLACE;
  const list = document.createElement("nav");
  list.className = "live-channels";
  list.setAttribute("aria-label", "Channels");
  for (const [name, port] of Object.entries(channels)) {
    const link = document.createElement("a");
    link.textContent = `# ${name}`;
    link.href = `http://${location.hostname}:${port}/${location.hash}`;
    if (String(port) === location.port) {
      link.setAttribute("aria-current", "page");
      document.title = `#${name} | ${guild}`;
    }
    list.append(link);
  }
  const picker = document.getElementById("viewer-picker");
  const carry = () => { for (const link of list.children) link.search = location.search; };
  picker.addEventListener("change", () => {
    history.replaceState(null, "", `?as=${encodeURIComponent(picker.selectedOptions[0].text)}${location.hash}`);
    carry();
  }, true);
  carry();
  const timeline = document.getElementById("channel-timeline");
  let moved = -Infinity;
  const move = () => { moved = performance.now(); };
  timeline.addEventListener("wheel", (event) => { if (event.deltaY < 0) move(); }, { passive: true });
  timeline.addEventListener("touchmove", move, { passive: true });
  timeline.addEventListener("pointerdown", (event) => { if (event.offsetX > timeline.clientWidth) move(); });
  document.addEventListener("keydown", (event) => { if (/^(Tab|Home|PageUp|ArrowUp)$/.test(event.key)) move(); });
  timeline.addEventListener("scroll", () => {
    const below = timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight;
    if (below <= 1) delete timeline.dataset.reading;
    else if (performance.now() - moved < 2000) timeline.dataset.reading = "";
  }, true);
  const sent = (event) => { if (event.target.closest("#channel-composer")) delete timeline.dataset.reading; };
  document.addEventListener("keydown", (event) => { if (event.key === "Enter") sent(event); }, true);
  document.addEventListener("click", sent, true);
  const heading = document.querySelector(".sidebar-heading");
  heading.querySelector("h1").textContent = guild;
  heading.after(list);
  document.getElementById("messages-toggle").lastChild.textContent = "Channels";
}
"""

# What is changed in SimCord's own scripts, each found exactly once. The page opens as the member that its address
# names, so that a reload or another channel does not change who one is. It stays at the end of the channel unless the
# visitor scrolled away; a picture that grows a message at the wrong moment would otherwise leave it behind.
EDITS: Mapping[str, tuple[str, str]] = {
    "/app.js": (
        'request("/api/pages", "POST", {}, null)',
        'request("/api/pages", "POST", {viewer_id: new URLSearchParams(location.search).get("as")}, null)',
    ),
    "/timeline.js": (
        'ui.timeline.scrollHeight - ui.timeline.scrollTop - ui.timeline.clientHeight <= 1 ? "bottom"',
        'ui.timeline.dataset.reading === undefined ? "bottom"',
    ),
}
