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

// Signing in ends the session that is there: who has one of another key is asked first. A key that is no good is not
// another one: the server says what is wrong with it, and the session stays.
async function isAnother(key) {
  if (!form.dataset.key) return false;
  try {
    const answer = await fetch("/v1/me", { headers: { Authorization: `Bearer ${key}` } });
    return answer.ok && String((await answer.json()).key_id) !== form.dataset.key;
  } catch {
    return true;
  }
}

async function signIn() {
  const key = behindTheHash();
  if (!key.startsWith("tj_")) return;
  history.replaceState(null, "", location.pathname + location.search); // nor in the browser's history
  field.value = key;
  if (await isAnother(key)) document.querySelector("#another").hidden = false;
  else form.requestSubmit();
}

form.addEventListener("submit", () => {
  document.querySelector("#sign-in-state").textContent = "Signing in …";
});
addEventListener("hashchange", signIn); // a link opened where this page stands already loads nothing
signIn();
