// Asking: from the question in the field to what is shown of its answer.

import { shownResult } from "./answers.js";
import { announce, byId, make } from "./dom.js";
import { place } from "./place.js";
import { request } from "./service.js";

let underWay = null; // what stops the question that is being read
let shown = null; // question and collection whose answer is on the page

/** Show the answer to what the address asks, or the empty page. */
export async function follow() {
  const { question, collection } = place();
  const wanted = JSON.stringify([question, collection]);
  if (wanted === shown) return;
  underWay?.abort();
  shown = wanted;
  byId("question").value = question;
  byId("ask-view").classList.toggle("has-question", question !== "");
  document.title = question ? `${question} · Answerable` : "Answerable";
  if (question) await ask(question, collection);
  else byId("result").replaceChildren();
}

/** Let the same question be asked again. */
export function forget() {
  shown = null;
}

async function ask(question, collection) {
  const stopping = (underWay = new AbortController());
  const result = byId("result");
  result.setAttribute("aria-busy", "true");
  announce("Reading…");
  try {
    const body = { question, ...(collection && { collection }) };
    const answer = await request("POST", "v1/ask", { body, signal: stopping.signal });
    const { nodes, said } = shownResult(answer);
    result.replaceChildren(...nodes.filter(Boolean));
    announce(said);
  } catch (error) {
    if (error.name === "AbortError") return;
    forget();
    result.replaceChildren(problem(error));
  } finally {
    if (underWay === stopping) result.removeAttribute("aria-busy");
  }
}

const EXPLAINED = {
  "index-not-found": "There is no index yet. Add documents first.",
  "key-needed": "The service answers only with a key.",
};

function problem(error) {
  return make(
    "div.problem",
    { role: "alert" },
    make("p", {}, EXPLAINED[error.kind] ?? error.message),
    make("button.quiet", { type: "button", click: follow }, "Try again"),
  );
}
