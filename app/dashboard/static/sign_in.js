// A sign-in link carries the key behind the #, which browsers never send: not to a server, not to a log.
const field = document.querySelector("#key");
const form = document.querySelector("#sign-in");

function behindTheHash() {
  const raw = location.hash.slice(1);
  try {
    return decodeURIComponent(raw).trim();
  } catch {
    return raw;
  }
}

function signIn() {
  const key = behindTheHash();
  if (!key.startsWith("tj_")) return;
  history.replaceState(null, "", location.pathname + location.search); // nor in the browser's history
  field.value = key;
  form.requestSubmit();
}

form.addEventListener("submit", () => {
  document.querySelector("#sign-in-state").textContent = "Signing in …";
});
addEventListener("hashchange", signIn); // a link opened where this page stands already loads nothing
signIn();
