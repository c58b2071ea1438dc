// What a panel does on an exported page, which holds some answers but no model.

/** Runs `work` as `app.attempt` does; where the answer was not recorded, calls `otherwise(words)` instead of showing
 * a failure: it is none.
 * @param {import("any2any/types").App} app @param {() => Promise<any>} work @param {(words: string) => void} otherwise */
export function recorded(app, work, otherwise) {
  return app.attempt(async () => {
    try {
      return await work();
    } catch (error) {
      if (error.code !== "not_recorded") throw error;
      otherwise("This recording holds no answer to that: run `any2any explore` on the run itself.");
    }
  });
}
