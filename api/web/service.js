// Talking to the service: requests with the key, problems as errors.

import { currentKey, keyNeeded } from "./key.js";

/** What the service, or the way to it, says against a request; the message is for people. */
export class Problem extends Error {
  constructor(status, { type = "", title = "", detail = "" } = {}, retryAfter = null) {
    super(detail || title || `The service answered ${status}.`);
    this.status = status;
    this.kind = type.startsWith("urn:") ? type.split(":").at(-1) : "";
    this.retryAfter = retryAfter;
  }
}

const UNREACHABLE = { detail: "The service cannot be reached. Is it still running?" };

/**
 * Send a request; return the JSON that answers it, null where there is none.
 *
 * A service that wants a key gets one: the person is asked for it, and the request sent again.
 */
export function request(method, path, { body, signal } = {}) {
  return withKey(async (headers) => {
    if (body !== undefined) headers["content-type"] = "application/json";
    const options = { method, headers, signal, cache: "no-store" };
    if (body !== undefined) options.body = JSON.stringify(body);
    let response;
    try {
      response = await fetch(path, options);
    } catch (error) {
      throw error.name === "AbortError" ? error : new Problem(0, UNREACHABLE);
    }
    const answer = parsed(await response.text());
    if (!response.ok) throw new Problem(response.status, answer, response.headers.get("retry-after"));
    return answer;
  });
}

/** Send a form as `request` does, telling how much of it is sent: 0 to 1. */
export function upload(path, form, { onSent, signal }) {
  return withKey(
    (headers) =>
      new Promise((resolve, reject) => {
        // fetch cannot tell how far a body is.
        const sending = new XMLHttpRequest();
        const stop = () => sending.abort();
        signal.addEventListener("abort", stop, { once: true });
        sending.open("POST", path);
        for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
        sending.upload.onprogress = (event) => onSent(event.loaded / event.total);
        sending.onload = () => {
          const answer = parsed(sending.responseText);
          if (sending.status === 202) resolve(answer);
          else reject(new Problem(sending.status, answer, sending.getResponseHeader("retry-after")));
        };
        sending.onerror = () => reject(new Problem(0, UNREACHABLE));
        sending.onabort = () => reject(new DOMException("stopped", "AbortError"));
        sending.onloadend = () => signal.removeEventListener("abort", stop);
        sending.send(form);
      }),
  );
}

async function withKey(send) {
  for (;;) {
    const key = currentKey();
    try {
      return await send(key ? { authorization: `Bearer ${key}` } : {});
    } catch (error) {
      const isRefused = error instanceof Problem && error.status === 401;
      // Another request may have got a key meanwhile.
      if (!isRefused || (currentKey() === key && !(await keyNeeded(error)))) throw error;
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined; // nothing, or something between us and the service answered
  }
}
