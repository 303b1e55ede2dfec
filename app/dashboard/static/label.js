// One pair in front of a labeller: keys, one question at a time, seconds, and an answer that is kept until it is stored.
// Without this script the page is a plain form that does the same.
const form = document.querySelector("#label-form");
const axes = [...form.querySelectorAll("fieldset[data-axis]")];
const steps = [...form.querySelectorAll("[data-step]")];
const state = document.querySelector("#label-state");
const undo = document.querySelector("#undo");
const keys = document.querySelector("#keys");
const PICKS = { 1: "first", 2: "second", t: "tie", u: "unable" };
const MINE = `pair ${form.dataset.labeller} `;
const kept = `${MINE}${form.dataset.review} ${form.dataset.place}`;
const here = `/review/${form.dataset.review}`;
// Milliseconds a pair is there before a key may judge it. Nobody takes in a pair so fast, but a key pressed once too
// often comes within a third of a second, and would label a pair that nobody has seen.
const LOOK = 400;
const came = performance.now();
let current = 0;
let sending = false;
let tapped = false;
let hurry = () => {};

// What is chosen

const picked = (axis) => axis.querySelector("input:checked");
const wordOf = (input) => input.closest("label").querySelector("span").textContent;
const picks = () => Object.fromEntries(axes.filter(picked).map((axis) => [axis.dataset.axis, picked(axis).value]));
const complete = () => axes.every(picked);
const onItsWay = () => form.hasAttribute("aria-busy");

function say(text, kind = "") {
  state.textContent = text;
  state.className = kind;
}

function choose(axis, value) {
  axis.querySelector(`input[value="${value}"]`).checked = true;
  remember();
}

// What is not stored yet is kept by this tab, for this labeller: on a machine that people share, nobody meets another's
// picks, and who signs out here leaves none.
function forget(which) {
  const all = Object.keys(sessionStorage).filter((key) => key.startsWith("pair ") && which(key));
  all.forEach((key) => sessionStorage.removeItem(key));
}

function remember() {
  sessionStorage.setItem(kept, JSON.stringify({ picks: picks(), seconds }));
  show();
}

function recall() {
  const before = JSON.parse(sessionStorage.getItem(kept) ?? "null");
  if (before === null) return;
  seconds = before.seconds;
  for (const axis of axes) {
    const input = axis.querySelector(`input[value="${before.picks[axis.dataset.axis]}"]`);
    if (input && !picked(axis)) input.checked = true;
  }
}

// One question at a time

function show() {
  axes.forEach((axis, number) => {
    axis.hidden = number !== current;
    axis.classList.toggle("current", number === current);
    const word = picked(axis) ? wordOf(picked(axis)) : "";
    const step = steps[number];
    step.querySelector("b").textContent = word || "–";
    step.setAttribute("aria-label", `${axis.dataset.title}: ${word || "not chosen yet"}`);
    if (number === current) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

function go(number) {
  const inside = axes[current].contains(document.activeElement);
  current = Math.max(0, Math.min(number, axes.length - 1));
  show();
  // Who works inside the choices goes on there; who reads the traces is not pulled away from them.
  if (inside) axes[current].querySelector("legend").focus({ preventScroll: true });
}

// After a choice: the next question; `send` at the last one, by keys. A tap may have missed, so a tap does not send.
function next(send) {
  const axis = axes[current];
  const said = `${axis.dataset.title}: ${wordOf(picked(axis))}.`;
  if (current + 1 < axes.length) {
    go(current + 1);
    say(`${said} Now: ${axes[current].dataset.title}.`);
  } else if (complete()) {
    if (!sending) say(`${said} Everything is chosen.`); // else it stays said that nothing is saved yet
    if (send) store();
  } else {
    go(axes.findIndex((one) => !picked(one)));
    say(`${said} Still open: ${axes[current].dataset.title}.`);
  }
}

// Seconds in front of somebody: a hidden tab does not count, and of a gap (a closed laptop) at most two seconds do.

let seconds = 0;
let visible = document.visibilityState === "visible";
let last = performance.now();

function count() {
  const now = performance.now();
  if (visible) seconds += Math.min((now - last) / 1000, 2);
  visible = document.visibilityState === "visible";
  last = now;
}

const counted = () => Math.round(Math.min(seconds, 86400) * 10) / 10;
setInterval(count, 1000);
document.addEventListener("visibilitychange", count);

// Sending: until the answer is stored it stays here and is sent again, each time as the screen has it then. An earlier
// try may have been stored unheard: a different answer is refused then, and the server's page tells of it.

async function store() {
  if (sending) return hurry();
  sending = true;
  count();
  const spent = counted(); // to wait for the network is not to look at the pair
  for (let tries = 0; ; tries += 1) {
    form.setAttribute("aria-busy", "true");
    const answer = await put(JSON.stringify({ picks: picks(), seconds: spent }));
    if (answer?.ok) return stored();
    form.removeAttribute("aria-busy");
    if (answer && answer.status < 500 && answer.status !== 429) return refused(answer.status);
    say("Not saved yet: no connection. Your choices are kept here; trying again.", "warn");
    await pause(Math.min(1000 * 2 ** tries, 10000));
  }
}

async function put(body) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf };
  const signal = AbortSignal.timeout(15000);
  try {
    return await fetch(`/v1/queues/${form.dataset.review}/turns/${form.dataset.place}`, { method: "PUT", headers, body, signal });
  } catch {
    return null;
  }
}

// Until the time is over, the network is back, or somebody presses Save.
function pause(milliseconds) {
  return new Promise((resolve) => {
    hurry = resolve;
    setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true });
  });
}

function stored() {
  sending = false;
  sessionStorage.removeItem(kept);
  sessionStorage.setItem("saved", MINE + here);
  location.replace(here);
}

function refused(status) {
  sending = false;
  if (status === 401 || status === 403) {
    say("Not saved yet: you are no longer signed in. Your choices are kept here. ", "warn");
    const link = document.createElement("a");
    link.href = here;
    link.textContent = "Load this page again";
    state.append(link);
  } else {
    sessionStorage.removeItem(kept);
    form.submit(); // the server's own page says why it does not take this answer
  }
}

addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // somebody went back: that pair is no longer in front of them
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (complete()) store();
});
form.addEventListener("change", remember);
// While an answer is on its way the screen stays as it was sent: what is stored is what somebody saw.
form.addEventListener(
  "click",
  (event) => {
    if (!onItsWay()) return;
    event.preventDefault();
    event.stopPropagation();
    say("Your choices are being saved as you see them.");
  },
  true,
);
// A tap goes on to the next question; walking through the choices with the arrows does not.
form.addEventListener("pointerdown", (event) => {
  tapped = event.target.closest("label") !== null;
});
form.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) go(Number(step.dataset.step));
  if (!tapped || !event.target.matches("input[type=radio]")) return;
  tapped = false;
  next(false);
});
document.querySelector("#save").addEventListener("click", () => {
  if (!complete()) go(axes.findIndex((axis) => !picked(axis)));
});

// Keys

const TYPING = "input:not([type=radio], [type=checkbox], [type=hidden]), textarea, select, [contenteditable]";
const COMMANDS = {
  Backspace: () => go(current - 1),
  Enter: (target) => complete() && !target.closest("a, button, summary") && store(),
  z: () => !sending && undo?.form.requestSubmit(),
  "?": () => keys.showModal(),
};

function backByArrow(event) {
  return event.key === "ArrowUp" && form.contains(event.target) && !event.target.matches("input");
}

document.addEventListener("keydown", (event) => {
  tapped = false;
  if (!shortcutsOn() || onItsWay() || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const command = backByArrow(event) ? COMMANDS.Backspace : COMMANDS[key];
  if (event.timeStamp - came < LOOK && (PICKS[key] || key === "Enter")) {
    say("Too soon: look at this pair first.");
  } else if (PICKS[key]) {
    choose(axes[current], PICKS[key]);
    next(true);
  } else if (!command || command(event.target) === false) {
    return;
  }
  event.preventDefault();
});
undo?.form.addEventListener("submit", (event) => {
  if (undo.dataset.pressed) event.preventDefault(); // twice would bring back two pairs
  undo.dataset.pressed = "yes";
  count();
  remember(); // this pair comes back, too, with the time it had
});
document.querySelector("#show-keys").addEventListener("click", () => keys.showModal());
document.querySelector("form[action='/dashboard/sign-out']").addEventListener("submit", () => forget(() => true));

// Signs of keys that do nothing would mislead.
function showKeys() {
  const on = shortcutsOn();
  form.querySelectorAll("kbd").forEach((sign) => (sign.hidden = !on));
  if (on) undo?.setAttribute("aria-keyshortcuts", "z");
  else undo?.removeAttribute("aria-keyshortcuts");
}
document.querySelector("[data-shortcuts]").addEventListener("change", showKeys);

// Begin

document.querySelector("#show-keys").hidden = false;
document.querySelector(".steps").hidden = axes.length === 1;
showKeys();
form.classList.add("by-steps");
// On a small screen the questions are folded once they are known, until somebody opens them; on one that is low, too,
// for every pair anew: nothing of the pair could be seen beside them.
const asked = [...form.querySelectorAll("details.what")];
const [narrow, low] = [innerWidth < 704, innerHeight < 720];
const usual = narrow && Number(form.dataset.done) ? "closed" : "open";
const folded = narrow && low ? "closed" : (localStorage.getItem("questions") ?? usual);
asked.forEach((details) => {
  details.open = folded === "open";
  details.querySelector("summary").addEventListener("click", () => {
    const open = !details.open; // it changes after this
    localStorage.setItem("questions", open ? "open" : "closed");
    asked.forEach((other) => other !== details && (other.open = open));
  });
});
forget((key) => !key.startsWith(MINE));
recall();
current = Math.max(0, axes.findIndex((axis) => !picked(axis)));
show();
if (sessionStorage.getItem("saved") === MINE + here) {
  sessionStorage.removeItem("saved");
  setTimeout(() => say("Saved. Undo brings the last pair back.", "fine"), 100); // what is there at once is not read aloud
}
