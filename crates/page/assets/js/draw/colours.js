// Colours that people with any colour vision can tell apart, on a light and on a dark page.
//
// Source is always blue and target always orange, in every figure. Amounts use a sequential scale that starts at the
// page's own colour, so that "nothing" looks like nothing; signed amounts use blue, page colour, orange.

const SCALES = {
  light: {
    sequential: ["#f6f6f2", "#d4e5ee", "#93c1da", "#4a93c3", "#1b5f9f", "#0b2c61"],
    // From quiet to loud, as printed spectrograms are: ink on paper. Grey leaves colours to attention.
    loudness: ["#fbfbf8", "#e3e3df", "#b5b6b6", "#7b7d81", "#45474d", "#16181d"],
    diverging: ["#0a4f8f", "#4f97c9", "#b5d4e8", "#f6f6f2", "#f6cfa4", "#e08c3c", "#a34400"],
  },
  dark: {
    sequential: ["#1b1d22", "#1c3a57", "#1f668a", "#2f9a9c", "#86cc86", "#f5f1a4"],
    loudness: ["#0d0f12", "#23262b", "#484c53", "#7e838b", "#b9bdc3", "#f4f4f0"],
    diverging: ["#8fc7f2", "#4590cc", "#234e73", "#1b1d22", "#6b4319", "#c97b2c", "#ffbe7a"],
  },
};
// Okabe and Ito's set (2008), without its yellow, which is too pale for a line.
const CATEGORIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7f7f7f"];

const system = matchMedia("(prefers-color-scheme: dark)");
// Cached, since a heat map asks for every pixel.
let isDark = system.matches;

/** True if the page is dark now. */
export const dark = () => isDark;

/** Sets the page's theme: "auto" is the system's. @param {"auto"|"light"|"dark"} theme */
export function useTheme(theme) {
  isDark = theme === "dark" || (theme !== "light" && system.matches);
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Colour of an amount from 0 to 1, as [r, g, b]. */
export const sequentialRgb = (t) => lookup(dark() ? "dark" : "light", "sequential", t);
/** Colour of a signed amount from -1 (blue) to 1 (orange), as [r, g, b]. */
export const divergingRgb = (t) => lookup(dark() ? "dark" : "light", "diverging", (t + 1) / 2);
/** Colour of a sound's loudness from 0 to 1, as [r, g, b]. */
export const loudnessRgb = (t) => lookup(dark() ? "dark" : "light", "loudness", t);

/** Colour of an attention weight, by its square root, so that small weights show beside large ones. */
export const weightRgb = (t) => sequentialRgb(Math.sqrt(Math.max(0, t)));

export const sequential = (t) => css(sequentialRgb(t));
export const diverging = (t) => css(divergingRgb(t));
export const loudness = (t) => css(loudnessRgb(t));

/** Colour of the i-th of several lines or groups. */
export const category = (i) => CATEGORIES[i % CATEGORIES.length];

/** Colour of head number `i` of so many: as apart as can be, where there are more heads than the set has colours. */
export const headColour = (i, heads) => (heads <= CATEGORIES.length ? category(i) : `hsl(${Math.round((360 * i) / heads)} 68% ${i % 2 ? 42 : 54}%)`);

/** Colour of a highlight on a position of `side`, from 0 to 1. What an output word looks at in the source is lit in the
 * output's orange; which outputs used a part of the source, in the source's blue.
 * @param {"source"|"target"} side */
export function highlightOn(side, t) {
  const [red, green, blue] = side === "source" ? [240, 120, 20] : [30, 130, 205];
  return `rgba(${red},${green},${blue},${(0.75 * Math.max(0, Math.min(1, t))).toFixed(3)})`;
}

/** Ink that is readable on `rgb`. */
export function inkOn([r, g, b]) {
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#16181d" : "#ffffff";
}

/** Value of a custom property of the page's style, such as `--ink`: canvas and exported figures need it resolved. */
export function styleColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function css([r, g, b]) {
  return `rgb(${r},${g},${b})`;
}

// Scales are tables of 256 colours: a heat map asks a million times.
const tables = { light: {}, dark: {} };

function lookup(theme, name, t) {
  const colours = (tables[theme][name] ??= tableOf(SCALES[theme][name].map(parse)));
  return colours[Math.max(0, Math.min(255, Math.round(t * 255) || 0))];
}

const tableOf = (stops) => Array.from({ length: 256 }, (_, i) => between(stops, i / 255));

function between(stops, t) {
  const at = Math.min(stops.length - 2, Math.floor(t * (stops.length - 1)));
  const part = t * (stops.length - 1) - at;
  return stops[at].map((low, i) => Math.round(low + part * (stops[at + 1][i] - low)));
}

function parse(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
