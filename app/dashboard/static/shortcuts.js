// Whether single keys do something. Who speaks to the computer, or whose hands tremble, switches them off (WCAG 2.1.4).
// A page with keys has this before its own script, and a hidden label around an input[data-shortcuts].
const shortcutsOn = () => localStorage.getItem("tracejudge-shortcuts") !== "off";
document.querySelectorAll("[data-shortcuts]").forEach((box) => {
  box.checked = shortcutsOn();
  box.closest("label").hidden = false;
  box.addEventListener("change", () => localStorage.setItem("tracejudge-shortcuts", box.checked ? "on" : "off"));
});
