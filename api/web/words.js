// How things are said: certainty, reasons, places, dates, kinds.

const REASONS = {
  no_passages: ["Nothing to read", "No document is close to the question."],
  no_answer_in_passages: [
    "The documents do not answer this",
    "The closest passages were read, and none of them holds an answer.",
  ],
  low_confidence: ["Nothing certain enough", "There are candidates, but none is likely enough to be right."],
  conflicting_answers: ["The documents disagree", "Each of these would be the answer without the other."],
};

const CERTAINTIES = [
  [0.9, "Very sure"],
  [0.7, "Fairly sure"],
  [0.5, "Rather right than wrong"],
  [0.25, "Unsure"],
  [0, "Very unsure"],
];

const KINDS = {
  "application/epub+zip": "EPUB",
  "application/json": "JSON",
  "application/msword": "Word",
  "application/pdf": "PDF",
  "application/rtf": "RTF",
  "application/vnd.ms-outlook": "E-mail",
  "application/vnd.oasis.opendocument.text": "OpenDocument",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
  "message/rfc822": "E-mail",
  "text/csv": "CSV",
  "text/html": "HTML",
  "text/markdown": "Markdown",
  "text/plain": "Text",
  "text/x-rst": "reST",
};

const NUMBER = new Intl.NumberFormat("en");
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** Why there is no answer: a headline and a sentence. */
export const reasonWords = (reason) => REASONS[reason] ?? ["No answer", "The service gave no reason."];

/** A probability in words: "Very sure". Rounded as the number beside it. */
export const certaintyWords = (probability) =>
  CERTAINTIES.find(([least]) => Math.round(probability * 100) / 100 >= least)[1];

/** A probability as a number: "93%"; never 0% or 100%, for nothing is that sure. */
export function percent(probability) {
  if (probability > 0.99) return "over 99%";
  if (probability < 0.01) return "under 1%";
  return `${Math.round(probability * 100)}%`;
}

/** A number with separators: "1,234". */
export const count = (number) => NUMBER.format(number);

/** A number of things: "1 document", "2 documents". */
export const counted = (number, thing) => `${count(number)} ${thing}${number === 1 ? "" : "s"}`;

/** What kind of file a document is. */
export const kindWords = (mediaType) => KINDS[mediaType] ?? mediaType;

/** The name of the file that a document came from. */
export function fileName(uri) {
  const last = uri.split("/").at(-1) || uri;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Where in a document a quote stands: "page 3", "line 16". */
export const placeWords = ({ page, line }) =>
  page != null ? `page ${page}` : line != null ? `line ${count(line)}` : null;

/** When a document was changed or, if that is not known, added: words and the day for machines. */
export function dateWords({ modified_at: modified, ingested_at: ingested }) {
  const date = new Date(modified ?? ingested);
  const verb = modified ? "changed" : "added";
  return { verb, day: DATE.format(date), machine: date.toISOString().slice(0, 10) };
}
