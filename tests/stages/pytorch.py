#!/usr/bin/env python3
"""VAEs trained in PyTorch, one of softplus and one of ReLU with one hidden layer, imported as safetensors and as ONNX:
both give the same network, whose ELBO is PyTorch's own on the same noise. Then it is quantized.

   pytorch.py BUILD MNIST_FOLDER FOLDER
BUILD has picovae and tests/model_outputs. Leaves model.safetensors and model.pvae in FOLDER, and in its one_hidden.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools/commands"))
from test_cli_import import write  # noqa: E402

EPOCHS, BATCH = 2, 100


class Vae(torch.nn.Module):
    """784-300-300-50 with softplus."""
    latent, heads, activation = 50, ("fc31", "fc32"), "softplus"

    def __init__(self):
        super().__init__()
        for name, (size, out) in self.layers().items():
            setattr(self, name, torch.nn.Linear(size, out))

    @staticmethod
    def layers():
        return {"fc1": (784, 300), "fc2": (300, 300), "fc31": (300, 50), "fc32": (300, 50), "fc4": (50, 300),
                "fc5": (300, 300), "fc6": (300, 784)}

    def encode(self, x):
        h = F.softplus(self.fc2(F.softplus(self.fc1(x.view(-1, 784)))))
        return self.fc31(h), self.fc32(h)

    def decode(self, z):
        return torch.sigmoid(self.fc6(F.softplus(self.fc5(F.softplus(self.fc4(z))))))

    def forward(self, x, eps=None):
        mu, logvar = self.encode(x)
        std = torch.exp(0.5 * logvar)
        return self.decode(mu + (torch.randn_like(std) if eps is None else eps) * std), mu, logvar


class OneHidden(Vae):
    """784-400-20 with ReLU, as PyTorch's own example has it."""
    latent, heads, activation = 20, ("fc21", "fc22"), "relu"

    @staticmethod
    def layers():
        return {"fc1": (784, 400), "fc21": (400, 20), "fc22": (400, 20), "fc3": (20, 400), "fc4": (400, 784)}

    def encode(self, x):
        h = F.relu(self.fc1(x.view(-1, 784)))
        return self.fc21(h), self.fc22(h)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))


def negative_elbo(x, pixels, mu, logvar):
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return F.binary_cross_entropy(pixels, x, reduction="sum") + kl


def train(model, images):
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad()
            negative_elbo(images[rows], *model(images[rows])).backward()
            optimizer.step()
    return model


def check(model, test_images, build, mnist, folder):
    """Of a trained model."""
    folder.mkdir(parents=True, exist_ok=True)
    picovae = build / "picovae"

    def run(*command):
        return subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE, text=True).stdout

    write(folder / "torch.safetensors", {name: value.numpy() for name, value in model.state_dict().items()})
    torch.onnx.export(model, test_images[:1], str(folder / "torch.onnx"), opset_version=13)

    by_safetensors, by_onnx = folder / "model.safetensors", folder / "by_onnx.safetensors"
    told = json.loads(run(picovae, "import", folder / "torch.safetensors", "--out", by_safetensors, "--map",
                          "{}=mu,{}=logvar".format(*model.heads), "--activation", model.activation, "--data", mnist,
                          "--json"))
    run(picovae, "import", folder / "torch.onnx", "--out", by_onnx, "--data", mnist)
    if by_safetensors.read_bytes() != by_onnx.read_bytes():
        sys.exit("pytorch.py: safetensors and ONNX of one model are imported as two")

    run(build / "tests/model_outputs", by_safetensors, 1, len(test_images), folder)  # eval's noise
    eps = np.fromfile(folder / "eps.s16", "<i2").reshape(-1, model.latent).astype(np.float32) / 1024
    with torch.no_grad():
        own = negative_elbo(test_images, *model(test_images, torch.tensor(eps))).item() / len(test_images)
    print(f"negative ELBO {own:.4f} in PyTorch, {told['test']['neg_elbo']:.4f} by picovae")
    if abs(own - told["test"]["neg_elbo"]) > 1e-3 or told["hint"]:
        sys.exit("pytorch.py: PyTorch computes another ELBO")
    print(run(picovae, "quantize", by_safetensors, "--data", mnist, "--out", folder / "model.pvae"), end="")


def main():
    build, mnist, folder = map(pathlib.Path, sys.argv[1:])

    def images(split):
        pixels = np.fromfile(mnist / f"{split}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 784)
        return torch.tensor(pixels / np.float32(255))

    train_images, test_images = images("train"), images("t10k")
    for kind, place in ((Vae, folder), (OneHidden, folder / "one_hidden")):
        torch.manual_seed(1)
        check(train(kind(), train_images), test_images, build, mnist, place)


if __name__ == "__main__":
    main()
