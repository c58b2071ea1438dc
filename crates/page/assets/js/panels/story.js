// The story in ten chapters, for an hour before an audience: from the recurrent network to the transformer.

import { Story } from "any2any/story/story";

/** @type {import("any2any/panels").Panel} */
export const panel = {
  id: "story",
  title: "From words to any medium, in ten chapters",
  hint: "Arrow keys or a presenter's clicker step; f is full screen; the space bar pauses; links in the text set the figure.",
  mount(root, app) {
    new Story(root, app).start();
  },
};
