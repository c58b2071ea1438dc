// Requests on an exported page, which holds some answers but no model.

/** Runs `work` as `app.attempt` does; an answer that was not recorded is no failure, and calls `otherwise(words)`.
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
