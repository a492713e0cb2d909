// The key: asked for when the service wants one, kept for this tab only, never in an address.

import { announce, byId } from "./dom.js";

const STORED = "answerable-key";
const FORM = /^[\x21-\x7e]+$/; // what can stand in a header

let asking = null; // the promise of the dialog that is open

/** Return the key in use, "" if there is none. */
export const currentKey = () => sessionStorage.getItem(STORED) ?? "";

/** Ask for a key because of a problem; resolve to whether one was given. Asks once at a time. */
export function keyNeeded(problem) {
  asking ??= ask(
    problem.kind === "key-invalid"
      ? "This key is unknown, revoked or expired. Ask whoever runs the service for another."
      : "This service answers only with a key. Ask whoever runs it for one.",
  ).finally(() => (asking = null));
  return asking;
}

function ask(reason) {
  const dialog = byId("key-dialog");
  const field = byId("key");
  byId("key-reason").textContent = reason;
  byId("key-error").textContent = "";
  field.value = "";
  byId("forget-key").hidden = !currentKey();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "given"), { once: true });
  });
}

function use(key) {
  if (key) sessionStorage.setItem(STORED, key);
  else sessionStorage.removeItem(STORED);
  byId("key-button").hidden = !key;
}

export function setUpKey(onChange) {
  const dialog = byId("key-dialog");
  const field = byId("key");
  use(currentKey());
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = field.value.trim();
    if (!FORM.test(key)) {
      byId("key-error").textContent = key
        ? "That is not a key: it holds characters that no key has."
        : "Enter the key.";
      field.focus();
      return;
    }
    const isAsked = asking !== null;
    use(key);
    field.value = "";
    dialog.close("given");
    if (!isAsked) onChange(); // else the requests that wait go on
  });
  byId("key-button").addEventListener("click", () => ask("The key is kept until this tab is closed."));
  byId("forget-key").addEventListener("click", () => {
    use("");
    field.value = "";
    dialog.close("");
    announce("The key is forgotten.");
    onChange();
  });
  byId("cancel-key").addEventListener("click", () => dialog.close(""));
}
