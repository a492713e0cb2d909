// A stored text as nodes, in which every place can be found again: their text is the text itself.

import { make } from "./dom.js";

const BLOCK_UNITS = 4000; // a block ends with the line after so many
const LONGEST_BLOCK_UNITS = 20_000; // or here, in a text without lines
const LONG_UNITS = 200_000;

// The end of a long line of prose that the next one goes on with.
const SOFT_BREAK = /(?<=[^\n|]{60})\n(?=[\p{L}\p{N}"'“‘(])/gu;

/** A stored text shown in an element; places are in UTF-16 units. */
export class StoredText {
  #element;
  #blocks = []; // { start, node }, in order

  /**
   * @param {HTMLElement} element what is shown replaces its children
   * @param {string} text
   * @param {{start: number, number: number}[]} pages where pages begin
   * @param {{start: number, end: number, tag: string}[]} marks what stands out, in order
   * @param {boolean} isProse lines that were broken for their length alone are shown as one
   */
  constructor(element, text, pages, marks, isProse = false) {
    this.#element = element;
    this.text = text;
    const pageAt = new Map(pages.map((page) => [page.start, page.number]));
    const cuts = blockStarts(text, [...pageAt.keys()]);
    this.#blocks = cuts.map((start, i) => {
      const number = pageAt.get(start);
      const pieces = marked(text, start, cuts[i + 1] ?? text.length, marks);
      return { start, node: make("div", number ? { "data-page": `Page ${number}` } : {}, ...pieces) };
    });
    element.replaceChildren(...this.#blocks.map(({ node }) => node));
    // Laying out a long text takes long; what is not in sight waits.
    const isLong = text.length > LONG_UNITS;
    element.classList.toggle("is-long", isLong);
    if (isProse && !isLong) this.#blocks.forEach(({ node }) => softenBreaks(node));
  }

  /** Return where the selection is, without blanks around it; null if it is not in this text. */
  selected() {
    const selection = getSelection();
    if (!selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    if (!this.#element.contains(range.commonAncestorContainer)) return null;
    const start = this.#unitsBefore(range.startContainer, range.startOffset);
    const chosen = range.toString();
    const blanks = chosen.length - chosen.trimStart().length;
    const trimmed = chosen.trim();
    return { start: start + blanks, end: start + blanks + trimmed.length, text: trimmed };
  }

  /** Select a part of the text, and bring its end into view. */
  select({ start, end }) {
    const from = this.#locate(start);
    const to = this.#locate(end);
    getSelection().setBaseAndExtent(from.node, from.offset, to.node, to.offset);
    const view = this.#element.getBoundingClientRect();
    const word = getSelection().getRangeAt(0).getBoundingClientRect();
    if (word.bottom > view.bottom) this.#element.scrollTop += word.bottom - view.bottom + 48;
    if (word.top < view.top) this.#element.scrollTop -= view.top - word.top + 48;
  }

  #unitsBefore(node, offset) {
    const before = document.createRange();
    before.selectNodeContents(this.#element);
    before.setEnd(node, offset);
    return before.toString().length;
  }

  #locate(units) {
    const block = this.#blocks.findLast(({ start }) => start <= units);
    const walker = document.createTreeWalker(block.node, NodeFilter.SHOW_TEXT);
    let left = units - block.start;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left <= node.length) return { node, offset: left };
      left -= node.length;
    }
    return { node: block.node, offset: block.node.childNodes.length };
  }
}

/** Where blocks begin: at pages, and after lines. */
function blockStarts(text, pageStarts) {
  const starts = [0];
  const isPage = pageStarts.filter((start) => start > 0).sort((a, b) => a - b);
  for (let at = 0; at < text.length; ) {
    const line = text.indexOf("\n", at + BLOCK_UNITS);
    const blank = text.lastIndexOf(" ", at + LONGEST_BLOCK_UNITS);
    let next = line < 0 ? text.length : line + 1;
    if (next - at > LONGEST_BLOCK_UNITS && blank > at) next = blank + 1;
    while (isPage.length && isPage[0] <= at) isPage.shift();
    if (isPage.length && isPage[0] < next) next = isPage[0];
    if (next < text.length) starts.push(next);
    at = next;
  }
  return starts;
}

/** The nodes of a part of the text, in which what is marked has elements of its own. */
function marked(text, start, end, marks) {
  const nodes = [];
  let at = start;
  for (const mark of marks) {
    const from = Math.max(mark.start, at);
    const to = Math.min(mark.end, end);
    if (from >= to) continue;
    nodes.push(text.slice(at, from), make(mark.tag, {}, text.slice(from, to)));
    at = to;
  }
  return [...nodes, text.slice(at, end)].filter((node) => node !== "");
}

/** Put breaks that only a width asked for into elements of their own; the text stays as it is. */
function softenBreaks(block) {
  const breaks = [...block.textContent.matchAll(SOFT_BREAK)].map(({ index }) => index);
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  let start = 0;
  for (const node of nodes) {
    const { data, length } = node;
    const cuts = breaks.filter((at) => at >= start && at < start + length).map((at) => at - start);
    start += length;
    if (!cuts.length) continue;
    const pieces = cuts.flatMap((at, i) => [
      data.slice(i ? cuts[i - 1] + 1 : 0, at),
      make("span.soft", {}, data[at]),
    ]);
    node.replaceWith(...pieces, data.slice(cuts.at(-1) + 1));
  }
}
