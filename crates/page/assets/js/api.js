// Client of the server's JSON interface. On an exported page, it finds the answers in the page itself, or its engine works
// them out.

import { base64, bytes } from "any2any/base64";
import * as engine from "any2any/engine";
import { canonical, offline, recorded } from "any2any/recorded";

/** @import { AssessedSample, Attribution, DistanceGroup, Floats, Lens, Look, Neighbour, Part, Patching, Run, Sweep, Translations, View, Vocabulary } from "any2any/types" */
/** @import { BeamNode } from "any2any/beam/layout" */
/** @typedef {Record<string, string|number|null|undefined>} Query   what is null is left out */

export { base64, bytes, canonical, offline };

/** True if questions about a run that nobody has asked before are answered: by the server, or by an exported page's own
 * engine. @param {number} run */
export const answersAnew = (run) => !offline || engine.carries(run);

/** An error of the server: `code` for programs, `message` and `help` for people. */
export class ApiError extends Error {
  constructor({ code, message, help }) {
    super(message);
    this.code = code;
    this.help = help;
  }
}

/** Every endpoint that the page uses. Bodies and answers are described in /openapi.json. */
export const api = {
  /** @returns {Promise<Run[]>} */
  runs: () => get("/api/runs"),
  /** @returns {Promise<Vocabulary>} */
  vocabulary: (/** @type {Query} */ query) => get("/api/vocabulary", query),
  /** @returns {Promise<{ total: number, samples: { number: number, source: View|null, target: View }[] }>} */
  samples: (/** @type {Query} */ query) => get("/api/samples", query),
  /** @returns {Promise<Floats & { full_shape: number[] }>} */
  parameter: (/** @type {Query} */ query) => get("/api/parameter", query),
  /** @returns {Promise<{ total: number, next: number|null, groups: DistanceGroup[] }>} */
  distance: (/** @type {Query} */ query) => get("/api/distance", query),
  /** @returns {Promise<{ from: number, lines: Record<string, any>[], next: number, more: boolean, running: boolean }>} */
  training: (/** @type {Query} */ query) => get("/api/training", query),
  /** @returns {Promise<{ source: View|null, reference: View, output: View|null }>} */
  written: (/** @type {Query} */ query) => get("/api/written", query),
  /** @returns {Promise<Sweep>} */
  sweep: (/** @type {Query} */ query) => get("/api/sweep", query),
  /** @returns {Promise<Translations>} */
  translate: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/translate", body, signal),
  /** @returns {Promise<{ log_probability: number, tokens: number, by_token: [string, number][], milliseconds?: number }>}   milliseconds: of a recording that was timed */
  score: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/score", body, signal),
  /** @returns {Promise<Look>} */
  look: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/look", body, signal),
  /** @returns {Promise<{ nodes: BeamNode[], best: number[] }>} */
  beam: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/beam", body, signal),
  /** @returns {Promise<Attribution>} */
  attribution: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/attribution", body, signal),
  /** @returns {Promise<Lens>} */
  lens: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/lens", body, signal),
  /** @returns {Promise<Patching>} */
  patching: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/patching", body, signal),
  /** @returns {Promise<{ total: number, next: number|null, neighbours: Neighbour[] }>} */
  neighbours: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/neighbours", body, signal),
  /** @returns {Promise<{ total: number, next: number|null, samples: AssessedSample[] }>} */
  assessments: (/** @type {Query} */ query) => get("/api/assessments", query),
  /** @returns {Promise<{ parts: Part[] }>} */
  machine: (/** @type {object} */ body, /** @type {AbortSignal} */ signal = undefined) => post("/api/machine", body, signal),
};

/** The decoding of all outputs that the page explains: greedy and without guidance, which is the model itself. */
export const LIKELIEST = { greedy: {}, guidance: 1 };

/** GET with a query. */
export function get(path, query = {}) {
  if (offline) return remembered("GET", path, query);
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value != null));
  return send(search.size ? `${path}?${search}` : path, { headers: headers() });
}

/** POST with a body; `signal` can abort the request.
 * @param {string} path @param {object} body @param {AbortSignal} [signal] */
export function post(path, body, signal) {
  if (offline) return remembered("POST", path, body);
  return send(path, {
    method: "POST",
    headers: { ...headers(), "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
}

/** The token of the page's address: a server that is reachable from elsewhere prints its address with `?token=…`. */
const token = new URLSearchParams(location.search).get("token");

function headers() {
  return token ? { authorization: `Bearer ${token}` } : {};
}

async function send(url, options) {
  const response = await fetch(url, options).catch((cause) => {
    if (cause.name === "AbortError") throw cause;
    throw new ApiError({
      code: "unreachable",
      message: "The server does not answer.",
      help: "Is `any2any explore` still running? Start it again and reload this page.",
    });
  });
  const text = await response.text();
  const answer = parse(text, response);
  if (!response.ok || answer?.error) {
    throw new ApiError(answer?.error ?? { code: String(response.status), message: response.statusText, help: "" });
  }
  return answer;
}

function parse(text, response) {
  try {
    return JSON.parse(text);
  } catch {
    const message = text.slice(0, 200) || `status ${response.status}`;
    throw new ApiError({ code: "unreadable", message: `The server's answer is no JSON: ${message}`, help: "" });
  }
}

/** A recorded answer of an exported page, or that of its engine. */
async function remembered(method, path, given) {
  const known = recorded(method, path, given);
  if (known !== undefined) return known;
  if (engine.answers(path, given)) {
    const { answer, problem } = await engine.answer(path, given);
    if (problem) throw new ApiError(problem);
    return answer;
  }
  throw new ApiError({
    code: "not_recorded",
    message: "This page is a recording, and holds no answer to that.",
    help: "Pick one of the recorded examples, or run `any2any explore` on the run itself.",
  });
}

// ---- numbers ----

const decoded = new WeakMap();

/** Floats of an answer as { shape, values }; decoded once for each answer.
 * @param {import("any2any/types").Floats} packed
 * @returns {{ shape: number[], values: Float32Array }} */
export function floats(packed) {
  if (!decoded.has(packed)) decoded.set(packed, { shape: packed.shape, values: numbers(packed) });
  return decoded.get(packed);
}

function numbers(packed) {
  if (packed.values) return packed.values;                        // made in the page, never packed
  if (packed.half) return halves(new Uint16Array(bytes(packed.half).buffer));
  return new Float32Array(bytes(packed.data).buffer);             // little-endian, as every browser's machine is
}

/** Numbers in half precision (IEEE 754 binary16), as exported pages carry them. */
function halves(packed) {
  return Float32Array.from(packed, (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
