// The logs of runs, followed while they are written.

import { api } from "any2any/api";

/** The time between two requests about a run that trains, and about one that does not, in milliseconds. */
const PACE = { running: 2000, resting: 20000 };

/**
 * @typedef {object} Log
 * @property {object[]} train        lines about training, by step
 * @property {object[]} validation   lines about validation, by step and task
 * @property {object[]} samples      lines with samples, by step and task
 * @property {number} next           what to ask for next
 * @property {boolean} running       whether the training is at work
 * @property {string|null} missing   why there is no log
 */

/** Follows the runs that `wanted()` names for as long as `open()` is true; calls `onNews()` after each change.
 * @returns {{ logs: Map<number, Log>, ask: () => void }} */
export function followLogs({ wanted, open, onNews }) {
  const logs = new Map();
  const due = new Map();                                          // run → when it is asked about again
  let timer = 0;
  let asking = false;

  async function ask() {
    clearTimeout(timer);
    if (asking) return;
    asking = true;
    let news = false;
    for (const run of wanted()) {
      if (!open() || (due.get(run) ?? 0) > Date.now()) continue;
      news = (await read(run, logs)) || news;
      due.set(run, Date.now() + (logs.get(run).running ? PACE.running : PACE.resting));
    }
    asking = false;
    if (news) onNews();
    timer = setTimeout(ask, 500);
  }
  return { logs, ask };
}

/** Reads the new lines of a run's log; returns whether there were any. */
async function read(run, logs) {
  const log = logs.get(run) ?? empty();
  logs.set(run, log);
  let news = false;
  for (let more = true; more;) {
    const answer = await api.training({ run, from: log.next }).catch((error) => ({ error }));
    if ("error" in answer) {
      // If a server does not answer for a moment, nothing is lost.
      news ||= log.missing !== answer.error.message;
      log.missing = answer.error.message;
      return news;
    }
    if (answer.from < log.next) Object.assign(log, empty());
    news ||= answer.lines.length > 0 || log.running !== answer.running || log.missing !== null;
    for (const line of answer.lines) add(log, line);
    Object.assign(log, { next: answer.next, running: answer.running, missing: null });
    more = answer.more;
  }
  return news;
}

const empty = () => ({ train: [], validation: [], samples: [], next: 0, running: false, missing: null });

/** A training that went on from a checkpoint makes steps again: the lines about them from before are dropped. */
function add(log, line) {
  const lines = log[line.kind];
  if (!lines) return;
  while (lines.length && (lines.at(-1).step > line.step || (lines.at(-1).step === line.step && lines.at(-1).task === line.task))) lines.pop();
  lines.push(line);
}
