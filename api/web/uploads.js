// Adding files: each is sent by itself, so that each has its own progress and its own error.

import { byId, make } from "./dom.js";
import { followJob } from "./jobs.js";
import { openDocument } from "./reader.js";
import { Problem, upload } from "./service.js";
import { count, counted } from "./words.js";

const MAX_TRIES = 6;
const OUTCOMES = {
  added: "Added",
  updated: "Added in place of what it held before",
  unchanged: "Already there, unchanged",
};

let queue = Promise.resolve(); // one file is sent after another
let onStored = () => {};
const tally = { total: 0, stored: 0, failed: 0, stopped: 0 };

function addFiles(files) {
  const collection = byId("upload-collection").value.trim();
  for (const file of files) {
    const row = new Row(file.name, file.size);
    row.tell("Waiting to be sent");
    queue = queue.then(() => send(file, collection, row));
  }
}

async function send(file, collection, row) {
  const form = new FormData();
  if (collection) form.set("collection", collection);
  form.set("file", file);
  const onSent = (share) =>
    share < 1 ? row.tell(`Sending, ${Math.floor(share * 100)}%`, share) : row.tell("Being read…");
  for (let tries = 1; !row.signal.aborted; tries++) {
    try {
      row.tell("Sending…");
      const job = await upload("v1/documents", form, { onSent, signal: row.signal });
      row.accepted();
      followJob(job, (found) => showJob(found, row));
      return;
    } catch (error) {
      if (error.name === "AbortError") return;
      const isBusy = error instanceof Problem && error.retryAfter !== null;
      if (!isBusy || tries === MAX_TRIES) {
        row.end("failed", error.message);
        return;
      }
      row.tell("The service is busy; waiting");
      await new Promise((resolve) => setTimeout(resolve, error.retryAfter * 1000));
    }
  }
}

function showJob(job, row) {
  const [document] = job.documents;
  if (job.state === "done") {
    row.end("stored", OUTCOMES[document.state] ?? "Done", document.document_id);
    onStored();
  } else if (job.state === "failed") {
    row.end("failed", document?.reason ?? "The service does not know of it any more.");
  } else if (document.passages) {
    const { passages_done: done, passages } = document;
    row.tell(`Taken in: ${count(done)} of ${counted(passages, "passage")}`, done / passages);
  } else row.tell(job.state === "running" ? "Being taken in…" : "Waiting to be taken in");
}

/** One file on the page: its name, how far it is, and what stops it. */
class Row {
  #stopping = new AbortController();
  #progress = make("progress", { max: 1, value: 0 });
  #state = make("span.state");
  #stop = make("button.quiet", { type: "button", click: () => this.#cancel() }, "Cancel");
  #element;

  constructor(name, sizeBytes = null) {
    const size = sizeBytes === null ? null : make("span.muted", {}, ` ${bytes(sizeBytes)}`);
    this.name = name;
    this.#progress.setAttribute("aria-label", name);
    this.#stop.setAttribute("aria-label", `Cancel ${name}`);
    this.#element = make(
      "li",
      {},
      make("span.file", {}, name, size),
      this.#state,
      this.#stop,
      this.#progress,
    );
    byId("uploads").prepend(this.#element);
    tally.total += 1;
    summarize();
  }

  get signal() {
    return this.#stopping.signal;
  }

  /** Say how far it is; a share of 0 to 1, or none while nobody knows. */
  tell(text, share = null) {
    if (this.signal.aborted) return;
    this.#state.textContent = text;
    if (share === null) this.#progress.removeAttribute("value");
    else this.#progress.value = share;
  }

  /** From now on the service has it: it cannot be stopped any more. */
  accepted() {
    this.#stop.remove();
  }

  end(outcome, text, documentId = null) {
    this.#stop.remove();
    this.#progress.remove();
    this.#element.classList.add(outcome);
    this.#state.textContent = text;
    if (documentId !== null) {
      const open = () => openDocument(documentId);
      const label = `Open ${this.name}`;
      const button = make("button.quiet", { type: "button", "aria-label": label, click: open }, "Open");
      this.#element.append(button);
    }
    tally[outcome] += 1;
    summarize();
  }

  #cancel() {
    this.#stopping.abort();
    this.end("stopped", "Cancelled");
    byId("files").focus();
  }
}

function summarize() {
  const { total, stored, failed, stopped } = tally;
  const parts = [`${count(stored)} of ${counted(total, "file")} added`];
  if (failed) parts.push(`${count(failed)} failed`);
  if (stopped) parts.push(`${count(stopped)} cancelled`);
  byId("uploads-summary").textContent = parts.join(", ");
}

function bytes(size) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = size < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(size) / 3));
  return `${(size / 1000 ** power).toFixed(power > 1 ? 1 : 0)} ${units[power]}`;
}

/** Show uploads that the service still works on, from before the page was loaded. */
export function resumeUploads(jobs) {
  if (tally.total) return;
  for (const job of jobs.filter(({ kind, state }) => kind === "ingest" && isUnderWay(state))) {
    const row = new Row(job.documents.map(({ name }) => name).join(", "));
    row.accepted();
    followJob(job, (found) => showJob(found, row));
  }
}

const isUnderWay = (state) => state === "waiting" || state === "running";

export function setUpUploads(whenStored) {
  onStored = whenStored;
  const field = byId("files");
  const zone = byId("drop");
  field.addEventListener("change", () => {
    addFiles(field.files);
    field.value = "";
  });
  for (const [type, isOver] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      zone.classList.toggle("is-over", isOver);
    });
  }
  zone.addEventListener("drop", (event) => addFiles(event.dataTransfer.files));
}
