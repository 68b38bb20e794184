"""One collective in PyTorch over gloo, one thread a rank: prints the median microseconds, or "none" where gloo lacks it.

    python collectives.py all-reduce 2 16777216
"""
import os
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def work(rank, kind, ranks, size, times):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29573")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    whole, part = torch.ones(size // 4), torch.ones(size // 4 // ranks)
    other = torch.empty_like(part if kind == "all-to-all" else whole)
    calls = {
        "all-reduce": lambda: dist.all_reduce(whole),
        "reduce-scatter": lambda: dist.reduce_scatter_tensor(part, whole),
        "all-gather": lambda: dist.all_gather_into_tensor(whole, part),
        "all-to-all": lambda: dist.all_to_all_single(other, part),
    }
    count = 200 if size < 1 << 20 else 30
    try:
        for turn in range(count + 5):
            dist.barrier()
            begin = time.perf_counter()
            calls[kind]()
            if rank == 0 and turn >= 5:
                times.put((time.perf_counter() - begin) * 1e6)
    except RuntimeError:
        if rank == 0:
            times.put(None)
    dist.destroy_process_group()


if __name__ == "__main__":
    kind, ranks, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    times = mp.get_context("spawn").SimpleQueue()
    mp.spawn(work, (kind, ranks, size, times), nprocs=ranks)
    seen = []
    while not times.empty():
        seen.append(times.get())
    print("none" if None in seen or not seen else sorted(seen)[len(seen) // 2])
