// Sending what somebody says of an answer.

import { request } from "./service.js";

/**
 * Send a verdict on the answer to a question.
 *
 * @param {"right"|"wrong"|"here"} verdict
 * @param {object|null} span document_id, start and end in code points; null for there being none
 */
export const sendFeedback = (question, verdict, span) =>
  request("POST", "v1/feedback", { body: { question, verdict, ...span } });
