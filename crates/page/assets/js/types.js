// Types that many modules share, for JSDoc alone: answers of the server (described in /openapi.json) and the arguments
// of panels. No module needs this file to run: `npm run types` in tests/browser checks the page against it, and a test
// of the server that every field named here is a field of the answer.

/**
 * @typedef {{ shape: number[], data?: string, half?: string, values?: Float32Array }} Floats
 *   numbers of an answer, read with `floats`; values: made in the page, never packed
 * @typedef {{ number: number, name: string, folder: string, training: boolean, sweep: boolean, model: Model|null, broken: string|null }} Run
 * @typedef {{ name: string, step: number, best: boolean, last: boolean }} Checkpoint
 * @typedef {{ medium: string, kind: "text"|"image"|"signal"|"items", extensions: string[], tokens: boolean, vocabulary: number|null }} TaskSide
 *   tokens: its sequences are tokens, else frames
 * @typedef {{ tokens: string[], begin: number, end: number, forbidden: number[] }} Vocabulary
 *
 * @typedef {object} Model
 * @property {"transformer"|"decoder_only"|"lstm"} body
 * @property {number} d_model
 * @property {number} d_ff
 * @property {number} heads
 * @property {number} encoder_layers
 * @property {number} decoder_layers
 * @property {number} parameters
 * @property {"pre"|"post"|null} norm
 * @property {"sinusoidal"|"learned"|"rotary"|"alibi"|null} positions
 * @property {Checkpoint[]} checkpoints
 * @property {Task[]} tasks
 *
 * @typedef {object} Task
 * @property {number} number
 * @property {string} name
 * @property {boolean} per_position  whether the target has one token for every position of the source
 * @property {TaskSide|null} source
 * @property {TaskSide} target
 * @property {{ beam?: { size?: number, length_penalty?: number } }} decoding
 * @property {string[]} splits
 */

/**
 * @typedef {{ width: number, height: number, channels: number, pixels: string }} ImageView
 * @typedef {{ rate: number, channels: string[], samples: Floats, start?: number }} SignalView
 * @typedef {{ text?: string, image?: ImageView, signal?: SignalView, items?: string[] }} View    one of the four
 * @typedef {{ start: number, end: number }} Span
 *
 * @typedef {object} Region        what a position covers: one of these
 * @property {object} [nothing]
 * @property {Span} [bytes]        of a text in UTF-8
 * @property {Span} [items]        of a row of items
 * @property {{ left: number, top: number, width: number, height: number }} [rectangle]   in pixels
 * @property {Span} [span]         in seconds
 * @property {{ channels: Span, start: number, end: number }} [window]
 *
 * @typedef {{ text?: string, sample?: { split: string, number: number }, file?: { name: string, content: string } }} Input
 *   one of the three
 */

/**
 * @typedef {"encoder"|"decoder"} Stack
 * @typedef {"self"|"cross"} AttentionKind
 * @typedef {{ number: number, count: number, start: number, end: number }} Window   of a long source, in seconds
 * @typedef {{ label: string|null, region: Region, token?: number|null, log_probability?: number|null }} Position
 * @typedef {{ stack: Stack, kind: AttentionKind, layer: number, weights: Floats }} AttentionEntry   [heads, queries, keys]
 *
 * @typedef {object} Look          one pass over a source and what was written
 * @property {{ view: View, window: Window|null, positions: Position[], unknown: string[], warnings: string[], frames: Floats|null }|null} source
 * @property {{ view: View|null, positions: Position[] }} target
 * @property {AttentionEntry[]} attention
 * @property {Floats|null} logits        row i: what follows the first i tokens
 * @property {number|null} longest
 * @property {number} milliseconds   how long the pass took
 *
 * @typedef {object} Part                a box of the machine
 * @property {string} id
 * @property {string} name
 * @property {import("any2any/machine/architecture").BlockKind} kind
 * @property {Stack|null} stack
 * @property {number|null} layer
 * @property {{ name: string, shape: number[], data: Floats }[]} values
 * @property {{ name: string, shape: number[] }[]} parameters
 *
 * @typedef {{ view: View, tokens: number[], labels: string[], score: number, log_probability: number }} Output
 * @typedef {{ outputs: Output[][], unknown: string[][], warnings: string[][] }} Translations
 * @typedef {{ option: string, scale: "linear"|"log"|"list", values: number[] }} Axis   of a sweep
 * @typedef {{ at: number[], converged: boolean, measure: number, loss: number|null, halved: number|null, losses: (number|null)[] }} Cell
 * @typedef {{ name: string, config: string, overrides: string[], steps: number, points: number[], axes: Axis[], cells: Cell[], running: boolean }} Sweep
 * @typedef {{ left: number, right: number, low: number, high: number }} Cells   a rectangle of a sweep's map, in cells
 * @typedef {{ distance: number, samples: number, right: number, first_right: number }} DistanceGroup
 * @typedef {{ source: number[], target: number[], base: number, integral: { baseline: number, steps: number, missing: number }|null }} Attribution
 * @typedef {{ token: number, label: string, log_probability: number }} LensToken
 * @typedef {{ tokens: number[], log_probability: Floats, rank: Floats, entropy: Floats, divergence: Floats, likeliest: LensToken[][][] }} Lens
 * @typedef {{ base: number, other: number, effect: Floats, whole: number[], group: number, positions: number, labels: (string|null)[] }} Patching
 * @typedef {{ sample: number, position: number, similarity: number, labels: (string|null)[], reference: string }} Neighbour
 * @typedef {{ position: number, expected: string, likeliest: string, log_probability: number }} Confusion
 *
 * @typedef {object} AssessedSample     a sample that is held against the model
 * @property {number} number
 * @property {string|null} source
 * @property {string} reference
 * @property {string} output
 * @property {number} positions
 * @property {number} tokens
 * @property {number} loss
 * @property {number} entropy
 * @property {number} error
 * @property {Confusion[]} confusions
 *
 * @typedef {object} AttentionEdit      one change: of a query, or of a key
 * @property {Stack} stack
 * @property {AttentionKind} kind
 * @property {number} layer
 * @property {number} head
 * @property {{ row?: { query: number, weights: number[] }, silence?: number }} change
 */

/**
 * @typedef {object} Shared
 * @property {import("any2any/state").State} state
 * @property {typeof import("any2any/state").set} set
 * @property {typeof import("any2any/state").on} on
 *
 * @typedef {Shared & ReturnType<typeof import("any2any/actions").questions>} Known   what the state tells
 * @typedef {Known & ReturnType<typeof import("any2any/actions").actions>} App        what every panel is given
 */

export {};
