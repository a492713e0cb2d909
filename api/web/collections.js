// The collections to choose from.

import { byId, make } from "./dom.js";
import { goTo, place } from "./place.js";
import { request } from "./service.js";
import { counted } from "./words.js";

const SELECTS = ["ask-collection", "documents-collection"];
let known = [];

/** Ask the service for the collections, and show them. */
export async function loadCollections() {
  try {
    known = (await request("GET", "v1/collections")).collections;
  } catch {
    known = []; // whatever the page asks next says why
  }
  const documents = known.reduce((sum, collection) => sum + collection.documents, 0);
  byId("holdings").textContent = documents
    ? `${counted(documents, "document")} in ${counted(known.length, "collection")}`
    : "";
  showCollections();
}

/** Show the collections, and which one is chosen; nothing where there is no choice. */
export function showCollections() {
  const { collection } = place();
  const names = known.map(({ name }) => name);
  if (collection && !names.includes(collection)) names.push(collection);
  for (const id of SELECTS) {
    const select = byId(id);
    const options = names.map((name) => make("option", { value: name }, name));
    select.replaceChildren(make("option", { value: "" }, "All"), ...options);
    select.value = collection;
    select.closest(".choice").hidden = names.length < 2 && !collection;
  }
  byId("known-collections").replaceChildren(...names.map((value) => make("option", { value })));
}

export function setUpCollections() {
  for (const id of SELECTS) {
    byId(id).addEventListener("change", (event) => {
      goTo({ ...place(), collection: event.target.value });
    });
  }
}
