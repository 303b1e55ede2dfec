// A job's page while it is judged: the head follows the status, and the report does not change under a reader's hands.
const head = document.getElementById("job-head");

document.addEventListener("htmx:sseMessage", (event) => {
  const bar = document.querySelector(".job-progress");
  try {
    const status = JSON.parse(event.detail.data).status;
    if (head && bar && status && status !== head.dataset.status) {
      const known = head.dataset.status ?? bar.dataset.status;
      head.dataset.status = status;
      if (status !== known) htmx.trigger(head, "changed");
    }
  } catch {
    // a message without a job
  }
});

// Somebody who reads here with the keyboard or marks text would lose the place.
function isRead(report) {
  const marked = getSelection();
  return report.contains(document.activeElement) || (!marked.isCollapsed && report.contains(marked.anchorNode));
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const report = event.detail.elt;
  if (report.id !== "report" || report.querySelector(".computing")) return;
  if (document.hidden || isRead(report)) event.preventDefault();
});
