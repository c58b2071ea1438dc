// The token and the browser: a one-time link lets it in, links to the page hold no token, and who comes without is asked.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { contextOf, inWorkshop, launch, link, opened, serve, TEXT } from "./support.mjs";

test("a browser is let in once, stays in, and tells nobody how", async () => {
  const [address, browser] = await Promise.all([serve(["text"], after, []), launch()]);
  const { origin, search } = new URL(address);
  const way = inWorkshop("way.html");
  writeFileSync(way, `<meta http-equiv="refresh" content="0; url=${address}">`);
  const context = await contextOf(browser);
  const page = await context.newPage();
  await page.goto(`file://${way}`);
  await page.waitForURL(`${origin}/**`);
  await opened(page);
  assert.ok(!page.url().includes(search), "the address that is passed on holds no token");
  await page.reload();
  await opened(page);

  // A slide of another site has a link to a figure.
  const slide = await context.newPage();
  writeFileSync(way, `<a href="${origin}/${link({ run: TEXT, panel: "attention" })}">figure</a>`);
  await slide.goto(`file://${way}`);
  await slide.getByText("figure").click();
  await opened(slide);

  // Somebody else is asked, and may type the token.
  const other = await (await contextOf(browser)).newPage();
  await other.goto(`${origin}/`);
  const field = other.getByLabel("Token");
  await field.fill("guessed-by-somebody");
  await field.press("Enter");
  await field.waitFor();
  await field.fill(new URLSearchParams(search).get("token"));
  await field.press("Enter");
  await opened(other);
});

test("a page of a named site asks with the token, one of another site does not", async () => {
  const site = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<title>a site</title>"));
  await new Promise((listening) => { site.listen(0, "127.0.0.1", listening); });
  after(() => site.close());
  const { port } = site.address();
  const asking = ["--token", "a-chosen-token", "--cors", `http://127.0.0.1:${port}`];
  const [url, browser] = await Promise.all([serve(["text"], after, asking), launch()]);
  const page = await (await contextOf(browser)).newPage();
  const ask = (authorization) => page.evaluate(async ([path, headers]) => {
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify({ source: { text: "the dog" } }) });
    return [answer.status, await answer.json()];
  }, [`${url}/api/translate`, { "content-type": "application/json", ...authorization }]).catch(() => "unreadable");
  const token = { authorization: "Bearer a-chosen-token" };

  await page.goto(`http://127.0.0.1:${port}/`);
  const [status, answer] = await ask(token);
  assert.ok(status === 200 && answer.outputs.length === 1, JSON.stringify(answer));
  assert.equal((await ask({}))[0], 401);
  // The same site by another name is another origin.
  await page.goto(`http://localhost:${port}/`);
  assert.equal(await ask(token), "unreadable");
});
