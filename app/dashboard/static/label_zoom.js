// Pictures of a pair in front of a labeller open large on its page. Without this script they open as files.
const zoom = document.querySelector("#zoom");
const image = zoom.querySelector("img");
const room = zoom.querySelector(".zoom-room");
const panzoom = Panzoom(image, { maxScale: 12, minScale: 1, step: 0.5 });
room.addEventListener("wheel", panzoom.zoomWithWheel, { passive: false });
document.querySelectorAll("[data-zoom]").forEach((link) =>
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    image.src = link.href;
    image.alt = link.querySelector("img").alt.split(":")[0];
    zoom.showModal();
    panzoom.reset({ animate: false });
  }),
);
const by = { in: () => panzoom.zoomIn(), out: () => panzoom.zoomOut(), reset: () => panzoom.reset() };
zoom.addEventListener("click", (event) => by[event.target.dataset.by]?.());
zoom.addEventListener("keydown", (event) => {
  const way = { "+": "in", "=": "in", "-": "out", 0: "reset" }[event.key];
  if (way) by[way]();
});
