// The clock of the chapters: frames one after the other, which can be paused; for readers who want no movement, the last
// frame at once.

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A clock that shows one animation at a time. */
export class Animation {
  paused = false;
  timer = 0;
  /** @type {{ frames: number, pace: number, show: (frame: number) => void, at: number }|null} */
  now = null;

  /** Shows frames 0 to `frames` - 1, each for `pace` milliseconds, and stays at the last.
   * @param {number} frames @param {number} pace @param {(frame: number) => void} show */
  play(frames, pace, show) {
    this.stop();
    this.now = { frames, pace, show, at: still.matches ? frames - 1 : 0 };
    show(this.now.at);
    this.go();
  }

  /** Ends the animation where it is. */
  stop() {
    clearTimeout(this.timer);
    this.now = null;
  }

  /** Pauses, or goes on; at the end, begins again. */
  toggle() {
    this.paused = !this.paused;
    if (!this.paused && this.now && this.now.at >= this.now.frames - 1) {
      this.now.at = 0;
      this.now.show(0);
    }
    this.go();
  }

  go() {
    clearTimeout(this.timer);
    const { now } = this;
    if (!now || this.paused || now.at >= now.frames - 1) return;
    this.timer = setTimeout(() => {
      now.at += 1;
      now.show(now.at);
      this.go();
    }, now.pace);
  }
}
