// Runs a program that is a WebAssembly module of WASI preview 1: `node wasi.mjs MODULE ARGUMENT...`.

import { readFileSync } from "node:fs";
import process from "node:process";
import { WASI } from "node:wasi";

const [module, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [module, ...args] });
const { instance } = await WebAssembly.instantiate(readFileSync(module), wasi.getImportObject());
process.exitCode = wasi.start(instance);
