"""The test ELBO of a .safetensors model by a program that knows nothing but the format.
   numpy_elbo.py MODEL MNIST_FOLDER [SAMPLES]     prints nats per image"""
import json, struct, sys
import numpy as np

path, folder, samples = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10
raw = open(path, "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8 + size])
tensor = {}
for name, entry in header.items():
    if name != "__metadata__":
        begin, end = entry["data_offsets"]
        data = np.frombuffer(raw[8 + size + begin:8 + size + end], "<f4")
        tensor[name] = data.reshape(entry["shape"]).astype(np.float64)

def layer(name, x):
    return x @ tensor[name + ".weight"].T + tensor[name + ".bias"]

def softplus(a):
    return np.logaddexp(0, a)

images = np.frombuffer(open(folder + "/t10k-images-idx3-ubyte", "rb").read()[16:], np.uint8)
x = images.reshape(-1, 784) / 255
hidden = softplus(layer("encoder.1", softplus(layer("encoder.0", x))))
mu, logvar = layer("encoder.mu", hidden), layer("encoder.logvar", hidden)
kl = -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum(1).mean()
random, reconstruction = np.random.default_rng(0), 0
for _ in range(samples):
    z = mu + np.exp(logvar / 2) * random.standard_normal(mu.shape)
    logits = layer("decoder.2", softplus(layer("decoder.1", softplus(layer("decoder.0", z)))))
    reconstruction += (softplus(logits) - x * logits).sum(1).mean() / samples
print(f"{reconstruction + kl:.4f}")
