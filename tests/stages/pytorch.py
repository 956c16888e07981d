#!/usr/bin/env python3
"""A VAE trained in PyTorch, imported as safetensors and as ONNX: both give the same network, whose ELBO is PyTorch's
own on the same noise. Then it is quantized.

   pytorch.py BUILD MNIST_FOLDER FOLDER
BUILD has picovae and tests/model_outputs. Leaves model.safetensors and model.pvae in FOLDER.
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
    def __init__(self):
        super().__init__()
        for name, (size, out) in {"fc1": (784, 300), "fc2": (300, 300), "fc31": (300, 50), "fc32": (300, 50),
                                  "fc4": (50, 300), "fc5": (300, 300), "fc6": (300, 784)}.items():
            setattr(self, name, torch.nn.Linear(size, out))

    def encode(self, x):
        h = F.softplus(self.fc2(F.softplus(self.fc1(x.view(-1, 784)))))
        return self.fc31(h), self.fc32(h)

    def decode(self, z):
        return torch.sigmoid(self.fc6(F.softplus(self.fc5(F.softplus(self.fc4(z))))))

    def forward(self, x, eps=None):
        mu, logvar = self.encode(x)
        std = torch.exp(0.5 * logvar)
        return self.decode(mu + (torch.randn_like(std) if eps is None else eps) * std), mu, logvar


def negative_elbo(x, pixels, mu, logvar):
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return F.binary_cross_entropy(pixels, x, reduction="sum") + kl


def train(images):
    torch.manual_seed(1)
    model = Vae()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad()
            negative_elbo(images[rows], *model(images[rows])).backward()
            optimizer.step()
    return model


def main():
    build, mnist, folder = map(pathlib.Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    picovae = build / "picovae"

    def run(*command):
        return subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE, text=True).stdout

    def images(split):
        pixels = np.fromfile(mnist / f"{split}-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 784)
        return torch.tensor(pixels / np.float32(255))

    test_images = images("t10k")
    model = train(images("train"))
    write(folder / "torch.safetensors", {name: value.numpy() for name, value in model.state_dict().items()})
    torch.onnx.export(model, test_images[:1], str(folder / "torch.onnx"), opset_version=13)

    by_safetensors, by_onnx = folder / "model.safetensors", folder / "by_onnx.safetensors"
    told = json.loads(run(picovae, "import", folder / "torch.safetensors", "--out", by_safetensors, "--map",
                          "fc31=mu,fc32=logvar", "--data", mnist, "--json"))
    run(picovae, "import", folder / "torch.onnx", "--out", by_onnx, "--data", mnist)
    if by_safetensors.read_bytes() != by_onnx.read_bytes():
        sys.exit("pytorch.py: safetensors and ONNX of one model are imported as two")

    run(build / "tests/model_outputs", by_safetensors, 1, len(test_images), folder)  # eval's noise
    eps = torch.tensor(np.fromfile(folder / "eps.s16", "<i2").reshape(-1, 50).astype(np.float32) / 1024)
    with torch.no_grad():
        own = negative_elbo(test_images, *model(test_images, eps)).item() / len(test_images)
    print(f"negative ELBO {own:.4f} in PyTorch, {told['test']['neg_elbo']:.4f} by picovae")
    if abs(own - told["test"]["neg_elbo"]) > 1e-3 or told["hint"]:
        sys.exit("pytorch.py: PyTorch computes another ELBO")
    print(run(picovae, "quantize", by_safetensors, "--data", mnist, "--out", folder / "model.pvae"), end="")


if __name__ == "__main__":
    main()
