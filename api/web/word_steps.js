// Steps through a text, word by word and line by line; spans are in UTF-16 units.

// Letters and digits, also around one mark: "don't", "14,000", "09:30"; any other sign alone.
const WORD = /[\p{L}\p{N}\p{M}]+(?:[.,:'’@/-][\p{L}\p{N}\p{M}]+)*|\S/gu;
const LOOK_BACK_UNITS = 400;

/** The first word that begins at a place or later; null if there is none. */
export function nextWord(text, from) {
  WORD.lastIndex = from;
  return span(WORD.exec(text));
}

/** The last word that ends at a place or before; null if there is none. */
export function previousWord(text, before) {
  const end = text.slice(0, before).trimEnd().length;
  const blank = text.lastIndexOf(" ", Math.max(0, end - LOOK_BACK_UNITS));
  const start = end <= LOOK_BACK_UNITS ? 0 : blank + 1;
  WORD.lastIndex = 0; // matchAll begins there
  return span([...text.slice(start, end).matchAll(WORD)].at(-1), start);
}

/** The first word of the next line that has one. */
export function nextLine(text, from) {
  const line = text.indexOf("\n", from);
  return line < 0 ? null : nextWord(text, line);
}

/** The first word of this line or, from there, of the line before. */
export function previousLine(text, before) {
  const above = text.slice(0, before).trimEnd();
  return above ? nextWord(text, above.lastIndexOf("\n") + 1) : null;
}

const span = (match, start = 0) =>
  match ? { start: start + match.index, end: start + match.index + match[0].length } : null;
