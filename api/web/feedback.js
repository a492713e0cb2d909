// What somebody says of an answer: right, wrong, or where the answer is.

import { announce, make } from "./dom.js";
import { openDocument } from "./reader.js";
import { sendFeedback } from "./verdicts.js";

/**
 * The buttons under an answer, or under there being none.
 *
 * @param {object} result what was asked, and found
 * @param {object|null} answer the one it is about; null for an abstention
 * @param {boolean} isCandidate whether another answer, or none, was given in its place
 */
export function feedbackBar(result, answer, { isCandidate = false } = {}) {
  const span = answer && { document_id: answer.document.id, start: answer.start, end: answer.end };
  const bar = make("div.feedback", { role: "group", "aria-label": "Feedback" });
  const about = answer ? `: ${answer.text}` : "";

  async function say(verdict, thanks) {
    try {
      await sendFeedback(result.question, verdict, span);
      bar.replaceChildren(make("p.muted", { tabindex: -1 }, thanks));
      bar.firstChild.focus();
      announce(thanks);
    } catch (error) {
      if (error.name !== "AbortError") showError(bar, error);
    }
  }

  const button = (text, label, click) =>
    make("button.quiet", { type: "button", "aria-label": label, click }, text);
  const elsewhere = () => {
    const document = answer?.document ?? result.nearest[0]?.document;
    if (document) openDocument(document.id, { ...(span ?? {}), isChoosing: true });
  };

  if (isCandidate) {
    bar.append(
      button("This is the answer", `This is the answer${about}`, () =>
        say("here", "Thank you. Noted as the answer."),
      ),
    );
  } else {
    const [right, wrong] = answer ? ["Right", "Wrong"] : ["Right, there is none", "Wrong, there is one"];
    bar.append(
      make("span.muted", { "aria-hidden": "true" }, answer ? "Is this right?" : "Is that so?"),
      button(right, `${right}${about}`, () => say("right", "Thank you. Noted as right.")),
      button(wrong, `${wrong}${about}`, () => say("wrong", "Thank you. Noted as wrong.")),
    );
    if (answer || result.nearest.length) {
      bar.append(button("The answer is here…", "Show where the answer is, in a document", elsewhere));
    }
  }
  return bar;
}

function showError(bar, error) {
  bar.querySelector(".error")?.remove();
  bar.append(make("p.error", { role: "alert" }, error.message));
}
