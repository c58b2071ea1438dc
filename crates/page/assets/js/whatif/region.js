// Neighbouring positions, in any medium.

/** The `count` positions nearest to `position`, itself first: along a text, over an image, in time.
 * @param {import("any2any/types").Position[]} positions @param {number} position @param {number} count @returns {number[]} */
export function around(positions, position, count) {
  const here = middle(positions[position].region) ?? [position, 0];
  const flat = middle(positions[position].region) === null;
  return positions.map(({ region }, i) => [i, distance(here, flat ? [i, 0] : middle(region))])
    .filter(([, far]) => far < Infinity)
    .sort((a, b) => a[1] - b[1]).slice(0, count).map(([i]) => i);
}

/** The middle of a region; null if it covers nothing. @param {import("any2any/types").Region} region */
function middle({ bytes, rectangle, span, window }) {
  if (rectangle) return [rectangle.left + rectangle.width / 2, rectangle.top + rectangle.height / 2];
  if (span ?? bytes) return [((span ?? bytes).start + (span ?? bytes).end) / 2, 0];
  // Positions at neighbouring times are nearer than positions of another channel at the same time.
  if (window) return [(window.start + window.end) / 2, (window.channels.start + window.channels.end) / 2];
  return null;
}

const distance = (one, other) => (other ? (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 : Infinity);
