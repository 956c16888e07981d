"""What an exported model computes in some runtime, against what picovae computes."""
import json
import pathlib
import re
import subprocess
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "ports"))
from harness.crc32c import crc32c  # noqa: E402


def crc_of(array):
    return f"{crc32c(array.tobytes()):08x}"


class Exported:
    """A model in `folder`, exported, and picovae's own outputs. `run` is as that of operators.py."""

    def __init__(self, picovae, model_outputs, model, folder, run, count=1000, images=0, options=()):
        self.run, self.folder = run, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.said = subprocess.run([picovae, "export", model, "--onnx", self.folder, *options], check=True,
                                   capture_output=True, text=True).stdout
        subprocess.run([model_outputs, model, str(count), str(images), self.folder], check=True)
        self.info = json.loads(subprocess.run([picovae, "info", model, "--json"], check=True, capture_output=True,
                                              text=True).stdout)
        self.encoder, self.decoder = self.folder / "encoder.onnx", self.folder / "decoder.onnx"
        self.exact = self.info["type"] == "s8"
        shape = self.info["shape"]
        for name, kind, width in (("z", "f32", shape[-1]), ("logits", "f32", shape[0]), ("pixels", "u8", shape[0]),
                                  ("mu", "f32", shape[-1]), ("logvar", "f32", shape[-1]), ("eps", "s16", shape[-1]),
                                  ("reconstructed", "u8", shape[0]), ("far", "f32", shape[0]),
                                  ("inverted", "f32", shape[-1])):
            path = self.folder / f"{name}.{kind}"
            if path.exists():
                kind = {"f32": "<f4", "u8": np.uint8, "s16": "<i2"}[kind]
                setattr(self, name, np.fromfile(path, kind).reshape(-1, width))

    def decode(self, z):
        """z in real units -> logits in real units, pixels 0..255."""
        if not self.exact:
            outputs = self.run(self.decoder, {"z": z})
            return outputs["logits"], 255 * outputs["pixels"]
        outputs = self.run(self.decoder, {"z": np.rint(z * 1024).astype(np.int32)})
        return outputs["logits"] / np.float32(128), outputs["pixels"]

    def encode(self, images):
        """u8 -> mu and logvar in real units."""
        if not self.exact:
            outputs = self.run(self.encoder, {"pixels": images.astype(np.float32) / np.float32(255)})
            return outputs["mu"], outputs["logvar"]
        outputs = self.run(self.encoder, {"pixels": images})
        return outputs["mu"] / np.float32(4096), outputs["logvar"] / np.float32(1024)

    def latents_of(self, mu):
        """z of a reconstruction."""
        if not self.exact:
            return mu
        return np.clip((np.rint(mu * 4096).astype(np.int32) + 2) >> 2, -8191, 8191) / np.float32(1024)

    def difference(self):
        """The largest from picovae: of logits and posteriors, as a part of the largest of their row; and of pixels,
        0..255, of which picovae's are rounded."""
        def furthest(found, wanted):
            return float(np.max(np.abs(found - wanted) / np.maximum(np.abs(wanted).max(1, keepdims=True), 1)))

        logits, pixels = self.decode(self.z)
        values = [furthest(logits, self.logits), furthest(self.decode(8 * self.z)[0], self.far)]
        steps = [np.max(np.abs(pixels - self.pixels.astype(np.float32)))]
        if self.info["has_encoder"]:
            mu, logvar = self.encode(self.pixels)
            values += [furthest(mu, self.mu), furthest(logvar, self.logvar),
                       furthest(self.encode(255 - self.pixels)[0], self.inverted)]
            steps.append(np.max(np.abs(self.decode(self.latents_of(mu))[1] - self.reconstructed.astype(np.float32))))
        return max(values), float(max(steps))

    def pixel_difference(self):
        """Of an f32 model's pixels before they are rounded, 0..1."""
        return float(np.max(np.abs(self.decode(self.z)[1] / 255 - 1 / (1 + np.exp(-self.logits.astype(np.float64))))))

    def signatures(self):
        """As the header has them: of 1,000 digits, and of reconstructions of the first 100."""
        pixels = self.decode(self.z)[1]
        assert len(pixels) == 1000
        mu, _ = self.encode(pixels[:100])
        return crc_of(pixels), crc_of(self.decode(self.latents_of(mu))[1])

    def codes(self, images):
        """The checksum that encode prints for these images."""
        mu, logvar = self.encode(images)
        codes = np.concatenate([np.rint(mu * 4096), np.rint(logvar * 1024)], 1).astype("<i2")
        return crc_of(codes)

    def neg_elbo(self, images):
        """Negative ELBO, nats an image, with the noise that eval takes by default."""
        mu, logvar = self.encode(images)
        logits = self.decode(mu + np.exp(logvar / 2) * self.eps[:len(images)].astype(np.float32) / 1024)[0]
        logits, x = logits.astype(np.float64), images / 255
        mu, logvar = mu.astype(np.float64), logvar.astype(np.float64)
        kl = -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum(1)
        return float(((np.logaddexp(0, logits) - x * logits).sum(1) + kl).mean())

    def nodes(self):
        return [int(n) for n in re.findall(r": (\d+) nodes", self.said)]
