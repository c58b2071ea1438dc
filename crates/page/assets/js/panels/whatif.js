// Ablations: the output and its probabilities before and after a part of the source is masked, a head is silenced or its
// weights are set by hand; and attribution of a word, beside attention.

import { html, replace } from "any2any/draw";
import { isCurrent } from "any2any/probabilities";
import { attributionFigure } from "any2any/whatif/attribution";
import { consequences } from "any2any/whatif/consequences";
import { hiding } from "any2any/whatif/hiding";
import { headAblation } from "any2any/whatif/head_ablation";
import { redirecting } from "any2any/whatif/redirect";

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "whatif",
  title: "What if",
  hint: "Hide a part of the source, silence a head or turn it elsewhere, and see what becomes of the output: what depends on it changes, "
    + "what does not stays.",
  mount(root, app) {
    const hide = html("div", { class: "stack" });
    const mute = html("div", { class: "stack" });
    const turn = html("div", { class: "stack" });
    const result = html("div", { class: "stack result" });
    const counted = html("section", { class: "stack" });
    const empty = html("p", { class: "empty" }, "Give the model something to translate: see Source.");
    const question = html("div", { class: "question" },
      html("section", { class: "stack" }, hide, mute, turn), html("section", {}, result));
    const filled = html("div", { class: "stack wide-gap" }, question, counted);
    replace(root, empty, filled);

    const parts = [hiding(hide, app), headAblation(mute, app), redirecting(turn, app), consequences(result, app)];
    const draw = (keys) => {
      empty.hidden = app.ready();
      filled.hidden = !app.ready();
      // While tokens were changed and the look at them is awaited, the figures stay as they are.
      if (isCurrent(app.state)) for (const part of parts) part(keys);
    };
    app.on("change", draw);
    draw(new Set(["look", "masked", "ablated", "edited"]));
    attributionFigure(counted, app);
  },
};
