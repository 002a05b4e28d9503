// Live lists, countdowns and keys. Everything here is an addition: without it the page works as plain forms and links.
"use strict";

const root = document.body.dataset.root;
const words = JSON.parse(document.body.dataset.words);
const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const SELECTED = "collector.selected", KEYS_OFF = "collector.keys-off";
let clockOffset = Date.parse(document.body.dataset.now) - Date.now();
document.documentElement.classList.add("script");

// Times, as api/web/speech.py says them

function lasting(ms) {
  if (ms < MINUTE) return words.under_minute;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${String(Math.floor((ms % HOUR) / MINUTE)).padStart(2, "0")} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function tick() {
  const now = Date.now() + clockOffset;
  for (const node of document.querySelectorAll("time[data-due]")) {
    const left = Date.parse(node.dateTime) - now;
    setText(node, left > 0 ? words.left.replace("{d}", lasting(left)) : words.late.replace("{d}", lasting(-left)));
    if (left <= 0) node.className = "left breached";
    else if (now >= Date.parse(node.dataset.risk)) node.className = "left at_risk";
  }
  for (const node of document.querySelectorAll("time[data-ago]")) {
    const since = now - Date.parse(node.dateTime);
    setText(node, since < MINUTE ? words.now : words.ago.replace("{d}", lasting(since)));
  }
}
setInterval(tick, 5000);

// Live: one request waits at the server until what is shown is no longer true

const live = document.getElementById("live");

function sign(isOn) {
  for (const node of document.querySelectorAll("[data-live-sign]")) {
    node.classList.toggle("off", !isOn);
    setText(node, isOn ? words.on : words.off);
  }
}

function announce(text) {
  document.getElementById("said").textContent = text;
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
}

function takeState(part) {
  const template = part.querySelector("template");
  const fresh = template && template.content.querySelector("[data-live=state]");
  const shown = document.querySelector(".top [data-live=state]");
  if (fresh && shown && fresh.innerHTML !== shown.innerHTML) {
    const was = shown.querySelector("[data-live-sign]").cloneNode(true);
    shown.replaceChildren(...fresh.cloneNode(true).childNodes);
    shown.querySelector("[data-live-sign]").replaceWith(was);
  }
}

function takeList(shown, fresh) {
  const before = new Map([...shown.querySelectorAll("tr[data-key]")].map((row) => [row.dataset.key, row]));
  const wanted = selected();
  const focusKey = document.activeElement.closest?.("tr[data-key]")?.dataset.key;
  const focusTag = document.activeElement.tagName;
  const added = [];
  for (const row of fresh.querySelectorAll("tr[data-key]")) {
    const old = before.get(row.dataset.key);
    if (old && old.dataset.mark === row.dataset.mark) row.replaceWith(old);
    else {
      row.classList.add("fresh");
      if (!old) added.push(row);
    }
  }
  shown.replaceWith(fresh);
  if (wanted) select(fresh.querySelector(`tr[data-key="${CSS.escape(wanted)}"]`), { quiet: true });
  if (focusKey) {
    const row = fresh.querySelector(`tr[data-key="${CSS.escape(focusKey)}"]`);
    (row?.querySelector(focusTag.toLowerCase()) || row?.querySelector("a"))?.focus({ preventScroll: true });
  }
  if (added.length === 1) {
    const name = `${added[0].querySelector(".customer").textContent} – ${added[0].querySelector(".what a").textContent}`;
    announce(words.new.replace("{case}", name));
  } else if (added.length > 1) announce(words.new_many.replace("{n}", added.length));
}

function isBusy(node) {
  return node.contains(document.activeElement) || node.querySelector("details.verb[open]") !== null;
}

function takeCase(shown, fresh) {
  const open = new Set([...shown.querySelectorAll("details[open][data-keep]")].map((node) => node.dataset.keep));
  for (const node of fresh.querySelectorAll("details[data-keep]")) if (open.has(node.dataset.keep)) node.open = true;
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = shown.querySelector(`[data-live="${part.dataset.live}"]`);
    // what somebody is typing stays; the form then says for which state it was made, and the server asks again if that matters
    if (old && part.dataset.live === "actions" && isBusy(old)) continue;
    if (old && old.innerHTML !== part.innerHTML) old.replaceWith(part);
  }
  shown.dataset.mark = fresh.dataset.mark;
  shown.className = fresh.className;
}

function take(html) {
  const fresh = parse(html);
  const shown = live.firstElementChild;
  if (!fresh || !fresh.dataset.mark) throw new Error("not a live part");
  if (fresh.dataset.build !== shown.dataset.build && !isBusy(live)) {
    location.reload();
    return;
  }
  clockOffset = Date.parse(fresh.dataset.now) - Date.now();
  takeState(fresh);
  if (document.body.classList.contains("list")) takeList(shown, fresh);
  else takeCase(shown, fresh);
  tick();
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function ask() {
  const address = new URL(live.dataset.liveUrl, location.href);
  address.searchParams.set("mark", live.firstElementChild.dataset.mark);
  const answer = await fetch(address, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(40000) });
  if (answer.status === 401) {
    location.assign(location.href.split("#")[0]);
    return new Promise(() => {});
  }
  if (answer.status !== 304 && !answer.ok) throw new Error(`status ${answer.status}`);
  return answer.status === 304 ? null : answer.text();
}

async function follow() {
  let failures = 0;
  for (;;) {
    try {
      const html = await ask();
      failures = 0;
      sign(true);
      if (html !== null) take(html);
      await pause(document.hidden ? 5000 : 250);
    } catch {
      failures += 1;
      sign(false);
      await pause(Math.min(10000, 500 * 2 ** failures));
    }
  }
}

if (live && !new URLSearchParams(location.search).has("before")) follow();
if (document.getElementById("done")) history.replaceState(null, "", location.pathname);

// The list

function rows() {
  return [...document.querySelectorAll("tr[data-key]")];
}

function selected() {
  return document.querySelector('tr[aria-selected="true"]')?.dataset.key;
}

function select(row, { quiet = false } = {}) {
  for (const other of document.querySelectorAll('tr[aria-selected="true"]')) other.removeAttribute("aria-selected");
  if (!row) return;
  row.setAttribute("aria-selected", "true");
  sessionStorage.setItem(SELECTED, row.dataset.key);
  if (!quiet) {
    row.querySelector(".what a").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.getAttribute("aria-selected") === "true");
  select(all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + step))]);
}

async function acknowledge(button) {
  const form = document.getElementById("act");
  const body = new URLSearchParams(new FormData(form));
  body.set(button.name, button.value);
  button.disabled = true;
  try {
    const answer = await fetch(button.formAction, { method: "POST", body, redirect: "manual" });
    if (answer.type !== "opaqueredirect") location.assign(button.formAction.replace(/\/acknowledge$/, ""));
  } catch {
    sign(false);
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-ack]");
  if (button) {
    event.preventDefault();
    acknowledge(button);
  }
});
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("tr[data-key]");
  if (row && row.getAttribute("aria-selected") !== "true") select(row, { quiet: true });
});
for (const box of document.querySelectorAll(".filter select, .filter input[type=checkbox]")) {
  box.addEventListener("change", () => box.form.requestSubmit());
}
document.querySelector(".filter")?.addEventListener("submit", (event) => {
  // empty fields say nothing: a short address can be read and passed on
  for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
});
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll(".filter [disabled]")) field.disabled = false;
  const last = sessionStorage.getItem(SELECTED);
  if (last) select(document.querySelector(`tr[data-key="${CSS.escape(last)}"]`), { quiet: true });
});

// Forms: sent once

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 5000);
});

// Keys

const help = document.getElementById("help");
const keysActive = document.getElementById("keys-active");

function openHelp() {
  if (help && !help.open) help.showModal();
}

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function act(key) {
  const control = document.querySelector(`[data-verb-key="${CSS.escape(key)}"]`);
  if (!control) return false;
  if (control.tagName === "SUMMARY") {
    const details = control.parentElement;
    for (const other of document.querySelectorAll("details.verb[open]")) if (other !== details) other.open = false;
    details.open = true;
    details.scrollIntoView({ block: "nearest" });
    details.querySelector("form input:not([type=hidden]), form textarea, form button").focus();
  } else control.click();
  return true;
}

function onList(key) {
  switch (key) {
    case "j": case "ArrowDown": move(1); return true;
    case "k": case "ArrowUp": move(-1); return true;
    case "/": document.getElementById("filter-text").select(); return true;
    case "a": {
      const button = document.querySelector('tr[aria-selected="true"] button[data-ack]');
      if (button && !button.disabled) acknowledge(button);
      return Boolean(button);
    }
    case "Enter": {
      const link = document.querySelector('tr[aria-selected="true"] .what a');
      if (!link || document.activeElement !== document.body) return false;
      link.click();
      return true;
    }
    default: return false;
  }
}

function onCase(key) {
  if (key === "u") {
    const back = document.querySelector("[data-back]") || document.querySelector(".crumb a");
    back?.click();
    return Boolean(back);
  }
  return act(key);
}

function escape(target) {
  if (isTyping(target)) target.blur();
  for (const details of document.querySelectorAll("details.verb[open]")) {
    details.open = false;
    details.querySelector("summary").focus();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help?.open) return;
  if (event.key === "Escape") {
    escape(event.target);
    return;
  }
  if (isTyping(event.target) || (keysActive && !keysActive.checked)) return;
  let done = false;
  if (event.key === "?") {
    openHelp();
    done = true;
  } else if (document.body.classList.contains("list")) done = onList(event.key);
  else if (document.body.matches(".case, .notification")) done = onCase(event.key);
  if (done) event.preventDefault();
});

document.getElementById("help-open")?.addEventListener("click", openHelp);
if (keysActive) {
  keysActive.checked = localStorage.getItem(KEYS_OFF) === null;
  keysActive.addEventListener("change", () => {
    if (keysActive.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
  });
}
document.getElementById("problem")?.scrollIntoView({ block: "center" });
tick();
