// Renews the figures of the stream page every two seconds. Without it the page still shows them, and a link to refresh.
"use strict";

(function () {
  const place = document.querySelector("[data-live]");
  const figures = document.getElementById(place.dataset.into);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--secondary";
  let paused = false;

  function name() {
    button.textContent = paused ? "Go on updating" : "Pause updating";
  }

  async function renew() {
    if (!paused && !document.hidden) {
      try {
        const answer = await fetch(place.dataset.live, { cache: "no-store" });
        if (!answer.ok) throw new Error(String(answer.status));
        const text = await answer.text();
        if (!paused && !figures.contains(document.activeElement)) figures.innerHTML = text;
        figures.classList.remove("stale");
      } catch {
        figures.classList.add("stale");
      }
    }
    setTimeout(renew, 2000);
  }

  button.addEventListener("click", function () {
    paused = !paused;
    name();
  });
  name();
  place.replaceChildren(button);
  setTimeout(renew, 2000);
})();
