// The answer to a question on the page: the quote, the sides of a conflict, or why there is none.

import { make } from "./dom.js";
import { feedbackBar } from "./feedback.js";
import { answerSource, candidateSource, certainty, sentence, source } from "./quotes.js";
import { percent, reasonWords } from "./words.js";

const LONG_QUOTE_CHARS = 90;

/** Return what the page shows of a result, as nodes, and what is said of it to those who hear. */
export function shownResult(result) {
  if (result.answer) return answered(result);
  return result.reason === "conflicting_answers" ? conflicting(result) : abstained(result);
}

function answered(result) {
  const { answer } = result;
  const size = answer.text.length > LONG_QUOTE_CHARS ? ".long" : "";
  return {
    said: `Answer: ${answer.text}. ${percent(answer.probability)} sure, from ${answer.document.title}.`,
    nodes: [
      make(
        "article.answer",
        { "aria-labelledby": "answer-heading" },
        make("h2.visually-hidden", { id: "answer-heading" }, "Answer"),
        make(`p.quote${size}`, {}, answer.text),
        sentence(answer),
        answerSource(answer),
        certainty(answer),
        shiftNote(result),
        feedbackBar(result, answer),
      ),
      candidates("Other candidates", result, result.candidates.slice(1)),
      evidence("Passages that were read", result.nearest, false),
    ],
  };
}

function conflicting(result) {
  const [headline, reason] = reasonWords(result.reason);
  const sides = result.candidates.slice(0, 2);
  return {
    said: `${headline}: ${sides.map((side) => side.text).join(", or ")}.`,
    nodes: [
      make(
        "article.no-answer",
        { "aria-labelledby": "answer-heading" },
        make("h2", { id: "answer-heading" }, headline),
        make("p", {}, `${reason} Their sources and dates may decide.`),
        make("div.sides", {}, ...sides.map((side) => conflictSide(result, side))),
        shiftNote(result),
      ),
      candidates("Other candidates", result, result.candidates.slice(2)),
      evidence("Passages that were read", result.nearest, false),
    ],
  };
}

const conflictSide = (result, answer) =>
  make(
    "section.side",
    { "aria-label": answer.text },
    make("p.quote", {}, answer.text),
    sentence(answer),
    answerSource(answer),
    certainty(answer),
    feedbackBar(result, answer),
  );

function abstained(result) {
  const [headline, reason] = reasonWords(result.reason);
  const least = percent(result.limit.min_probability);
  const isUnsure = result.reason === "low_confidence";
  const title = isUnsure ? "Candidates, none of them certain" : "The nearest there was";
  return {
    said: `No answer. ${headline}. ${reason}`,
    nodes: [
      make(
        "article.no-answer",
        { "aria-labelledby": "answer-heading" },
        make("p.eyebrow", {}, "No answer"),
        make("h2", { id: "answer-heading" }, headline),
        make("p", {}, isUnsure ? `${reason} An answer must be ${least} likely.` : reason),
        shiftNote(result),
        result.reason === "no_passages" ? null : feedbackBar(result, null),
      ),
      isUnsure ? candidates(title, result, result.candidates) : null,
      evidence(isUnsure ? "Nearest passages" : title, result.nearest, true),
      isUnsure ? null : candidates("Weak candidates", result, result.candidates),
    ],
  };
}

const shiftNote = (result) =>
  result.calibration === "shifted"
    ? make(
        "p.note",
        {},
        "This question is unlike those that the probabilities were fitted on: take them with care.",
      )
    : null;

function candidates(title, result, answers) {
  if (!answers.length) return null;
  const item = (answer) =>
    make(
      "li",
      {},
      sentence(answer),
      make(
        "div.below",
        {},
        candidateSource(answer),
        feedbackBar(result, answer, { isCandidate: true }),
      ),
    );
  return make(
    "section.more",
    { "aria-label": title },
    make("h3", {}, title),
    make("ol", {}, ...answers.map(item)),
  );
}

/** The passages nearest to the question; folded away where there is something better to see. */
function evidence(title, passages, isOpen) {
  if (!passages.length) return null;
  const item = (passage) =>
    make(
      "li",
      {},
      source(passage.document, { opens: { passage: passage.text } }),
      make("p.passage", {}, passage.text),
    );
  return make(
    "details.more",
    { open: isOpen },
    make("summary", {}, make("h3", {}, title)),
    make("ol", {}, ...passages.map(item)),
  );
}
