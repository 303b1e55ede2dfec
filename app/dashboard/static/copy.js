// <button type="button" data-copy="some-id" hidden>Copy</button> copies the text of the element #some-id and says so
// beside the button. Works for buttons that come later with a part of a page, too.
function show(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    if (!button.nextElementSibling?.classList.contains("copied")) {
      const said = document.createElement("span");
      said.className = "copied";
      said.setAttribute("role", "status"); // there before it speaks, or nobody hears it
      button.after(said);
    }
  }
}

// Pages served over plain HTTP have no clipboard: the text is marked, and the old command tried.
function mark(element) {
  if (element.select) {
    element.select();
  } else {
    getSelection().selectAllChildren(element);
  }
}

async function copy(element) {
  const text = (element.value ?? element.textContent).trim();
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    mark(element);
    return document.execCommand("copy");
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const said = button.nextElementSibling;
  said.textContent = "";
  said.textContent = (await copy(document.getElementById(button.dataset.copy)))
    ? "Copied"
    : "Marked: press Ctrl+C or ⌘C to copy";
});
document.addEventListener("htmx:load", (event) => show(event.detail.elt.parentElement ?? document));
show(document);
