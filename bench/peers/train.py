"""The work of bench/train.ts in PyTorch: whole training steps of a model, data parallel over ranks (DDP, gloo), a process
and one thread a rank. `--batch` is that of all ranks together. Prints `… samples/s` last.

usage: python train.py mlp|cnn|gpt [--steps N] [--batch B] [--ranks R] [--warm-up W] [--compile] [--fused]
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # read when libraries load; torch.set_num_threads alone leaves OpenBLAS as it is

import argparse
import math
import tempfile
import time

import torch
import torch.distributed
import torch.multiprocessing
from torch import nn
from torch.nn import functional as F

CLASSES = 10
VOCABULARY, LAYERS, WIDTH, HEADS, CONTEXT = 128, 6, 256, 8, 128


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, CLASSES))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, CLASSES),
    )  # fmt: skip


def attention(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    mask = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril()
    scores = (q @ k.transpose(-2, -1)) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        batch, time_, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, time_, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        x = x + self.out(attention(q, k, v).transpose(1, 2).reshape(batch, time_, WIDTH))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY)

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.tokens(ids) + self.positions.weight)))


MODELS = {"mlp": mlp, "cnn": cnn, "gpt": GPT}


def synthetic(model, batch):
    if model == "gpt":
        return torch.randint(0, VOCABULARY, (batch, CONTEXT)), torch.randint(0, VOCABULARY, (batch, CONTEXT))
    return torch.rand(batch, *((784,) if model == "mlp" else (1, 28, 28))), torch.randint(0, CLASSES, (batch,))


def train(rank, options, meeting):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = MODELS[options.model]()
    if options.ranks > 1:
        torch.distributed.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=options.ranks)
        net = nn.parallel.DistributedDataParallel(net)
    run = torch.compile(net) if options.compile else net
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, **({"fused": True} if options.fused else {}))
    x, y = synthetic(options.model, options.batch // options.ranks)

    def step():
        optimizer.zero_grad()
        logits = run(x)
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(options.warm_up):
        step()
    if options.ranks > 1:
        torch.distributed.barrier()
    start = time.perf_counter()
    for _ in range(options.steps):
        loss = step()
    if options.ranks > 1:
        torch.distributed.barrier()
    seconds = time.perf_counter() - start
    if rank == 0:
        print(f"PyTorch {torch.__version__}, loss {loss:.4f}, {1e3 * seconds / options.steps:.2f} ms a step")
        print(f"{options.steps * options.batch / seconds:.1f} samples/s", flush=True)
    if options.ranks > 1:
        torch.distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=MODELS)
    for name, default in (("steps", 100), ("batch", 128), ("ranks", 1), ("warm-up", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--fused", action="store_true")
    options = parser.parse_args()
    if options.batch % options.ranks:
        parser.error("the batch must be a multiple of the ranks")
    if options.ranks == 1:
        return train(0, options, None)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(train, (options, f"{folder}/meeting"), options.ranks)


if __name__ == "__main__":
    main()
