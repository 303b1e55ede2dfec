// Parts marked data-reading ask again by themselves. They do not in a tab nobody looks at, nor under a reader's hands:
// somebody who reads there with the keyboard or marks text would lose the place.
function isRead(part) {
  const marked = getSelection();
  return part.contains(document.activeElement) || (!marked.isCollapsed && part.contains(marked.anchorNode));
}

// A form that was sent leads away from here: what is answered meanwhile, to a session just signed out, leads nobody
// elsewhere.
let leaving = false;
addEventListener("pageshow", () => { leaving = false; });
addEventListener("submit", (event) => { leaving = !event.defaultPrevented; });
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (leaving) event.preventDefault();
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.detail.elt;
  const rests = part.matches("[data-reading]") && (document.hidden || isRead(part));
  if (leaving || rests) event.preventDefault();
});
