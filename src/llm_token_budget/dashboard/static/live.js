"use strict";
// The server has escaped everything; the page asks again as long as somebody looks at it.
const body = document.getElementById("body");
const away = document.getElementById("away");
async function look() {
  const began = performance.now();
  let pause = 1000;
  if (!document.hidden) {
    try {
      const answer = await fetch("/body" + location.search, { credentials: "same-origin" });
      const text = await answer.text();
      if (answer.ok) body.innerHTML = text;
      away.textContent = answer.ok ? "" : text;
      const took = performance.now() - began;
      // Looks begin a second apart. What takes long, such as a search among many, takes a quarter of the time.
      pause = answer.ok ? Math.max(1000 - took, 3 * took) : 1000;
    } catch {
      away.textContent = "The dashboard does not answer; what is shown is what it said last.";
    }
  }
  setTimeout(look, pause);
}
setTimeout(look, 1000);
