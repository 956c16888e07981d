// Which latents matter. No data set is at hand, so the model is its own: it draws digits from the prior, and a latent
// is as wide as its code of these varies. A decoder alone is asked how far each latent moves the pixels.

const ACTIVE = 0.01;  // variance of mu above which a latent carries something (Burda et al. 2016)
const DIGITS = 200;
const MILLISECONDS = 400;  // for models whose arithmetic is slow

// Returns {order, active}: latents, the widest first, and how many of them are active.
export function measureSpread(engine) {
  const spread = engine.hasEncoder ? spreadOfCodes(engine) : movesOfPixels(engine);
  const order = [...spread.keys()].sort((a, b) => spread[b] - spread[a]);
  const active = order.filter((k) => spread[k] > ACTIVE).length;
  return {order, active: Math.max(active, Math.min(2, engine.latent))};
}

function spreadOfCodes(engine) {
  const sum = new Float64Array(engine.latent), squares = new Float64Array(engine.latent);
  const end = performance.now() + MILLISECONDS;
  let count = 0;
  for (; count < DIGITS && (count < 20 || performance.now() < end); ++count) {
    const {mu} = engine.encode(engine.decode(engine.draw(null, count)));
    mu.forEach((value, k) => {
      sum[k] += value;
      squares[k] += value * value;
    });
  }
  return sum.map((total, k) => squares[k] / count - (total / count) ** 2);
}

// The mean square of the change of a pixel in 0..1, times a hundred: of the order of a variance of codes.
function movesOfPixels(engine) {
  const z = new Float32Array(engine.latent);
  return Float64Array.from(z, (_, k) => {
    z[k] = -2;
    const low = engine.decode(z).slice();
    z[k] = 2;
    const high = engine.decode(z);
    z[k] = 0;
    return low.reduce((sum, pixel, i) => sum + ((high[i] - pixel) / 255) ** 2, 0) / engine.pixels * 100;
  });
}
