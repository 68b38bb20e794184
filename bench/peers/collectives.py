"""Collectives in PyTorch over gloo on request, a process and one thread a rank. Answers with microseconds, a number a call:
from the moment at which the last rank begins to that at which the last has its result, as ../runtime/collectives.ts
counts; null where gloo lacks the collective.

    echo '{"kind": "all-reduce", "bytes": 16777216, "count": 40}' | python collectives.py 2
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import json
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

WARM_UP = 3


def collective(kind, ranks, size):
    """The tensor that is written before each call, and the call."""
    count = size // 4
    whole, part, other = torch.ones(count), torch.ones(count // ranks), torch.empty(count // ranks)
    return {
        "all-reduce": (whole, lambda: dist.all_reduce(whole)),
        "reduce-scatter": (whole, lambda: dist.reduce_scatter_tensor(part, whole)),
        "all-gather": (part, lambda: dist.all_gather_into_tensor(whole, part)),
        "all-to-all": (part, lambda: dist.all_to_all_single(other, part)),
    }[kind]


def timed(kind, ranks, size, count):
    given, call = collective(kind, ranks, size)
    times = []
    for turn in range(count + WARM_UP):
        given.fill_(1)
        dist.barrier()
        begin = time.monotonic()
        try:
            call()
        except RuntimeError:
            return None
        times.append((begin, time.monotonic()))
    return times[WARM_UP:]


def work(rank, ranks, meeting, pipe):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=ranks)
    while (asked := pipe.recv()) is not None:
        pipe.send(timed(*asked))
    dist.destroy_process_group()


def main():
    ranks = int(sys.argv[1])
    context = mp.get_context("spawn")
    pipes, others = zip(*(context.Pipe() for _ in range(ranks)))
    with tempfile.TemporaryDirectory() as folder:
        for rank in range(ranks):
            context.Process(target=work, args=(rank, ranks, f"{folder}/meeting", others[rank]), daemon=True).start()
        for line in sys.stdin:
            asked = json.loads(line)
            for pipe in pipes:
                pipe.send((asked["kind"], ranks, asked["bytes"], asked["count"]))
            answers = [pipe.recv() for pipe in pipes]
            if None in answers:
                print("null", flush=True)
                continue
            calls = zip(*answers)
            spans = [(max(b for b, _ in call), max(e for _, e in call)) for call in calls]
            print(json.dumps([1e6 * (end - begin) for begin, end in spans]), flush=True)
        for pipe in pipes:
            pipe.send(None)


if __name__ == "__main__":
    main()
