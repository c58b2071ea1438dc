// How fast the page is: `any2any explore RUN --no-open --no-token --port 8101`, and then `node speed.mjs http://127.0.0.1:8101`.

import { contextOf, launch } from "./support.mjs";

const address = process.argv[2] ?? "http://127.0.0.1:8101";
const browser = await launch();
const page = await (await contextOf(browser)).newPage();

const opened = performance.now();
await page.goto(`${address}/#panel="steps"`);
await page.waitForFunction(() => /probability/.test(document.getElementById("stage").innerText));
console.log(`usable, with a sample translated, after ${(performance.now() - opened).toFixed(0)} ms`);

const { looks, steps } = await page.evaluate(async () => {
  const { api } = await import("any2any/api");
  const { state, set, on } = await import("any2any/state");
  const { run, checkpoint, task, input: source, tokens: whole } = state;
  const looks = [];
  for (let length = 0; length < whole.length; length += 1) {
    const asked = performance.now();
    await api.look({ run, checkpoint, task, source, tokens: whole.slice(0, length) });
    looks.push(performance.now() - asked);
  }
  // Each step writes a token that nobody has asked for before, so that nothing is known of it.
  const steps = [];
  for (let length = 1; length < whole.length; length += 1) {
    const asked = performance.now();
    const drawn = new Promise((done) => {
      const off = on("change", (keys) => {
        if (!keys.has("look") || state.look?.target.positions.length !== length) return;
        off?.();
        requestAnimationFrame(done);
      });
    });
    set({ tokens: [...whole.slice(0, length - 1), whole[length - 1] + 1], chosen: null });
    await drawn;
    steps.push(performance.now() - asked);
  }
  return { looks, steps };
});

for (const [name, times] of Object.entries({ "look inside, asked and answered": looks, "next step, drawn": steps })) {
  const sorted = times.sort((a, b) => a - b);
  const [least, middle, most] = [0, sorted.length >> 1, sorted.length - 1].map((i) => sorted[i].toFixed(0));
  console.log(`${name}: ${least} to ${most} ms, median ${middle}`);
}
await browser.close();
process.exit(0);
