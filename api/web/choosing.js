// "The answer is here": a span of the open document, chosen with the mouse or the keyboard.

import { announce, byId } from "./dom.js";
import { place } from "./place.js";
import { sendFeedback } from "./verdicts.js";
import { nextLine, nextWord, previousLine, previousWord } from "./word_steps.js";

const MAX_CHARS = 500; // the service takes no longer answer

let open = null; // { id, stored, places, startsAt } of the document that is open
let chosen = null; // { start, end, text } in UTF-16 units
let anchor = null; // the word that a selection with the keyboard began with
let active = null; // and the one it goes to

/** Offer to choose in a document, if a question was asked; null takes the offer back. */
export function offerChoosing(document) {
  open = document;
  const { question } = place();
  byId("choosing").hidden = !open || !question;
  byId("choosing-question").textContent = question;
}

export function startChoosing() {
  if (!open || !place().question) return;
  const text = byId("document-text");
  show(true);
  // Programs that read the screen leave the arrow keys to an application.
  text.setAttribute("role", "application");
  text.focus({ preventScroll: true });
  anchor = active = nextWord(open.stored.text, open.startsAt) ?? nextWord(open.stored.text, 0);
  if (anchor) selectSpan(anchor);
}

export function stopChoosing() {
  if (!isChoosing()) return;
  show(false);
  byId("document-text").setAttribute("role", "region");
  getSelection().removeAllRanges();
  setChosen(null);
}

const isChoosing = () => !byId("choosing-now").hidden;

function show(isOn) {
  byId("choosing-now").hidden = !isOn;
  byId("choosing-offer").hidden = isOn;
  byId("choosing-thanks").textContent = "";
}

function setChosen(span) {
  chosen = span;
  const length = span ? [...span.text].length : 0;
  const isTooLong = length > MAX_CHARS;
  byId("chosen").textContent = span ? `“${span.text}”` : "Nothing is selected yet.";
  byId("chosen-error").textContent = isTooLong
    ? `That is ${length} characters; an answer has at most ${MAX_CHARS}.`
    : "";
  byId("send-choice").disabled = !span || isTooLong;
}

function onSelection() {
  if (!isChoosing()) return;
  const span = open.stored.selected();
  if (!span) return; // selected elsewhere: what was chosen stays
  if (span.start === span.end) {
    setChosen(null);
    return;
  }
  setChosen(span);
  const isOwn = anchor && span.start === Math.min(anchor.start, active.start);
  if (!isOwn) anchor = active = span; // the mouse chose; the keyboard goes on from there
}

const STEPS = {
  ArrowRight: (text, span) => nextWord(text, span.end),
  ArrowLeft: (text, span) => previousWord(text, span.start),
  ArrowDown: (text, span) => nextLine(text, span.end),
  ArrowUp: (text, span) => previousLine(text, span.start),
};

function onKey(event) {
  if (!isChoosing()) return;
  if (event.key === "Enter") send();
  else if (event.key === "Escape") leave();
  else if (event.key in STEPS && !event.ctrlKey && !event.altKey && !event.metaKey) {
    move(STEPS[event.key](open.stored.text, active ?? { start: 0, end: 0 }), event.shiftKey);
  } else return;
  event.preventDefault();
}

function move(word, isExtending) {
  if (!word) return;
  active = word;
  if (!isExtending || !anchor) anchor = word;
  selectSpan({
    start: Math.min(anchor.start, active.start),
    end: Math.max(anchor.end, active.end),
  });
}

/** The event of a changed selection comes later, and the next key may come before it. */
function selectSpan(span) {
  open.stored.select(span);
  onSelection();
}

function leave() {
  stopChoosing();
  byId("start-choosing").focus();
}

async function send() {
  if (!chosen || byId("send-choice").disabled) return;
  const span = {
    document_id: open.id,
    start: open.places.fromUnits(chosen.start),
    end: open.places.fromUnits(chosen.end),
  };
  byId("send-choice").disabled = true;
  try {
    await sendFeedback(place().question, "here", span);
    leave();
    byId("choosing-thanks").textContent = "Thank you. Noted.";
    announce("Thank you. Noted.");
  } catch (error) {
    byId("chosen-error").textContent = error.message;
    byId("send-choice").disabled = false;
  }
}

export function setUpChoosing() {
  document.addEventListener("selectionchange", onSelection);
  byId("document-text").addEventListener("keydown", onKey);
  byId("start-choosing").addEventListener("click", startChoosing);
  byId("send-choice").addEventListener("click", send);
  byId("stop-choosing").addEventListener("click", leave);
}
