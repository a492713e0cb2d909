// Following uploads and deletions that the service works on, until they are done.

import { request } from "./service.js";

const SOON_MS = 150;
const LATER_MS = 2000;
const AT_ONCE = 3; // the service works on one after another; the others only wait

const followed = new Map(); // id to { job, onChange }, oldest first
let isFollowing = false;

const isOver = ({ state }) => state === "done" || state === "failed";

/** Tell `onChange` of a job now, and of each change until it is done or failed. */
export function followJob(job, onChange) {
  onChange(job);
  if (isOver(job)) return;
  followed.set(job.id, onChange);
  if (!isFollowing) follow();
}

async function follow() {
  isFollowing = true;
  for (let wait = SOON_MS; followed.size; wait = Math.min(wait * 1.2, LATER_MS)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    for (const [id, onChange] of [...followed].slice(0, AT_ONCE)) {
      if (await look(id, onChange)) wait = SOON_MS;
    }
  }
  isFollowing = false;
}

/** Ask about one job; return whether it is over. */
async function look(id, onChange) {
  let job;
  try {
    job = await request("GET", `v1/jobs/${id}`);
  } catch (error) {
    if (error.status !== 404) return false; // the service may be starting anew: the job is kept
    job = { state: "failed", documents: [] };
  }
  if (isOver(job)) followed.delete(id);
  onChange(job);
  return isOver(job);
}
