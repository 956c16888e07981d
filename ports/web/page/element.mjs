// Elements in a line: make("button", {class: "quiet", onclick: clear}, "Clear").

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true || value === false) element.toggleAttribute(name, value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const signed = (value, digits = 2) => {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : (value < 0 ? "\u2212" : "+") + text;
};

export const percent = (fraction) => `${(100 * Math.min(1, Math.max(0, fraction))).toFixed(2)}%`;

// The name of a latent.
export const latentName = (k) => make("span", {class: "latent"}, "z", make("sub", {}, String(k)));
