// The list of documents, a page at a time, and taking them out.

import { announce, byId, make } from "./dom.js";
import { followJob } from "./jobs.js";
import { place } from "./place.js";
import { openDocument } from "./reader.js";
import { request } from "./service.js";
import { counted, dateWords, fileName, kindWords } from "./words.js";

const PAGE_SIZE = 50;
const LARGEST_PAGE = 200;

let next = null; // where the next page begins; null when all are shown
let loading = null; // what stops the page that is being fetched
let mayDelete = false;
let onDeleted = () => {};

/** Show the documents of the collection chosen; as many as were shown before. */
export async function showDocuments() {
  const shown = byId("documents").childElementCount;
  await load(0, Math.max(PAGE_SIZE, shown));
}

async function load(after, wanted) {
  loading?.abort();
  const stopping = (loading = new AbortController());
  const list = byId("documents");
  byId("documents-error").textContent = "";
  list.setAttribute("aria-busy", "true");
  const rows = [];
  let from = after;
  try {
    while (from !== null && rows.length < wanted) {
      const found = await request("GET", address(from, wanted - rows.length), { signal: stopping.signal });
      rows.push(...found.documents.map(row));
      from = found.next;
    }
    next = from;
    if (after) list.append(...rows);
    else list.replaceChildren(...rows);
    summarize(list.childElementCount);
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error);
  } finally {
    if (loading === stopping) list.removeAttribute("aria-busy");
  }
  return rows;
}

function address(after, wanted) {
  const { collection } = place();
  const fields = new URLSearchParams({ limit: Math.min(wanted, LARGEST_PAGE) });
  if (after) fields.set("after", after);
  if (collection) fields.set("collection", collection);
  return `v1/documents?${fields}`;
}

function summarize(shown) {
  const { collection } = place();
  byId("more-documents").hidden = next === null;
  byId("documents-summary").textContent = shown
    ? `${counted(shown, "document")}${next === null ? "" : ", and more"}`
    : collection
      ? "No document is in this collection."
      : "There are no documents yet.";
}

function showProblem(error) {
  if (error.kind === "index-not-found") summarize(0);
  else byId("documents-error").textContent = error.message;
}

function row(document) {
  const { verb, day, machine } = dateWords(document);
  const name = fileName(document.uri);
  const element = make(
    "li",
    {},
    make(
      "div.name",
      {},
      make("button.link", { type: "button", click: () => openDocument(document.id) }, document.title),
      name === document.title ? null : make("span.muted", {}, name),
    ),
    make(
      "div.facts",
      {},
      make("span.kind", {}, kindWords(document.media_type)),
      make("span.collection", {}, document.collection),
      make("span.date", {}, `${verb} `, make("time", { datetime: machine }, day)),
    ),
  );
  if (mayDelete) {
    const label = `Delete ${document.title}`;
    const click = () => remove(document, element);
    element.append(make("button.quiet", { type: "button", "aria-label": label, click }, "Delete"));
  }
  return element;
}

async function remove(document, element) {
  if (!(await isConfirmed(document.title))) return;
  try {
    const job = await request("DELETE", `v1/documents/${document.id}`);
    if (job) {
      // Something else is being taken in first.
      element.classList.add("is-leaving");
      followJob(job, ({ state }) => state === "done" && drop(document, element));
    } else drop(document, element);
  } catch (error) {
    byId("documents-error").textContent = error.message;
  }
}

function drop(document, element) {
  const neighbour = element.nextElementSibling ?? element.previousElementSibling;
  element.remove();
  summarize(byId("documents").childElementCount);
  (neighbour?.querySelector("button") ?? byId("documents-heading")).focus();
  announce(`Deleted ${document.title}.`);
  onDeleted();
}

function isConfirmed(title) {
  const dialog = byId("delete-dialog");
  byId("delete-title").textContent = title;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true });
  });
}

/** Say whether there are buttons that delete. */
export function allowDeleting(isAllowed) {
  mayDelete = isAllowed;
}

export function setUpDocuments(whenDeleted) {
  onDeleted = whenDeleted;
  const dialog = byId("delete-dialog");
  byId("confirm-delete").addEventListener("click", () => dialog.close("delete"));
  byId("cancel-delete").addEventListener("click", () => dialog.close(""));
  byId("more-documents").addEventListener("click", async () => {
    const rows = await load(next, PAGE_SIZE);
    rows[0]?.querySelector("button").focus();
  });
}
