// Parts marked data-reading ask again by themselves. They do not in a tab nobody looks at, nor under a reader's hands:
// somebody who reads there with the keyboard or marks text would lose the place.
function isRead(part) {
  const marked = getSelection();
  return part.contains(document.activeElement) || (!marked.isCollapsed && part.contains(marked.anchorNode));
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.detail.elt;
  if (part.matches("[data-reading]") && (document.hidden || isRead(part))) event.preventDefault();
});
