// A sign-in link carries the key behind the #, which browsers never send: not to a server, not to a log.
const key = decodeURIComponent(location.hash.slice(1));
if (key.startsWith("tj_")) {
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelector("#key").value = key;
  document.querySelector("#sign-in").submit();
}
