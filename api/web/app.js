// The page: which view is shown, and what happens when something changes. Start reading here.

import { follow, forget } from "./ask.js";
import { setUpChoosing } from "./choosing.js";
import { loadCollections, setUpCollections, showCollections } from "./collections.js";
import { allowDeleting, setUpDocuments, showDocuments } from "./documents.js";
import { byId } from "./dom.js";
import { currentKey, setUpKey } from "./key.js";
import { goTo, linkTo, place } from "./place.js";
import { setUpReader } from "./reader.js";
import { request } from "./service.js";
import { resumeUploads, setUpUploads } from "./uploads.js";

let view = null; // the view that is shown

/** Show what the address asks for. */
function show() {
  const where = place();
  for (const name of ["ask", "documents"]) {
    const isShown = name === where.view;
    const link = byId(`to-${name}`);
    byId(`${name}-view`).hidden = !isShown;
    link.href = linkTo({ ...where, view: name });
    if (isShown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  showCollections();
  if (where.view === "ask") follow();
  else {
    document.title = "Documents · Answerable";
    showDocuments();
  }
  const hasChanged = view !== null && view !== where.view;
  view = where.view;
  if (hasChanged) byId(view === "ask" ? "question" : "documents-heading").focus();
}

/** Learn what there is, and what this key may do. */
async function load() {
  const [jobs] = await Promise.all([newestJobs(), loadCollections()]);
  byId("add").hidden = !jobs;
  byId("may-not-add").hidden = jobs !== null || !currentKey();
  allowDeleting(jobs !== null);
  if (jobs) resumeUploads(jobs);
  if (view === "documents") showDocuments();
}

/** The newest jobs; null for a key that may not add anything. */
async function newestJobs() {
  try {
    return (await request("GET", "v1/jobs?limit=200")).jobs;
  } catch {
    return null;
  }
}

/** Have the models loaded while the first question is being typed. */
function warm() {
  request("GET", "health/ready").catch(() => {}); // what is wrong, the question will tell
}

let isReloading = false;

/** Look again after a change; once for several changes that come together. */
function changed() {
  forget();
  if (isReloading) return;
  isReloading = true;
  setTimeout(async () => {
    isReloading = false;
    await loadCollections();
    if (view === "documents") await showDocuments();
  }, 300);
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = byId("question").value.replace(/\s+/g, " ").trim();
  if (!question) return;
  forget();
  goTo({ question, collection: byId("ask-collection").value });
});
byId("question").addEventListener("keydown", (event) => {
  // While a character is composed, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("ask").requestSubmit();
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address after "#" is ours
  byId("main").focus();
});
addEventListener("hashchange", show);
setUpKey(() => {
  forget();
  load();
  show();
});
setUpCollections();
setUpDocuments(changed);
setUpUploads(changed);
setUpReader();
setUpChoosing();
show();
load();
warm();
