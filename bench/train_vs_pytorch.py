#!/usr/bin/python3
"""Trains the deck's recipe with picovae and with PyTorch in turn, on the same images, and prints
seconds an epoch and their ratio for one thread and for two.

  bench/train_vs_pytorch.py --picovae build/picovae --json build/bench/train.json

PyTorch is Debian's python3-torch. Each of its settings below is measured, and its best one counts.
Images lie in memory as floats, minibatches are taken by index, Adam is the one that updates all tensors
at once (foreach). Evaluation, loading and start-up are in nobody's time."""
import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

BATCH, LEARNING_RATE = 100, 1e-3
# Debian's OpenBLAS chooses kernels by processor, and knows only those of its day.
SETTINGS = {"as it comes": {}, "OPENBLAS_CORETYPE=SkylakeX": {"OPENBLAS_CORETYPE": "SkylakeX"}}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picovae", default="build/picovae", help="the program to measure")
    parser.add_argument("--data", help="folder of the four IDX files (tools/fetch_mnist.sh)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="thread counts to measure")
    parser.add_argument("--rounds", type=int, default=3, help="times that each contender has its turn")
    parser.add_argument("--epochs", type=int, default=3, help="epochs in a turn; the first warms up")
    parser.add_argument("--json", type=pathlib.Path, help="the figures as a file as well")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error("--epochs must be at least 2: the first is not counted")
    if arguments.data is None:
        fetch = pathlib.Path(__file__).parent.parent / "tools" / "fetch_mnist.sh"
        arguments.data = subprocess.run([fetch], check=True, capture_output=True, text=True).stdout.strip()
    return arguments


def pytorch_epochs(data, threads, epochs):
    """Prints the seconds of each epoch, then the training loss of the last one."""
    import numpy
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, softplus

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    raw = pathlib.Path(data, "train-images-idx3-ubyte").read_bytes()[16:]
    images = torch.from_numpy(numpy.frombuffer(raw, numpy.uint8).copy().reshape(-1, 784)).float() / 255

    def linear(inputs, outputs):
        layer = torch.nn.Linear(inputs, outputs)
        torch.nn.init.xavier_uniform_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        return layer

    encoder0, encoder1, heads = linear(784, 300), linear(300, 300), linear(300, 100)
    decoder0, decoder1, decoder2 = linear(50, 300), linear(300, 300), linear(300, 784)
    layers = [encoder0, encoder1, heads, decoder0, decoder1, decoder2]
    parameters = [p for layer in layers for p in layer.parameters()]
    adam = torch.optim.Adam(parameters, lr=LEARNING_RATE, foreach=True)
    for _ in range(epochs):
        start, total = time.perf_counter(), 0.0
        for indices in torch.randperm(len(images)).split(BATCH):
            x = images[indices]
            mu, logvar = heads(softplus(encoder1(softplus(encoder0(x))))).chunk(2, 1)
            z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
            logits = decoder2(softplus(decoder1(softplus(decoder0(z)))))
            reconstruction = binary_cross_entropy_with_logits(logits, x, reduction="sum")
            kl = -0.5 * torch.sum(1 + logvar - mu * mu - logvar.exp())
            loss = (reconstruction + kl) / len(indices)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            total += loss.item() * len(indices)
        print(time.perf_counter() - start, flush=True)
    print(total / len(images))


def run_pytorch(arguments, threads, setting):
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    environment |= {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)} | setting
    worker = [sys.executable, __file__, "--worker", str(threads), "--data", arguments.data,
              "--epochs", str(arguments.epochs)]
    lines = subprocess.run(worker, env=environment, check=True, capture_output=True, text=True).stdout.split()
    return [float(line) for line in lines[1:-1]], float(lines[-1])


def run_picovae(arguments, threads):
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log.csv")
        subprocess.run([arguments.picovae, "train", "--preset", "deck", "--data", arguments.data,
                        "--threads", str(threads), "--epochs", str(arguments.epochs),
                        "--log", log, "--out", pathlib.Path(folder, "model.safetensors")],
                       check=True, capture_output=True)
        with open(log) as file:
            rows = list(csv.DictReader(file))
    return [float(row["seconds"]) for row in rows[1:]], float(rows[-1]["train_neg_elbo"])


def main():
    arguments = parse_arguments()
    if arguments.worker:
        pytorch_epochs(arguments.data, arguments.worker, arguments.epochs)
        return
    results = []
    print("threads  contender                            s an epoch   train loss   ratio")
    for threads in arguments.threads:
        seconds, loss = {}, {}
        for turn in range(arguments.rounds):
            contenders = {"picovae": lambda: run_picovae(arguments, threads)}
            contenders |= {f"PyTorch, {name}": (lambda s=setting: run_pytorch(arguments, threads, s))
                           for name, setting in SETTINGS.items()}
            for name, run in contenders.items():
                print(f"{threads} threads, turn {turn + 1} of {arguments.rounds}: {name}", file=sys.stderr)
                epochs, loss[name] = run()
                seconds.setdefault(name, []).extend(epochs)
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        for name, median in medians.items():
            ratio = median / medians["picovae"]
            print(f"{threads:7}  {name:36} {median:10.2f} {loss[name]:12.2f} {ratio:7.2f}", flush=True)
            results.append({"task": "train", "threads": threads, "contender": name,
                            "median_seconds_per_epoch": median, "train_loss": loss[name],
                            "ratio_to_picovae": ratio})
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"")
        said = said.decode() if isinstance(said, bytes) else said
        sys.exit(f"train_vs_pytorch.py: {error.cmd[0]} failed: {said.strip().splitlines()[-1] if said.strip() else error}")
    except (ImportError, OSError) as error:
        sys.exit(f"train_vs_pytorch.py: {error}; PyTorch is the package python3-torch")
