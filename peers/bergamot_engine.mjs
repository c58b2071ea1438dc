/**
 * The engine that Firefox's translation models are made for, beside `any2any bench decode` of such a model: npm's
 * `@browsermt/bergamot-translator` in Node, a worker a thread.
 *
 *     node peers/bergamot_engine.mjs WORK/npm MODEL WORK/test_2016_flickr.en --threads 2 --batch 32
 *     node peers/bergamot_engine.mjs WORK/npm MODEL WORK/test_2016_flickr.en --one-by-one --output lines.pt
 *
 * `WORK/npm` is where npm has put the package (README.md beside this file), MODEL a folder with `model*.bin`, `lex*.bin` and
 * `vocab*.spm`. A line is translated before the clock starts, in every worker. Prints one JSON object; processor seconds are
 * those between the clock's start and its end, of all threads.
 */

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1" },
    batch: { type: "string", default: "32" },
    "one-by-one": { type: "boolean", default: false },
    "whole-vocabulary": { type: "boolean", default: false },
    output: { type: "string" },
  },
});
const [installed, folder, input] = positionals;
const threads = Number(options.threads);
const batchSize = options["one-by-one"] ? 1 : Number(options.batch);
if (input === undefined || !(threads >= 1) || !(batchSize >= 1)) {
  console.error("usage: node bergamot_engine.mjs INSTALLED MODEL LINES [--threads N] [--batch LINES] [--one-by-one]");
  process.exit(2);
}
const packaged = pathToFileURL(resolve(installed, "node_modules/@browsermt/bergamot-translator/translator.js"));
const { BatchTranslator, TranslatorBacking } = await import(packaged);

/** The bytes of the only file of the model's folder with such a name. */
function bytes(pattern) {
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  if (names.length !== 1) {
    console.error(`error: ${folder} has ${names.length} files that match ${pattern}`);
    process.exit(1);
  }
  const file = readFileSync(resolve(folder, names[0]));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
}

/** One model from a folder, in place of a registry of models on the net. */
class FolderBacking extends TranslatorBacking {
  async loadModelRegistery() {
    return [{ from: "source", to: "target", files: {} }];
  }

  async loadTranslationModel() {
    return {
      model: bytes(/^model.*\.bin$/),
      shortlist: options["whole-vocabulary"] ? new ArrayBuffer(0) : bytes(/^lex.*\.bin$/),
      vocabs: [bytes(/^vocab.*\.spm$/)],
      qualityModel: null,
      config: {},
    };
  }
}

const translator = new BatchTranslator({ workers: threads, batchSize }, new FolderBacking({}));
const translate = async (text, priority = 0) => {
  const request = { from: "source", to: "target", text, html: false, qualityScores: false, priority };
  return (await translator.translate(request)).target.text;
};
const lines = readFileSync(input, "utf8").replace(/\n$/, "").split("\n");

// Requests of other priorities are other batches, for each of which a worker is started.
await Promise.all(Array.from({ length: threads }, (_, worker) => translate(lines[0], worker)));

const [began, cpu] = [performance.now(), process.cpuUsage()];
let written = [];
if (options["one-by-one"] && threads === 1) {
  for (const line of lines) written.push(await translate(line));
} else {
  written = await Promise.all(lines.map((line) => translate(line)));
}
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
await translator.delete();

if (options.output !== undefined) writeFileSync(options.output, `${written.join("\n")}\n`);
const processor = (user + system) / 1e6;
console.log(
  JSON.stringify({
    threads,
    batch: batchSize,
    sentences: lines.length,
    seconds,
    processor_seconds: processor,
    sentences_per_second: lines.length / seconds,
    sentences_per_processor_second: lines.length / processor,
    peak_resident_bytes: process.resourceUsage().maxRSS * 1024,
  }),
);
process.exit(0);
