// Keys between pairs, marks on and off without loading, images that open large. Without this file the links do it all.
const sides = document.querySelector(".sides");
const marks = document.querySelector("#marks");
marks?.addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const off = sides.classList.toggle("unmarked");
  marks.textContent = off ? "Mark what differs" : "Hide marks";
  const here = new URL(location.href);
  if (off) here.searchParams.set("marks", "off");
  else here.searchParams.delete("marks");
  history.replaceState(null, "", here);
  for (const link of document.querySelectorAll("a[rel=next], a[rel=prev]")) {
    const to = new URL(link.href);
    if (off) to.searchParams.set("marks", "off");
    else to.searchParams.delete("marks");
    link.href = to;
  }
});

const zoom = document.querySelector("#zoom");
const keys = { j: "a[rel=next]", ArrowRight: "a[rel=next]", k: "a[rel=prev]", ArrowLeft: "a[rel=prev]", m: "#marks" };
document.addEventListener("keydown", (event) => {
  // With another key held, arrows and letters belong to the browser: shift and an arrow marks text.
  if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || zoom?.open || !shortcutsOn()) return;
  // Arrows move within a field, and within a table or text that scrolls sideways.
  if (event.target.closest("input:not([type=checkbox]), select, textarea, .scroll, pre")) return;
  const link = keys[event.key] && document.querySelector(keys[event.key]);
  if (!link) return;
  event.preventDefault();
  link.click();
});

if (zoom) {
  const image = zoom.querySelector("img");
  const room = zoom.querySelector(".zoom-room");
  const file = zoom.querySelector("a");
  const panzoom = Panzoom(image, { maxScale: 16, minScale: 0.5, step: 0.4 });
  room.addEventListener("wheel", (event) => { if (event.ctrlKey) panzoom.zoomWithWheel(event); }, { passive: false });
  for (const link of document.querySelectorAll("[data-zoom]")) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      image.src = file.href = link.href;
      image.alt = link.querySelector("img").alt.split(":")[0];
      zoom.showModal();
      panzoom.reset({ animate: false });
    });
  }
  const by = { in: () => panzoom.zoomIn(), out: () => panzoom.zoomOut(), reset: () => panzoom.reset() };
  const move = (x, y) => panzoom.pan(x, y, { relative: true });
  const pressed = {
    "+": by.in, "=": by.in, "-": by.out, 0: by.reset,
    ArrowLeft: () => move(40, 0), ArrowRight: () => move(-40, 0), ArrowUp: () => move(0, 40), ArrowDown: () => move(0, -40),
  };
  zoom.addEventListener("click", (event) => by[event.target.dataset.by]?.());
  zoom.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || !pressed[event.key]) return;
    event.preventDefault();
    pressed[event.key]();
  });
}
