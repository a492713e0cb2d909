// Making elements. Text only ever becomes text: nothing here, or anywhere in the page, parses markup.

/** Return the element of the page with an id. */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element.
 *
 * @param {string} tag its name, with classes after dots: "p.muted"
 * @param {object} properties attributes; functions are listeners for the event they are named for
 * @param {...(Node|string|null)} children strings become text, null is left out
 */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Say something to those who do not see the page. */
export function announce(text) {
  const said = byId("announced");
  said.textContent = "";
  // A change of its own, so that the same words are said twice.
  setTimeout(() => (said.textContent = text), 50);
}
