// The overview asks again while a job runs; a tab nobody looks at does not.
"use strict";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});
