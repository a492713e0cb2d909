// A quote in its sentence, with its source and how sure it is.

import { CodePoints } from "./codepoints.js";
import { make } from "./dom.js";
import { openDocument } from "./reader.js";
import { certaintyWords, dateWords, fileName, percent, placeWords } from "./words.js";

/** The sentence of an answer with its quote marked. */
export function sentence(answer) {
  const places = new CodePoints(answer.sentence);
  const start = places.toUnits(answer.start - answer.sentence_start);
  const end = places.toUnits(answer.end - answer.sentence_start);
  return make(
    "blockquote",
    {},
    answer.sentence.slice(0, start),
    make("mark", {}, answer.sentence.slice(start, end)),
    answer.sentence.slice(end),
  );
}

/** Title, file, place and date of a document, with the button that opens it there. */
export function source(document, { opens, place = null }) {
  const { verb, day, machine } = dateWords(document);
  const name = fileName(document.uri);
  const facts = [name === document.title ? null : name, place, `${verb} `].filter(Boolean);
  return make(
    "p.source",
    {},
    openButton(document, opens),
    make("span.muted", {}, ` · ${facts.join(" · ")}`, make("time", { datetime: machine }, day)),
  );
}

const openButton = (document, opens) =>
  make("button.link", { type: "button", click: () => openDocument(document.id, opens) }, document.title);

/** Where an answer comes from. */
export const answerSource = (answer) =>
  source(answer.document, { opens: spanOf(answer), place: placeWords(answer) });

/** Where a candidate comes from, and how sure it is, in short. */
export const candidateSource = (answer) =>
  make(
    "p.source",
    {},
    openButton(answer.document, spanOf(answer)),
    make("span.muted", {}, ` · ${placeWords(answer)} · ${percent(answer.probability)}`),
  );

const spanOf = (answer) => ({
  start: answer.start,
  end: answer.end,
  sentence: sentenceSpan(answer),
});

const sentenceSpan = (answer) => ({
  start: answer.sentence_start,
  end: answer.sentence_start + [...answer.sentence].length,
});

/** How sure an answer is: a bar, words, and the number. */
export function certainty({ probability }) {
  return make(
    "p.certainty",
    {},
    make("meter", { min: 0, max: 1, value: probability, "aria-hidden": "true" }),
    make("span", {}, make("strong", {}, certaintyWords(probability)), `, ${percent(probability)} likely to be right`),
  );
}
