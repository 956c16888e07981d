"""A VAE as people write it in PyTorch, and as torch.onnx.export writes that: for test_cli_import_onnx.py."""

import warnings

SIZES = {"encoder.0": (784, 20), "encoder.1": (20, 16), "encoder.mu": (16, 5), "encoder.logvar": (16, 5),
         "decoder.0": (5, 16), "decoder.1": (16, 20), "decoder.2": (20, 784)}


def exports(torch, folder, tensors):
    """Files by what is special about them; all hold these tensors."""
    nn, softplus = torch.nn, torch.nn.functional.softplus

    class Vae(nn.Module):
        """Layers under names that say nothing, but those of the outputs."""

        def __init__(self):
            super().__init__()
            for i, (layer, (size, out)) in enumerate(SIZES.items()):
                setattr(self, f"fc{i}", nn.Linear(size, out))
                with torch.no_grad():
                    getattr(self, f"fc{i}").weight.copy_(torch.tensor(tensors[f"{layer}.weight"]))
                    getattr(self, f"fc{i}").bias.copy_(torch.tensor(tensors[f"{layer}.bias"]))

        def heads(self, x):
            h = softplus(self.fc1(softplus(self.fc0(x))))
            return self.fc2(h), self.fc3(h)

        def draw(self, mu, logvar):
            std = torch.exp(0.5 * logvar)
            return mu + torch.randn_like(std) * std

        def decode(self, z):
            return torch.sigmoid(self.fc6(softplus(self.fc5(softplus(self.fc4(z))))))

        def forward(self, x):
            mu, logvar = self.heads(x.view(-1, 784))
            return self.decode(self.draw(mu, logvar)), mu, logvar

    class Chunks(Vae):
        """Both heads in one layer, images in and out, another way to write sigma."""

        def __init__(self):
            super().__init__()
            self.both = nn.Linear(16, 10)
            with torch.no_grad():
                self.both.weight.copy_(torch.cat([self.fc2.weight, self.fc3.weight]))
                self.both.bias.copy_(torch.cat([self.fc2.bias, self.fc3.bias]))

        def heads(self, x):
            return self.both(softplus(self.fc1(softplus(self.fc0(x))))).chunk(2, dim=1)

        def draw(self, mu, logvar):
            return mu + torch.exp(logvar / 2) * torch.randn_like(mu)

        def forward(self, x):
            mu, logvar = self.heads(torch.flatten(x, 1))
            return self.decode(self.draw(mu, logvar)).view(x.size(0), 1, 28, 28), mu, logvar

    class Slices(Chunks):
        """The same by indices, noise of a shape, sigma by a square root."""

        def heads(self, x):
            h = self.both(softplus(self.fc1(softplus(self.fc0(x)))))
            return h[:, :5], h[:, 5:]

        def draw(self, mu, logvar):
            return torch.randn(mu.shape).mul(logvar.exp().sqrt()).add_(mu)

    class Encoder(nn.Module):
        def __init__(self, vae):
            super().__init__()
            self.vae = vae

        def forward(self, x):
            return self.vae.heads(x.view(x.size(0), -1))

    class Decoder(Encoder):
        def forward(self, z):
            return self.vae.decode(z)

    class Rows(Encoder):
        """Of three sides: MatMul and Add in place of Gemm."""

        def forward(self, x):
            return self.vae.heads(x)

    def save(name, module, example, **options):
        path = folder / f"{name}.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(module, example, str(path), **options)
        return path

    images = torch.rand(3, 1, 28, 28)
    free = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
    heads = {"output_names": ["mu", "logvar"]}
    decoder = save("torch_decoder", Decoder(Vae()), torch.rand(3, 5))
    return {
        **{f"opset {opset}": [save(f"torch{opset}", Vae(), images, opset_version=opset, **free)]
           for opset in (11, 13, 16)},
        "nothing folded": [save("unfolded", Vae(), images, do_constant_folding=False)],
        "chunks": [save("chunks", Chunks(), images, opset_version=13, **free)],
        "chunks of a known size": [save("chunks_known", Chunks(), images, opset_version=16)],
        "slices": [save("slices", Slices(), images, opset_version=13, **free)],
        "halves": [save("torch_encoder", Encoder(Vae()), images, **free, **heads), decoder],
        "halves, rows of three sides": [save("rows", Rows(Vae()), torch.rand(1, 3, 784), **heads), decoder],
    }
