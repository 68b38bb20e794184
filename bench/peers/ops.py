"""The ops of ../op-lines.ts in PyTorch, eager, one thread. Prints its version; then answers each line of input, an op's kind
and sizes as JSON, with the milliseconds of its shortest call within the time given; or without one with its largest
error against the same in float64, over the largest magnitude.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import functools
import json
import sys
import time

import torch
from torch.nn import functional as F

torch.set_num_threads(1)
EPS = 1e-5


def new(*shape):
    return (torch.rand(shape, dtype=torch.float32) * 2 - 1).to(torch.get_default_dtype())


def matmul(ta, tb, M, N, K):
    a = new(K, M).t() if ta else new(M, K)
    b = new(N, K).t() if tb else new(K, N)
    out = torch.empty(M, N)
    return lambda: torch.mm(a, b, out=out)


def batched(n, M, N, K):
    a, b, out = new(n, M, K), new(n, K, N), torch.empty(n, M, N)
    return lambda: torch.bmm(a, b, out=out)


def conv(N, C, H, K, R, s, p):
    x, w = new(N, C, H, H), new(K, C, R, R)
    return lambda: F.conv2d(x, w, None, s, p)


def conv_grad(wanted, N, C, H, K, R, s, p):
    x, w = new(N, C, H, H), new(K, C, R, R)
    y = F.conv2d(x, w, None, s, p)
    call = torch.ops.aten.convolution_backward
    return lambda: call(y, x, w, None, [s, s], [p, p], [1, 1], False, [0, 0], 1, wanted)


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    mask = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril()
    return (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).masked_fill(~mask, float("-inf")).softmax(-1) @ v


def alone(heads, T, d):
    return new(1, heads, T, d)


def together(heads, T, d):
    return new(1, T, heads, d).transpose(1, 2)


def attention(make, *sizes):
    q, k, v = (make(*sizes) for _ in range(3))
    return lambda: attend(q, k, v)


def attention_both(make, *sizes):
    ins = [make(*sizes).requires_grad_() for _ in range(3)]
    g = make(*sizes)
    return graded(lambda: attend(*ins), ins, g)


def graded(forward, ins, gradient=None):
    return lambda: torch.autograd.grad(forward(), ins, gradient)


def only_backward(forward, ins, gradient):
    y = forward()
    return lambda: torch.autograd.grad(y, ins, gradient, retain_graph=True)


def rows(function):
    return lambda R, C: functools.partial(function, new(R, C))


def cross_entropy(R, C):
    x, t, g = new(R, C).requires_grad_(), torch.randint(0, C, (R,)), new(R)

    def both():
        losses = F.cross_entropy(x, t, reduction="none")
        return [losses, *torch.autograd.grad(losses, [x], g)]

    return both


def layer_norm(R, C):
    x, g, b = new(R, C), new(C), new(C)
    return lambda: F.layer_norm(x, (C,), g, b, EPS)


def layer_norm_grad(R, C):
    ins = [new(R, C).requires_grad_(), new(C).requires_grad_(), new(C).requires_grad_()]
    return only_backward(lambda: F.layer_norm(ins[0], (C,), ins[1], ins[2], EPS), ins, new(R, C))


def batch_norm(N, C, H, W):
    x, g = new(N, C, H, W), new(N, C, H, W)
    ins = [new(1, C, 1, 1).requires_grad_(), new(C).requires_grad_(), new(C).requires_grad_()]
    mean, variance = torch.zeros(C), torch.ones(C)
    norm = lambda: F.batch_norm(x * ins[0], mean, variance, ins[1], ins[2], True)
    return graded(lambda: (norm() * g).sum(), ins)


def rms(x, g):
    if hasattr(F, "rms_norm"):
        return F.rms_norm(x, (x.shape[-1],), g, EPS)
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + EPS) * g


def rms_norm(R, C):
    x, g = new(R, C), new(C)
    return lambda: rms(x, g)


def rms_norm_grad(R, C):
    ins = [new(R, C).requires_grad_(), new(C).requires_grad_()]
    return only_backward(lambda: rms(*ins), ins, new(R, C))


def gelu(x):
    return F.gelu(x, approximate="tanh")


def add(R, C):
    a, b = new(R, C), new(R, C)
    return lambda: torch.add(a, b)


def bias_gelu(R, C):
    x, b = new(R, C), new(C)
    return lambda: gelu(x + b)


def gelu_grad_bias(R, C):
    x, g = new(R, C), new(R, C)
    return lambda: torch.ops.aten.gelu_backward(g, x, approximate="tanh").sum(0)


def residual_norm(R, C):
    x, r, g, b = new(R, C), new(R, C), new(C), new(C)
    return lambda: F.layer_norm(x + r, (C,), g, b, EPS)


def gather(table, width, count):
    rows_, ids = new(table, width), torch.randint(0, table, (count,))
    return lambda: rows_[ids]


def scatter_add(table, width, count):
    g, ids = new(count, width), torch.randint(0, table, (count,))
    return lambda: torch.ops.aten.embedding_dense_backward(g, ids, table, -1, False)


def adamw(n):
    p = torch.nn.Parameter(new(n))
    p.grad = new(n)
    optimizer = torch.optim.AdamW([p], lr=1e-3)

    def step():
        optimizer.step()
        return p

    return step


KINDS = {
    "matmul": matmul,
    "batched": batched,
    "conv": conv,
    "conv_grad_x": functools.partial(conv_grad, [True, False, False]),
    "conv_grad_w": functools.partial(conv_grad, [False, True, False]),
    "attention": functools.partial(attention, alone),
    "attention_both": functools.partial(attention_both, alone),
    "attention_together": functools.partial(attention, together),
    "attention_together_both": functools.partial(attention_both, together),
    "softmax": rows(lambda x: torch.softmax(x, -1)),
    "cross_entropy": cross_entropy,
    "layer_norm": layer_norm,
    "layer_norm_grad": layer_norm_grad,
    "batch_norm": batch_norm,
    "rms_norm": rms_norm,
    "rms_norm_grad": rms_norm_grad,
    "add": add,
    "relu": rows(F.relu),
    "gelu": rows(gelu),
    "bias_gelu": bias_gelu,
    "gelu_grad_bias": gelu_grad_bias,
    "residual_norm": residual_norm,
    "sum_rows": rows(lambda x: x.sum(1)),
    "sum_columns": rows(lambda x: x.sum(0)),
    "sum_all": rows(torch.sum),
    "max_rows": rows(lambda x: x.amax(1)),
    "gather": gather,
    "scatter_add": scatter_add,
    "adamw": adamw,
}


@functools.lru_cache(1)
def made(kind, sizes):
    return KINDS[kind](*sizes)


def shortest(call, ms):
    call()
    least, end = float("inf"), time.perf_counter() + ms / 1e3
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - start)
    return least * 1e3


def results(kind, sizes, dtype):
    torch.manual_seed(1)
    torch.set_default_dtype(dtype)
    made = KINDS[kind](*sizes)()
    torch.set_default_dtype(torch.float32)
    return [x.detach().double() for x in (made if isinstance(made, (tuple, list)) else [made]) if x is not None]


# Results that come first and are left out: what is left of sums that cancel, as of a scale that the norm undoes.
CANCELLED = {"batch_norm": 1}


def largest_error(kind, sizes):
    pairs = list(zip(results(kind, sizes, torch.float32), results(kind, sizes, torch.float64)))[CANCELLED.get(kind, 0) :]
    return max(((x - y).abs().max() / y.abs().max()).item() for x, y in pairs)


print(torch.__version__, flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    kind, sizes = asked["kind"], tuple(asked["sizes"])
    print(shortest(made(kind, sizes), asked["ms"]) if "ms" in asked else largest_error(kind, sizes), flush=True)
