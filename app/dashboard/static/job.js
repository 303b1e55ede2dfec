// A job's page while it is judged: the head follows the status, and a tab nobody looks at listens to nothing.
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

// Over HTTP/1.1 all tabs of a browser share about six connections to a host, and a stream holds one for as long as it is
// open. A hidden tab lets go of it; shown again it opens another, which begins with the job as it is by then.
function streamWhileShown(address) {
  const listeners = [];
  let source = null;
  let over = false;
  const stream = {
    onopen: null,
    onerror: null,
    get readyState() {
      return over ? EventSource.CLOSED : (source?.readyState ?? EventSource.CONNECTING);
    },
    addEventListener(kind, listener) {
      listeners.push([kind, listener]);
      source?.addEventListener(kind, listener);
    },
    removeEventListener(kind, listener) {
      const at = listeners.findIndex((one) => one[0] === kind && one[1] === listener);
      if (at >= 0) listeners.splice(at, 1);
      source?.removeEventListener(kind, listener);
    },
    close() {
      over = true;
      letGo();
      document.removeEventListener("visibilitychange", follow);
    },
  };

  function letGo() {
    source?.close();
    source = null;
  }

  function open() {
    source = new EventSource(address);
    source.onopen = (event) => stream.onopen?.(event);
    source.onerror = (event) => {
      if (source.readyState === EventSource.CLOSED) stream.close(); // the server wants nobody to come back
      stream.onerror?.(event);
    };
    for (const [kind, listener] of listeners) source.addEventListener(kind, listener);
  }

  function follow() {
    if (document.hidden) letGo();
    else if (!source) open();
  }

  document.addEventListener("visibilitychange", follow);
  follow();
  return stream;
}

if (window.htmx) htmx.createEventSource = streamWhileShown; // what the extension listens by
