"""Are the digits of a class what was asked for? A classifier that saw nothing but real images decides.

   class_accuracy.py PICOVAE MNIST_FOLDER MODEL... [--digits 2000] [--seed 5] [--at-least 0.9] [--json FILE]

Trains a perceptron 784-256-10 on the training set, which must recognize 96 % of the test set, and has each
model draw as many digits of each class. Fails where a model is below --at-least."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np


def load(path):
    with open(path, "rb") as file:
        data = file.read()
    sizes = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes[0], -1)


class Perceptron:
    HIDDEN, CLASSES, BATCH, EPOCHS, RATE = 256, 10, 200, 4, 2e-3

    def __init__(self, x, y):
        random = np.random.default_rng(1)
        sizes = (x.shape[1], self.HIDDEN, self.CLASSES)
        self.weights = []
        for n_in, n_out in zip(sizes, sizes[1:]):
            self.weights += [random.normal(0, np.sqrt(2 / n_in), (n_in, n_out)).astype("f4"), np.zeros(n_out, "f4")]
        first, second = ([np.zeros_like(w) for w in self.weights] for _ in range(2))
        steps = self.EPOCHS * (len(x) // self.BATCH)
        order = np.concatenate([random.permutation(len(x))[:len(x) // self.BATCH * self.BATCH]
                                for _ in range(self.EPOCHS)]).reshape(steps, self.BATCH)
        for step, batch in enumerate(order, 1):  # Adam, the rate falling to zero
            rate = self.RATE * (1 - (step - 1) / steps)
            for k, gradient in enumerate(self.gradients(x[batch].astype("f4") / 255, y[batch])):
                first[k] = 0.9 * first[k] + 0.1 * gradient
                second[k] = 0.999 * second[k] + 0.001 * gradient**2
                self.weights[k] -= (rate * first[k] / (1 - 0.9**step)
                                    / (np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8)).astype("f4")

    def gradients(self, x, y):
        hidden = np.maximum(x @ self.weights[0] + self.weights[1], 0)
        logits = hidden @ self.weights[2] + self.weights[3]
        error = np.exp(logits - logits.max(1, keepdims=True))
        error /= error.sum(1, keepdims=True)
        error[np.arange(len(y)), y] -= 1
        error /= len(y)
        back = error @ self.weights[2].T * (hidden > 0)
        return x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)

    def predict(self, x):
        hidden = np.maximum(x.astype("f4") / 255 @ self.weights[0] + self.weights[1], 0)
        return (hidden @ self.weights[2] + self.weights[3]).argmax(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picovae")
    parser.add_argument("data")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--digits", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--at-least", type=float, default=0.9)
    parser.add_argument("--json")
    options = parser.parse_args()

    images, labels = (load(os.path.join(options.data, f"train-{kind}-ubyte")) for kind in ("images-idx3", "labels-idx1"))
    classifier = Perceptron(images, labels[:, 0])
    test, wanted = (load(os.path.join(options.data, f"t10k-{kind}-ubyte")) for kind in ("images-idx3", "labels-idx1"))
    real = float((classifier.predict(test) == wanted[:, 0]).mean())
    print(f"the classifier recognizes {100 * real:.2f} % of the test set")
    if not real >= 0.96:
        sys.exit("class_accuracy: too few to judge others")

    figures, failed = {"test_set": real, "models": {}}, False
    for model in options.models:
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "digits")
            subprocess.run([options.picovae, "generate", model, "--digit", "all", "--count", str(options.digits // 10),
                            "--seed", str(options.seed), "--idx", file], check=True)
            digits = load(file)
        right = classifier.predict(digits).reshape(10, -1) == np.arange(10)[:, None]
        figures["models"][model] = {"digits": right.size, "right": float(right.mean()),
                                    "classes": [float(row.mean()) for row in right]}
        print(f"{model}: {100 * right.mean():.2f} % of {right.size} digits are what was asked for;",
              " ".join(f"{label}: {100 * row.mean():.1f}" for label, row in enumerate(right)))
        failed |= bool(not right.mean() >= options.at_least)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=1)
    if failed:
        sys.exit(f"class_accuracy: below {100 * options.at_least:.0f} %")


if __name__ == "__main__":
    main()
