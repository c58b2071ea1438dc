// The curves in the logs of some runs, figure by figure.

import { category } from "any2any/draw";

/** Figures from lines about training: field → title. */
const OF_TRAINING = [
  ["loss", "Loss in training"],
  ["alignment_loss", "Loss of the alignment"],
  ["accuracy", "Accuracy in training, %"],
  ["learning_rate", "Learning rate"],
  ["gradient_norm", "Norm of the gradients"],
  ["tokens_per_second", "Target tokens a second"],
];

const NAMES = {
  bleu: "BLEU", bleu_lowercase: "BLEU, lower-cased", chrf: "chrF", chrf_plus_plus: "chrF++", ter: "TER", wer: "Word error rate",
  cer: "Character error rate", exact_match: "Exact matches, %", token_accuracy: "Tokens at their place, %",
  character_accuracy: "Characters at their place, %", psnr: "PSNR, dB", ssim: "SSIM", mean_absolute_error: "Mean absolute error",
  spectral_distance: "Spectral distance, dB", dynamic_time_warping: "Dynamic time warping distance",
};

/** Figures in the order in which they are shown: the losses first, then what was decoded, then the rest.
 * @param {{ number: number, label: string, log: import("any2any/training/log").Log }[]} runs
 * @param {"step"|"seconds"|"tokens"} across
 * @returns {{ id: string, title: string, curves: import("any2any/training/chart").Curve[] }[]} */
export function figuresOf(runs, across) {
  const figures = new Map();
  const put = (id, title, curve) => {
    if (curve.points.length === 0) return;
    if (!figures.has(id)) figures.set(id, { id, title, curves: [] });
    figures.get(id).curves.push(curve);
  };
  const ofTraining = (field, title) => {
    for (const { label, log, number } of runs) {
      const lines = log.train.filter((line) => line[field] !== undefined);
      put(field, title, { name: label, colour: category(number), points: lines.map((line) => [line[across], line[field]]) });
    }
  };
  ofTraining(...OF_TRAINING[0]);
  for (const { label, log, number } of runs) {
    for (const [task, lines] of byTask(log.validation)) {
      const name = label + taskOf(task, log.validation);
      const curve = (pick) => ({
        name, dots: true, colour: category(number),
        points: lines.map((line) => [placeOf(line, across, log), pick(line)]).filter(([x, y]) => x !== undefined && y !== undefined),
      });
      put("validation", "Loss on the validation split", curve((line) => line.teacher_forced?.loss));
      const metrics = new Set(lines.flatMap((line) => Object.keys(line.decoded ?? {})));
      for (const metric of metrics) put(`decoded ${metric}`, `${NAMES[metric] ?? metric}, decoded`, curve((line) => line.decoded[metric]));
    }
  }
  for (const figure of OF_TRAINING.slice(1)) ofTraining(...figure);
  return [...figures.values()];
}

export function byTask(lines) {
  const tasks = new Map();
  for (const line of lines) tasks.set(line.task, [...(tasks.get(line.task) ?? []), line]);
  return tasks;
}

/** The task's name, if a run has several. */
const taskOf = (task, lines) => (lines.some((line) => line.task !== task) ? `: ${task}` : "");

/** The x of a line. Lines about validation do not count tokens; the line about training of the same step does. */
function placeOf(line, across, log) {
  if (line[across] !== undefined) return line[across];
  return log.train.findLast(({ step }) => step <= line.step)?.[across];
}
