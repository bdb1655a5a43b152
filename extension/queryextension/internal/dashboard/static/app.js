// Comforts only: every page works without this file. It swaps parts of the page for what the
// server rendered; it never makes HTML of data.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- Swapping -------------------------------------------------------------------------------

let loading = null;

async function fetchPage(address) {
  loading?.abort();
  loading = new AbortController();
  const answer = await fetch(address, { signal: loading.signal, headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// keyOfRow finds a line again after a swap: by where its link leads, less what changes.
function keyOfRow(row) {
  const address = new URL(row.href);
  return address.pathname + "#" + (row.closest("li, tr")?.id || address.searchParams.get("sel") || "");
}

function swap(next, id) {
  const old = document.getElementById(id);
  const fresh = next.getElementById(id);
  if (!old || !fresh) return false;
  const focused = document.activeElement?.matches("[data-row]") ? keyOfRow(document.activeElement) : "";
  const kept = $("[data-keep]", old);
  if (kept?.contains(document.activeElement)) $("[data-keep]", fresh)?.replaceWith(kept);
  const opened = all("details[open] > summary", old).map((s) => s.textContent);
  old.replaceWith(document.adoptNode(fresh));
  for (const s of all("details > summary", fresh)) if (opened.includes(s.textContent)) s.parentElement.open = true;
  if (focused) all("[data-row]", fresh).find((row) => keyOfRow(row) === focused)?.focus({ preventScroll: true });
  document.title = next.title;
  return true;
}

// Links that only change what a trace shows swap the lines and keep the place.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const at = link.closest("li").getBoundingClientRect().top;
  const id = link.closest("li").id;
  const index = all("[data-row]").indexOf(link.closest("li").querySelector("[data-row]"));
  try {
    const next = await fetchPage(link.href);
    if (!swap(next, "trace")) throw new Error("no trace");
    history.pushState({ swapped: true }, "", link.href);
    const row = (id && document.getElementById(id)?.querySelector("[data-row]")) || all("[data-row]")[index];
    row?.focus({ preventScroll: true });
    if (row) scrollBy({ top: row.closest("li").getBoundingClientRect().top - at, behavior: "instant" });
  } catch (problem) {
    if (problem.name !== "AbortError") location.href = link.href;
  }
});

addEventListener("popstate", async () => {
  if (!document.getElementById("trace")) return;
  try {
    if (!swap(await fetchPage(location.href), "trace")) location.reload();
  } catch (problem) {
    if (problem.name !== "AbortError") location.reload();
  }
});

// --- Live updates ---------------------------------------------------------------------------

const live = $("[data-live]");
const liveState = $("[data-live-state]");
let due = 0;

function refreshSoon() {
  clearTimeout(due);
  due = setTimeout(async () => {
    const place = $("[data-live]");
    if (!place) return;
    try {
      const next = await fetchPage(location.href);
      if (place.hasAttribute("data-live-ask") && $("details[open]", place)) offer(place);
      else swap(next, place.id);
      tellAgo();
    } catch (problem) {
      if (problem.name !== "AbortError") liveState.classList.add("lost");
    }
  }, 400);
}

// offer does not change a page under the eyes of someone who reads evidence.
function offer(place) {
  if ($(".stale")) return;
  const note = document.createElement("p");
  note.className = "stale";
  note.setAttribute("role", "status");
  note.append("This incident changed. ");
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Show what is new";
  note.append(link);
  place.prepend(note);
}

if (live && "EventSource" in window) {
  const source = new EventSource("/query/events");
  liveState.hidden = false;
  source.addEventListener("open", () => { liveState.textContent = "live"; liveState.classList.remove("lost"); });
  source.addEventListener("error", () => { liveState.textContent = "reconnecting"; liveState.classList.add("lost"); });
  source.addEventListener("reload", refreshSoon);
  source.addEventListener("incident", (event) => {
    const wanted = $("[data-live]")?.dataset.live;
    if (wanted === "all" || JSON.parse(event.data).incident_id === wanted) refreshSoon();
  });
}

// --- Times ----------------------------------------------------------------------------------

function tellAgo() {
  for (const span of all("[data-ago]")) {
    const seconds = Math.round((Date.now() - Number(span.dataset.ago)) / 1000);
    if (seconds < 0) continue;
    if (seconds < 2) { span.textContent = "just now"; continue; }
    for (const [size, name] of [[31536000, "year"], [86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]]) {
      if (seconds < size * (name === "year" || name === "day" ? 2 : 1)) continue;
      const n = Math.floor(seconds / size);
      span.textContent = `${n} ${name}${n === 1 ? "" : "s"} ago`;
      break;
    }
  }
}
setInterval(tellAgo, 10_000);

// --- Search ---------------------------------------------------------------------------------

// A pasted trace ID leads to the trace.
$(".goto")?.addEventListener("submit", (event) => {
  const id = $("#goto").value.trim().toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(id)) return;
  event.preventDefault();
  location.href = "/traces/" + id;
});

// --- Keys -----------------------------------------------------------------------------------

const hint = $(".keys-hint");
if (hint) hint.hidden = false;

function move(rows, step) {
  if (!rows.length) return;
  const here = rows.indexOf(document.activeElement);
  let next = here + step;
  if (here < 0) {
    const order = document.activeElement?.compareDocumentPosition ? rows.findIndex((row) => document.activeElement.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING) : 0;
    next = document.activeElement === document.body || order < 0 ? (step > 0 ? 0 : rows.length - 1) : step > 0 ? order : order - 1;
  }
  const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

function toggle(expanded) {
  const link = document.activeElement?.closest?.("li.row")?.querySelector(`a.toggle[aria-expanded="${expanded}"]`);
  link?.click();
}

const keys = {
  j: () => move(all("[data-row]"), 1),
  k: () => move(all("[data-row]"), -1),
  e: () => move(all("[data-failed]"), 1),
  E: () => move(all("[data-failed]"), -1),
  h: () => toggle("true"),
  l: () => toggle("false"),
  n: () => $('a[rel="next"]')?.click(),
  p: () => $('a[rel="prev"]')?.click(),
  u: () => { location.href = "/"; },
  "/": () => ($("[data-search-here]") || $("[data-search]")).focus(),
  "?": () => { const dialog = $("#keys"); if (dialog.open) dialog.close(); else dialog.showModal(); },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if ($("#keys").open && event.key !== "?") return;
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
