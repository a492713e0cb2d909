// The document view: the stored text, opened at a place, with what was found marked in it.

import { startChoosing, stopChoosing, offerChoosing } from "./choosing.js";
import { CodePoints } from "./codepoints.js";
import { byId } from "./dom.js";
import { request } from "./service.js";
import { StoredText } from "./stored_text.js";
import { counted, dateWords, fileName, kindWords } from "./words.js";

const PROSE = new Set(["text/markdown", "text/plain", "text/x-rst"]);

let opening = null; // what stops the document that is being fetched

/**
 * Open a document.
 *
 * @param {number} id
 * @param {object} opens the place to open it at: `start` and `end`, with the `sentence` around them
 *   if it is known, in code points; or the text of a `passage`. `isChoosing`: say where the answer is.
 */
export async function openDocument(id, opens = {}) {
  const dialog = byId("document");
  const text = byId("document-text");
  opening?.abort();
  opening = new AbortController();
  stopChoosing();
  offerChoosing(null);
  byId("document-title").textContent = "Opening…";
  byId("document-facts").textContent = "";
  byId("document-error").textContent = "";
  text.replaceChildren();
  if (!dialog.open) dialog.showModal();
  try {
    const stored = await request("GET", `v1/documents/${id}`, { signal: opening.signal });
    show(stored, opens);
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("document-title").textContent = "The document cannot be shown";
    byId("document-error").textContent = error.message;
  }
}

function show({ document: info, text, pages }, opens) {
  const places = new CodePoints(text);
  const marks = marksOf(text, places, opens);
  const bounds = pages.map(({ number, start }) => ({ number, start: places.toUnits(start) }));
  const element = byId("document-text");
  const stored = new StoredText(element, text, bounds, marks, PROSE.has(info.media_type));
  const { verb, day } = dateWords(info);
  const facts = [fileName(info.uri), kindWords(info.media_type), info.collection, `${verb} ${day}`];
  if (pages.length) facts.splice(2, 0, counted(pages.length, "page"));
  byId("document-title").textContent = info.title;
  byId("document-facts").textContent = facts.join(" · ");
  element.scrollTop = 0;
  (element.querySelector("mark") ?? element.querySelector("em"))?.scrollIntoView({ block: "center" });
  element.focus({ preventScroll: true });
  const first = marks.find(({ tag }) => tag === "mark") ?? marks[0];
  offerChoosing({ id: info.id, stored, places, startsAt: first?.start ?? 0 });
  if (opens.isChoosing) startChoosing();
}

/** What stands out: the quote as <mark>, the rest of its sentence or a passage as <em>. */
function marksOf(text, places, { start, end, sentence, passage }) {
  if (passage !== undefined) {
    const at = text.indexOf(passage);
    return at < 0 ? [] : [{ start: at, end: at + passage.length, tag: "em" }];
  }
  if (start === undefined) return [];
  const quote = { start: places.toUnits(start), end: places.toUnits(end), tag: "mark" };
  if (!sentence) return [quote];
  const around = { start: places.toUnits(sentence.start), end: places.toUnits(sentence.end) };
  return [
    { start: around.start, end: quote.start, tag: "em" },
    quote,
    { start: quote.end, end: around.end, tag: "em" },
  ];
}

export function setUpReader() {
  const dialog = byId("document");
  byId("close-document").addEventListener("click", () => dialog.close());
  // A click beside it closes it, as people expect of what lies on top.
  dialog.addEventListener("pointerdown", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    opening?.abort();
    stopChoosing();
    byId("document-text").replaceChildren();
  });
}
