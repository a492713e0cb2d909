// What the page shows, kept in the address after "#": it can be shared, and Back works. No secrets.

/** Return what the address asks for: a view, a question, a collection. */
export function place() {
  const fields = new URLSearchParams(location.hash.slice(1));
  return {
    view: fields.get("view") === "documents" ? "documents" : "ask",
    question: fields.get("q") ?? "",
    collection: fields.get("in") ?? "",
  };
}

/** Return the address of a place, as a link's target. */
export function linkTo({ view = "ask", question = "", collection = "" }) {
  const fields = new URLSearchParams();
  if (view !== "ask") fields.set("view", view);
  if (question) fields.set("q", question);
  if (collection) fields.set("in", collection);
  return `#${fields}`;
}

/** Go there; the page follows the address. */
export function goTo(where) {
  if (linkTo(where) === location.hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = linkTo(where);
}
